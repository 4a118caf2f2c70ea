-- Partitioned tables.
CREATE SCHEMA p;
CREATE TABLE p.range (a int, b text COLLATE "C", at timestamptz) PARTITION BY RANGE (a, lower(b) COLLATE "C", at);
CREATE TABLE p.range_1 PARTITION OF p.range FOR VALUES FROM (MINVALUE, MINVALUE, MINVALUE) TO (10, 'm''x', '2020-01-01 00:00:00+09');
CREATE TABLE p.range_2 PARTITION OF p.range FOR VALUES FROM (10, 'm''x', '2020-01-01 00:00:00+09') TO (20, MAXVALUE, MAXVALUE);
CREATE TABLE p.range_default PARTITION OF p.range DEFAULT;
CREATE TABLE p.list (a int, b text) PARTITION BY LIST (b);
CREATE TABLE p.list_null PARTITION OF p.list FOR VALUES IN (NULL, 'x');
-- Another order of columns, and a dropped one.
CREATE TABLE p.list_order (gone int, b text, "extra" int, a int);
ALTER TABLE p.list_order DROP COLUMN gone, DROP COLUMN extra;
ALTER TABLE p.list ATTACH PARTITION p.list_order FOR VALUES IN ('y', 'it''s');
CREATE TABLE p.list_sub PARTITION OF p.list FOR VALUES IN ('z') PARTITION BY HASH (a);
CREATE TABLE p.list_sub_0 PARTITION OF p.list_sub FOR VALUES WITH (MODULUS 2, REMAINDER 0) WITH (fillfactor = 50);
CREATE UNLOGGED TABLE p.list_sub_1 PARTITION OF p.list_sub FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE p.list_empty PARTITION OF p.list FOR VALUES IN ('q') PARTITION BY RANGE (a);
-- A partition in another schema, before and after its parent by name.
CREATE SCHEMA "A first";
CREATE TABLE "A first".list_far PARTITION OF p.list FOR VALUES IN ('far');
CREATE TABLE p.keyed (a int, b int, c text, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
CREATE TABLE p.keyed_1 PARTITION OF p.keyed FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b);
CREATE TABLE p.keyed_1_1 PARTITION OF p.keyed_1 FOR VALUES IN (1);
CREATE TABLE p.keyed_2 PARTITION OF p.keyed FOR VALUES FROM (10) TO (20);
CREATE INDEX keyed_c ON p.keyed (c);
CREATE INDEX keyed_only ON ONLY p.keyed (b);
CREATE INDEX keyed_only_2 ON p.keyed_2 (b);
ALTER INDEX p.keyed_only ATTACH PARTITION p.keyed_only_2;
CREATE UNIQUE INDEX keyed_unique ON p.keyed (a, b, c);
COMMENT ON INDEX p.keyed_c IS 'of the parent';
COMMENT ON COLUMN p.keyed_2.c IS 'of a partition';
CREATE TABLE p.detached PARTITION OF p.keyed FOR VALUES FROM (20) TO (30);
ALTER TABLE p.keyed DETACH PARTITION p.detached;
CREATE TABLE p.identity (a int GENERATED ALWAYS AS IDENTITY, b int) PARTITION BY LIST (b); --@ 17+
CREATE TABLE p.identity_1 PARTITION OF p.identity FOR VALUES IN (1); --@ 17+
ALTER TABLE p.keyed REPLICA IDENTITY FULL;
ALTER TABLE p.keyed_2 REPLICA IDENTITY USING INDEX keyed_2_pkey;
