-- Rows, made from their numbers, before keys and triggers slow that down. All but the menu grows with the scale.

INSERT INTO users.venue (slug, name, address, opened)
SELECT 'venue-' || i, (ARRAY['Zum goldenen Hirsch', 'Trattoria Bella', 'Café Größenwahn', '東京ラーメン'])[1 + i % 4] || ' ' || i,
    jsonb_build_object('street', 'Main Street ' || i, 'zip', to_char(10000 + i, 'FM00000'), 'geo', jsonb_build_array(52.5 + i / 1000.0, 13.4)),
    date '2015-01-01' + i * 30
FROM generate_series(1, 4 + :scale / 10) i;

INSERT INTO users.person (venue_id, email, job, phone, pin, languages, settings, badge, secret, hired_at, left_at)
SELECT 1 + i % (4 + :scale / 10), 'Person.' || i || '@Example.ORG', (enum_range(NULL::users.job))[1 + i % 5],
    CASE WHEN i % 3 > 0 THEN '+49301' || to_char(i, 'FM000000000') END, to_char(i % 10000, 'FM0000'),
    CASE i % 4 WHEN 0 THEN ARRAY['de', 'en'] WHEN 1 THEN ARRAY['it', NULL, 'quo"te'] WHEN 2 THEN '{}' ELSE ARRAY['ja'] END,
    CASE WHEN i % 2 = 0 THEN jsonb_build_object('theme', 'dark', 'size', i % 20, 'note', E'tab\tand\nline \\ back') END,
    md5('badge' || i)::uuid, public.digest(i::text, 'sha256'),
    timestamptz '2019-01-01 08:00+00' + i * interval '7 hours',
    CASE WHEN i % 11 = 0 THEN timestamptz '2024-01-01 08:00+00' + i * interval '7 hours' END
FROM generate_series(1, 40 + 5 * :scale) i;

INSERT INTO users."the ""night"" shift"
SELECT 1 + i % 40, timestamp '2024-01-01 22:00' + i * interval '1 day', i % 9 * interval '1 hour 1.5 seconds'
FROM generate_series(1, 30) i;

INSERT INTO menu.category (parent_id, name, place)
SELECT CASE WHEN i > 5 THEN 1 + i % 5 END, (ARRAY['Starters', 'Soups', 'Mains', 'Desserts', 'Drinks'])[1 + i % 5] || ' ' || i, i
FROM generate_series(1, 20) i;

INSERT INTO menu.item (category_id, sku, name, price, vat, "größe", tags, allergens, nutrition, available, active)
SELECT 1 + i % 20, 'SKU' || to_char(i, 'FM0000'),
    (ARRAY['Soup', 'Salad', 'Schnitzel', 'Pasta', 'Crème brûlée', 'Water', '寿司'])[1 + i % 7] || ' no. ' || i,
    1.5 + (i * 37 % 3000) / 100.0, CASE WHEN i % 5 = 0 THEN 0.070 ELSE 0.190 END, (ARRAY['klein', 'groß', NULL])[1 + i % 3],
    CASE WHEN i % 2 = 0 THEN ARRAY['vegan', 'new'] ELSE '{}' END, CASE WHEN i % 3 = 0 THEN ARRAY[i % 14, NULL] END,
    CASE WHEN i % 4 = 0 THEN ROW(i * 10, i / 7.0, 'per, "portion"')::menu.nutrition END,
    CASE WHEN i % 6 = 0 THEN daterange(date '2024-05-01', date '2024-09-30') END, i % 10 > 0
FROM generate_series(1, 200) i;

-- Ordinary photos, and one that somebody uploaded as it came from the camera: one row of 24 MB in COPY text.
INSERT INTO menu.photo
SELECT i, decode(repeat(md5('photo' || i), 20 + i), 'hex'), timestamptz '2024-01-05 10:00+00' + i * interval '1 minute'
FROM generate_series(1, 50) i;
INSERT INTO menu.photo
SELECT 51, string_agg(sha256(i::text::bytea), '' ORDER BY i), '2024-02-29 12:00+00' FROM generate_series(1, 375000) i;

INSERT INTO menu."Tageskarte für Gäste"
SELECT date '2024-01-01' + i, 'Gericht Nr. ' || i || ', süß & sauer' FROM generate_series(0, 60) i;

INSERT INTO ord."Order" (venue_id, person_id, state, guests, "table", note, placed_at)
SELECT 1 + i % (4 + :scale / 10), 1 + abs(hashint8extended(i, 1) % (40 + 5 * :scale)),
    CASE WHEN i % 97 = 0 THEN 'cancelled' WHEN i > 1000 * :scale - 20 THEN 'open' ELSE 'closed' END::ord.state,
    1 + i % 7, CASE WHEN i % 8 > 0 THEN 'T' || i % 40 END,
    CASE WHEN i % 25 = 0 THEN E'no onions,\n"extra" hot \\ ' || md5(i::text) END,
    timestamptz '2024-01-01 08:00+00' + i * (interval '180 days' / (1000 * :scale))
