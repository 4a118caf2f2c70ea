-- Relations with everything that the planner can know, and names and values that break careless quoting. Some tables get
-- rows after they were analyzed, so that a second ANALYZE would be seen.
CREATE SCHEMA "S'; DROP TABLE x; --";
SET search_path = "S'; DROP TABLE x; --", public;
CREATE TYPE mood AS ENUM ('good', 'b,a"d', 'it''s');
CREATE DOMAIN short AS text CHECK (length(value) < 40);
CREATE TABLE "T\'""t" (
    id int PRIMARY KEY,
    "c'\ ""ü" text,
    "UPPER, lower" mood,
    tags text[],
    words tsvector,
    span int4range,
    spans int4multirange, --@ 14+
    moment timestamptz,
    bytes bytea,
    part numeric,
    brief short,
    nothing int,
    pair point,
    EXCLUDE USING gist (span WITH &&) WHERE (id = 3)
);
INSERT INTO "T\'""t" (id, "c'\ ""ü", "UPPER, lower", tags, words, span, moment, bytes, part, brief, pair)
SELECT i, (ARRAY['\', '''', '"', '{}', ',', E'tab\there', E'two\nlines', 'NULL', '', 'ünïcödé', '%s $1 $$', '\N'])[i % 17 + 1],
       (ARRAY['good', 'b,a"d', 'it''s'])[i % 3 + 1]::mood, ARRAY['a' || i % 7, 'b''"\,' || i % 11, NULL],
       to_tsvector('simple', 'w' || i % 13 || ' v' || i % 5), int4range(i, i + i % 9 + 1),
       timestamptz '2026-01-01 00:00+00' + i * interval '1 hour', decode(md5((i % 20)::text), 'hex'), i / 7.0,
       'b\' || i % 6, point(i % 3, i % 4)
FROM generate_series(1, 700) i;
UPDATE "T\'""t" SET spans = int4multirange(span, int4range(id + 100, id + 101)); --@ 14+
CREATE INDEX "plain'\" ON "T\'""t" (moment);
CREATE INDEX "made'\ ""up" ON "T\'""t" (lower("c'\ ""ü"), (id % 10), tags) WHERE id % 2 = 0;
CREATE MATERIALIZED VIEW "m'v" AS SELECT id, "c'\ ""ü" AS x FROM "T\'""t" WHERE id % 3 = 0;
CREATE INDEX ON "m'v" ((id * 2));
CREATE TABLE above (k int, v text);
CREATE TABLE below (w int) INHERITS (above);
INSERT INTO above SELECT i % 50, 'a' || i % 3 FROM generate_series(1, 300) i;
INSERT INTO below SELECT i % 20, 'b' || i % 4, i FROM generate_series(1, 200) i;
CREATE TABLE tree (k int, v text, PRIMARY KEY (k)) PARTITION BY RANGE (k);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (0) TO (100);
CREATE TABLE tree_2 PARTITION OF tree FOR VALUES FROM (100) TO (1000);
CREATE INDEX ON tree ((v || 'x'));
INSERT INTO tree SELECT i, 'v' || i % 10 FROM generate_series(0, 499) i;
CREATE TABLE wide (a int, b text) WITH (autovacuum_enabled = off);
ALTER TABLE wide ALTER a SET STATISTICS 3000;
INSERT INTO wide SELECT i, repeat('x', 900) || i FROM generate_series(1, 6000) i;
ALTER TABLE wide ALTER b SET STATISTICS 5000;
CREATE TABLE empty (a int);
VACUUM ANALYZE;
CREATE TABLE unknown (a int PRIMARY KEY);
INSERT INTO unknown SELECT generate_series(1, 400);
INSERT INTO above SELECT 1000 + i, 'later' FROM generate_series(1, 1000) i;
INSERT INTO tree SELECT i, 'later' FROM generate_series(500, 999) i;
