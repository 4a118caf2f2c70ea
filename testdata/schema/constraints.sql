-- Primary keys, unique and exclusion constraints.
SET allow_in_place_tablespaces = on;
SELECT 'CREATE TABLESPACE "Fixture Space" LOCATION ''''' WHERE NOT EXISTS (SELECT 1 FROM pg_tablespace WHERE spcname = 'Fixture Space') \gexec
CREATE SCHEMA k;
CREATE TABLE k.keys (a int, b int, c text, "D ""d" text, r int4range, p point,
  CONSTRAINT "Mean ""Key" PRIMARY KEY (b, a) INCLUDE (c) WITH (fillfactor = 55) DEFERRABLE INITIALLY DEFERRED,
  UNIQUE (c), CONSTRAINT "deferrable" UNIQUE ("D ""d", c) DEFERRABLE, CONSTRAINT far UNIQUE (a) USING INDEX TABLESPACE "Fixture Space",
  CONSTRAINT x EXCLUDE USING gist (r WITH &&, p WITH ~=) WITH (fillfactor = 80) WHERE (a > 0) DEFERRABLE INITIALLY DEFERRED,
  EXCLUDE USING btree (a WITH =) INCLUDE (b));
CREATE TABLE k.using_index (a int NOT NULL, b int);
CREATE UNIQUE INDEX made_before ON k.using_index (a);
ALTER TABLE k.using_index ADD CONSTRAINT made_later PRIMARY KEY USING INDEX made_before;
ALTER TABLE k.using_index CLUSTER ON made_later, REPLICA IDENTITY USING INDEX made_later;
CREATE TABLE k.nulls (a int, UNIQUE NULLS NOT DISTINCT (a)); --@ 15+
CREATE TABLE k.temporal (id int4range, at tsrange, PRIMARY KEY (id, at WITHOUT OVERLAPS)); --@ 18+
CREATE TABLE k.temporal_unique (id int4range, at tsrange, UNIQUE (id, at WITHOUT OVERLAPS)); --@ 18+
CREATE TABLE k.dropped (gone int, a int, gone_too int, b int, UNIQUE (b, a));
ALTER TABLE k.dropped DROP gone, DROP gone_too;
COMMENT ON CONSTRAINT "Mean ""Key" ON k.keys IS 'the key';
COMMENT ON INDEX k."Mean ""Key" IS 'its index';
COMMENT ON CONSTRAINT x ON k.keys IS 'exclusion';
CREATE TABLE k.parent (a int PRIMARY KEY);
CREATE TABLE k.child (PRIMARY KEY (a)) INHERITS (k.parent);
CREATE TABLE k.parted_exclusion (a int, r int4range, EXCLUDE USING gist (r WITH =)) PARTITION BY LIST (r); --@ 17+
CREATE TABLE k.parted_exclusion_1 PARTITION OF k.parted_exclusion DEFAULT; --@ 17+
CREATE TABLE k.tree (a int4range, b int4range) PARTITION BY LIST (a); --@ 17+
CREATE TABLE k.tree_1 PARTITION OF k.tree FOR VALUES IN ('[0,1)') PARTITION BY LIST (a); --@ 17+
CREATE TABLE k.tree_11 PARTITION OF k.tree_1 DEFAULT; --@ 17+
ALTER TABLE k.tree ADD CONSTRAINT apart EXCLUDE USING gist (a WITH =, b WITH &&) WITH (fillfactor = 80); --@ 17+
ALTER TABLE k.tree_1 RENAME CONSTRAINT tree_1_a_b_excl TO "In the ""Middle"; --@ 17+
ALTER TABLE k.tree_11 RENAME CONSTRAINT tree_11_a_b_excl TO "It's the 'leaf' %s"; --@ 17+
ALTER INDEX k."It's the 'leaf' %s" SET (fillfactor = 60); --@ 17+
COMMENT ON CONSTRAINT "It's the 'leaf' %s" ON k.tree_11 IS 'by its own name'; --@ 17+
