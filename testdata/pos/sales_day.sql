-- The day after the last one: 1 % more orders with lines, events and payments, and a few rows that change. New rows have
-- the widths of the old ones; shorter ones would fill the gaps that the server left at the end of every page.

INSERT INTO ord."Order" (venue_id, person_id, state, guests, "table", note, placed_at)
SELECT 1 + i % (4 + :scale / 10), 1 + i % 40, 'open', 1 + i % 5, 'T' || i % 40,
    CASE WHEN i % 25 = 0 THEN E'no onions,\n"extra" hot \\ ' || md5(i::text) END, day + i * (interval '12 hours' / (10 * :scale))
FROM (SELECT date_trunc('day', max(placed_at)) + interval '1 day 10 hours' AS day FROM ord."Order") last, generate_series(1, 10 * :scale) i;

INSERT INTO ord.line (order_id, line, item_id, quantity, price, extras, note)
SELECT o.id, n, 1 + abs(hashint8extended(o.id, n) % 200), CASE WHEN n = 3 THEN 0.250 + o.id % 4 ELSE 1 + o.id % 3 END, 2.50 * n,
    CASE WHEN (o.id + n) % 4 = 0 THEN jsonb_build_object('sauce', (ARRAY['mild', 'hot', 'none'])[1 + o.id % 3], 'count', n) END,
    CASE WHEN (o.id + n) % 30 = 0 THEN 'for seat ' || n END
FROM ord."Order" o, generate_series(1, 4) n WHERE o.placed_at >= (SELECT date_trunc('day', max(placed_at)) FROM ord."Order");

INSERT INTO ord.event (order_id, at, state, device, details)
SELECT o.id, o.placed_at + n * interval '11 minutes', (ARRAY['open', 'sent', 'closed'])[n]::ord.state, md5('device' || o.id % 30)::uuid,
    jsonb_build_object('by', o.person_id, 'app', '4.' || o.id % 7, 'ms', abs(hashint8extended(o.id, n + 9) % 900))
FROM ord."Order" o, generate_series(1, 3) n WHERE o.placed_at >= (SELECT date_trunc('day', max(placed_at)) FROM ord."Order");

INSERT INTO payments.payment (id, order_id, method, amount, tip, card, receipt, paid_at)
SELECT md5('payment' || o.id)::uuid, o.id, (enum_range(NULL::payments.method))[1 + o.id % 3], ord.total(o.id),
    CASE WHEN o.id % 4 = 0 THEN (o.id % 500) / 100.0 END,
    CASE WHEN o.id % 3 = 1 THEN jsonb_build_object('brand', 'visa', 'last4', to_char(abs(hashint8extended(o.id, 6) % 10000), 'FM0000'), 'auth', md5('auth' || o.id)) END,
    CASE WHEN o.id % 5 = 0 THEN sha256(('receipt' || o.id)::bytea) END, o.placed_at + interval '1 hour'
FROM ord."Order" o WHERE o.placed_at >= (SELECT date_trunc('day', max(placed_at)) FROM ord."Order");

UPDATE ord."Order" SET state = 'closed' WHERE state = 'open' AND id % 5 > 0;
UPDATE payments.payment SET refunded_at = paid_at + interval '2 hours' WHERE order_id = (SELECT max(id) FROM ord."Order");
UPDATE menu.item SET price = price + 0.10 WHERE id = 7;

INSERT INTO inventory.movement (ingredient_id, change, reason, at)
SELECT 1 + i % 120, -i / 10.0, 'sold', (SELECT max(placed_at) FROM ord."Order") FROM generate_series(1, 20 * :scale) i;

REFRESH MATERIALIZED VIEW payments.day;
