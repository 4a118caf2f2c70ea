-- Indexes.
SET allow_in_place_tablespaces = on;
SELECT 'CREATE TABLESPACE "Fixture Space" LOCATION ''''' WHERE NOT EXISTS (SELECT 1 FROM pg_tablespace WHERE spcname = 'Fixture Space') \gexec
CREATE SCHEMA i;
CREATE TABLE i.t (id int NOT NULL, name text, tags text[], doc jsonb, at timestamptz, "Q ""q" int);
CREATE INDEX ON i.t (name);
CREATE INDEX "Mean ""Index" ON i.t ("Q ""q" DESC NULLS LAST, name COLLATE "C" text_pattern_ops) WHERE name <> 'it''s';
CREATE UNIQUE INDEX replica ON i.t (id) INCLUDE (name);
ALTER TABLE i.t REPLICA IDENTITY USING INDEX replica;
CREATE INDEX clustered ON i.t (at) WITH (fillfactor = 60) TABLESPACE "Fixture Space";
ALTER TABLE i.t CLUSTER ON clustered;
CREATE INDEX expression ON i.t (lower(name), (id + 1), date_trunc('day', at AT TIME ZONE 'UTC'));
ALTER INDEX i.expression ALTER COLUMN 1 SET STATISTICS 100, ALTER COLUMN 3 SET STATISTICS 0;
CREATE INDEX gin ON i.t USING gin (tags, doc jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX brin ON i.t USING brin (at) WITH (pages_per_range = 8);
CREATE INDEX hash ON i.t USING hash (name);
CREATE UNIQUE INDEX nulls ON i.t (name, id) NULLS NOT DISTINCT; --@ 15+
CREATE INDEX brin_bloom ON i.t USING brin (name text_bloom_ops (n_distinct_per_range = 100)); --@ 14+
COMMENT ON INDEX i."Mean ""Index" IS 'mean';
CREATE TABLE i.invalid (a int); INSERT INTO i.invalid VALUES (1), (1);
\set ON_ERROR_STOP off
CREATE UNIQUE INDEX CONCURRENTLY invalid_index ON i.invalid (a);
\set ON_ERROR_STOP on
DELETE FROM i.invalid;
CREATE TABLE i.parted (a int NOT NULL, b text) PARTITION BY LIST (a);
CREATE TABLE i.parted_1 PARTITION OF i.parted FOR VALUES IN (1);
CREATE TABLE i.parted_2 PARTITION OF i.parted FOR VALUES IN (2);
CREATE UNIQUE INDEX parted_a ON i.parted (a) TABLESPACE "Fixture Space";
ALTER TABLE i.parted REPLICA IDENTITY USING INDEX parted_a;
CREATE INDEX parted_lower ON i.parted (lower(b));
ALTER INDEX i.parted_lower ALTER COLUMN 1 SET STATISTICS 50;
ALTER INDEX i.parted_1_lower_idx ALTER COLUMN 1 SET STATISTICS 60;
ALTER TABLE i.parted_1 CLUSTER ON parted_1_lower_idx;
