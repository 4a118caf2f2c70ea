-- The day after the last one: 1 % more orders with lines, events and payments, and a few rows that change.

INSERT INTO ord."Order" (venue_id, person_id, state, guests, "table", placed_at)
SELECT 1 + i % (4 + :scale / 10), 1 + i % 40, 'open', 1 + i % 5, 'T' || i % 40, day + i * (interval '12 hours' / (10 * :scale))
FROM (SELECT date_trunc('day', max(placed_at)) + interval '1 day 10 hours' AS day FROM ord."Order") last, generate_series(1, 10 * :scale) i;

INSERT INTO ord.line (order_id, line, item_id, quantity, price)
SELECT o.id, n, 1 + abs(hashint8extended(o.id, n) % 200), n, 2.50 * n
FROM ord."Order" o, generate_series(1, 4) n WHERE o.placed_at >= (SELECT date_trunc('day', max(placed_at)) FROM ord."Order");

INSERT INTO ord.event (order_id, at, state, device)
SELECT o.id, o.placed_at + n * interval '11 minutes', (ARRAY['open', 'sent', 'closed'])[n]::ord.state, md5('device' || o.id % 30)::uuid
FROM ord."Order" o, generate_series(1, 3) n WHERE o.placed_at >= (SELECT date_trunc('day', max(placed_at)) FROM ord."Order");

INSERT INTO payments.payment (id, order_id, method, amount, paid_at)
SELECT md5('payment' || o.id)::uuid, o.id, 'card', ord.total(o.id), o.placed_at + interval '1 hour'
FROM ord."Order" o WHERE o.placed_at >= (SELECT date_trunc('day', max(placed_at)) FROM ord."Order");

UPDATE ord."Order" SET state = 'closed' WHERE state = 'open' AND id % 5 > 0;
UPDATE payments.payment SET refunded_at = paid_at + interval '2 hours' WHERE order_id = (SELECT max(id) FROM ord."Order");
UPDATE menu.item SET price = price + 0.10 WHERE id = 7;

INSERT INTO inventory.movement (ingredient_id, change, reason, at)
SELECT 1 + i % 120, -i / 10.0, 'sold', (SELECT max(placed_at) FROM ord."Order") FROM generate_series(1, 20 * :scale) i;

REFRESH MATERIALIZED VIEW payments.day;
