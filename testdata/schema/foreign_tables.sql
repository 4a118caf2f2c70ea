-- Foreign tables.
SELECT 'CREATE ROLE fixture_owner' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'fixture_owner') \gexec
CREATE SCHEMA r;
CREATE FOREIGN DATA WRAPPER fixture_wrapper;
CREATE SERVER "Fixture ""Server" FOREIGN DATA WRAPPER fixture_wrapper;
CREATE FOREIGN TABLE r.plain (a int OPTIONS (column_name 'it''s', "Q q" E'back\\slash') NOT NULL, b text COLLATE "C" DEFAULT 'x',
  CONSTRAINT positive CHECK (a > 0)) SERVER "Fixture ""Server" OPTIONS (table_name 'o''clock', "Q ""q" '');
ALTER FOREIGN TABLE r.plain ALTER a SET STATISTICS 9, ALTER b SET STORAGE EXTERNAL, ALTER a SET (n_distinct = 5);
ALTER FOREIGN TABLE r.plain ADD CONSTRAINT later CHECK (a < 9) NOT VALID;
CREATE FOREIGN TABLE r.none () SERVER "Fixture ""Server";
CREATE FOREIGN TABLE r.generated (a int, b int GENERATED ALWAYS AS (a + 1) STORED) SERVER "Fixture ""Server";
CREATE TABLE r.parent (a int DEFAULT 1, b text NOT NULL);
CREATE FOREIGN TABLE r.child (c int) INHERITS (r.parent) SERVER "Fixture ""Server";
ALTER FOREIGN TABLE r.child ALTER a DROP DEFAULT, ALTER b SET DEFAULT 'child';
CREATE TABLE r.parted (a int, b text) PARTITION BY LIST (a);
CREATE FOREIGN TABLE r.parted_1 PARTITION OF r.parted FOR VALUES IN (1) SERVER "Fixture ""Server";
ALTER FOREIGN TABLE r.parted_1 ALTER b OPTIONS (ADD x 'y');
CREATE FOREIGN TABLE r.identity (a int GENERATED ALWAYS AS IDENTITY) SERVER "Fixture ""Server";
ALTER FOREIGN TABLE r.plain OWNER TO fixture_owner;
COMMENT ON FOREIGN TABLE r.plain IS 'far';
COMMENT ON COLUMN r.plain.a IS 'far column';
GRANT SELECT (a) ON r.plain TO PUBLIC;