FROM generate_series(1, 1000 * :scale) i;

INSERT INTO ord.line (order_id, line, item_id, quantity, price, extras, note)
SELECT o, n, 1 + abs(hashint8extended(o, n) % 200), CASE WHEN n = 3 THEN 0.250 + o % 4 ELSE 1 + o % 3 END,
    1.5 + (abs(hashint8extended(o, n) % 200 + 1) * 37 % 3000) / 100.0,
    CASE WHEN (o + n) % 4 = 0 THEN jsonb_build_object('sauce', (ARRAY['mild', 'hot', 'none'])[1 + o % 3], 'count', n) END,
    CASE WHEN (o + n) % 30 = 0 THEN 'for seat ' || n END
FROM generate_series(1, 1000 * :scale) o, generate_series(1, 4) n;

INSERT INTO ord.event (order_id, at, state, device, details)
SELECT o, timestamptz '2024-01-01 08:00+00' + o * (interval '180 days' / (1000 * :scale)) + n * interval '11 minutes',
    (ARRAY['open', 'sent', 'closed'])[n]::ord.state, md5('device' || o % 30)::uuid,
    jsonb_build_object('by', 1 + abs(hashint8extended(o, 1) % (40 + 5 * :scale)), 'app', '4.' || o % 7, 'ms', abs(hashint8extended(o, n + 9) % 900))
FROM generate_series(1, 1000 * :scale) o, generate_series(1, 3) n;

INSERT INTO payments.payment (id, order_id, method, amount, tip, card, receipt, paid_at, refunded_at)
SELECT md5('payment' || i)::uuid, i, (enum_range(NULL::payments.method))[1 + i % 3], 3 + abs(hashint8extended(i, 5) % 12000) / 100.0,
    CASE WHEN i % 4 = 0 THEN (i % 500) / 100.0 END,
    CASE WHEN i % 3 = 1 THEN jsonb_build_object('brand', 'visa', 'last4', to_char(abs(hashint8extended(i, 6) % 10000), 'FM0000'), 'auth', md5('auth' || i)) END,
    CASE WHEN i % 5 = 0 THEN sha256(('receipt' || i)::bytea) END,
    timestamptz '2024-01-01 08:40+00' + i * (interval '180 days' / (1000 * :scale)),
    CASE WHEN i % 200 = 0 THEN timestamptz '2024-07-01 08:00+00' END
FROM generate_series(1, 1000 * :scale) i;

INSERT INTO payments.refund (payment_id, amount, reason)
SELECT md5('payment' || i)::uuid, 1.00, 'cold ' || i FROM generate_series(200, 1000 * :scale, 200) i;

SELECT lo_from_bytea(90001, decode(repeat(md5('logo'), 4000), 'hex'));
COMMENT ON LARGE OBJECT 90001 IS 'logo of venue 1';
INSERT INTO payments.receipt_logo VALUES (1, 90001);

INSERT INTO inventory.ingredient (name, unit, minimum, shelf_life)
SELECT 'ingredient ' || i, CASE WHEN i % 3 = 0 THEN 'l' ELSE 'kg' END, i / 3.0, i * interval '1 day 6 hours'
FROM generate_series(1, 120) i;

INSERT INTO inventory.recipe
SELECT i, 1 + abs(hashint8extended(i, n) % 40) + 40 * (n - 1), 0.01 * n + 1.0 / i FROM generate_series(1, 200) i, generate_series(1, 3) n;

INSERT INTO inventory.movement (ingredient_id, change, reason, at, counted_by)
SELECT 1 + abs(hashint8extended(i, 3) % 120), (hashint8extended(i, 4) % 100000) / 1000.0,
    (ARRAY['delivery', 'sold', 'counted', NULL, E'spoiled\r\n'])[1 + i % 5],
    timestamptz '2024-01-01 06:00+00' + i * (interval '180 days' / (2000 * :scale)), CASE WHEN i % 5 = 2 THEN 1 + i % 40 END
FROM generate_series(1, 2000 * :scale) i;

INSERT INTO inventory.supplier_price
SELECT 1 + i, tstzrange(timestamptz '2024-01-01 00:00+00' + i * interval '1 day', timestamptz '2024-01-02 00:00+00' + i * interval '1 day'), (i + 0.99)::numeric::money
FROM generate_series(0, 30) i;
