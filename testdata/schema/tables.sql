-- Tables: everything that is the table's own or its columns'.
SELECT 'CREATE ROLE fixture_owner' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'fixture_owner') \gexec
SELECT 'CREATE ROLE "Fixture ""Owner"' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'Fixture "Owner') \gexec
SET allow_in_place_tablespaces = on;
SELECT 'CREATE TABLESPACE "Fixture Space" LOCATION ''''' WHERE NOT EXISTS (SELECT 1 FROM pg_tablespace WHERE spcname = 'Fixture Space') \gexec
CREATE SCHEMA "Mean ""Schema";
CREATE SCHEMA t;
GRANT CREATE ON SCHEMA t TO fixture_owner;

CREATE TABLE t.none ();
CREATE TABLE t.all_dropped (a int, b int);
ALTER TABLE t.all_dropped DROP COLUMN a, DROP COLUMN b;
CREATE TABLE t.some_dropped (a int, gone text, b text COLLATE "C" NOT NULL, gone_too int, "c d" varchar(10)[]);
ALTER TABLE t.some_dropped DROP COLUMN gone, DROP COLUMN gone_too;
CREATE TABLE "Mean ""Schema"."Mean ""Table
with newline" ("select" int, "a""b" text, "new
line" char(3), "Ünïcode" numeric(10,2), "%s $1 \" bytea, "system_user" interval(3), "user" timestamp(0) with time zone,
  "char" "char", b bit varying(5), bp bpchar, bc character, bt bit);
ALTER TABLE "Mean ""Schema"."Mean ""Table
with newline" OWNER TO "Fixture ""Owner";

CREATE UNLOGGED TABLE t.unlogged (a int PRIMARY KEY, b text);
CREATE TABLE t.options (a int, b text) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false,
  toast.autovacuum_vacuum_scale_factor = 0.25, user_catalog_table = true, parallel_workers = 3);
CREATE TABLE t.toast_only (b text) WITH (toast.vacuum_truncate = false);

CREATE TABLE t.columns (a text, b text, c text, d text, e jsonb, f int[], g int, "H h" float8);
ALTER TABLE t.columns ALTER a SET STORAGE PLAIN, ALTER b SET STORAGE MAIN, ALTER c SET STORAGE EXTERNAL, ALTER d SET STORAGE EXTENDED;
ALTER TABLE t.columns ALTER g SET STATISTICS 0, ALTER "H h" SET STATISTICS 10000;
ALTER TABLE t.columns ALTER "H h" SET (n_distinct = -0.5, n_distinct_inherited = 10);
ALTER TABLE t.columns ALTER e SET COMPRESSION pglz; --@ 14+
CREATE TABLE t.replica_nothing (a int); ALTER TABLE t.replica_nothing REPLICA IDENTITY NOTHING;
CREATE TABLE t.replica_full (a int); ALTER TABLE t.replica_full REPLICA IDENTITY FULL;
CREATE TABLE t.forced (a int); ALTER TABLE t.forced FORCE ROW LEVEL SECURITY; ALTER TABLE t.forced OWNER TO fixture_owner;

CREATE TABLE t.elsewhere (a int PRIMARY KEY USING INDEX TABLESPACE "Fixture Space", b text) TABLESPACE "Fixture Space";
CREATE TABLE t.here_index_elsewhere (a int, UNIQUE (a) USING INDEX TABLESPACE "Fixture Space");
CREATE INDEX ON t.here_index_elsewhere (a) TABLESPACE "Fixture Space";
CREATE TABLE t.parted_elsewhere (a int) PARTITION BY LIST (a) TABLESPACE "Fixture Space";
CREATE TABLE t.parted_elsewhere_1 PARTITION OF t.parted_elsewhere FOR VALUES IN (1);
CREATE TABLE t.parted_here PARTITION OF t.parted_elsewhere FOR VALUES IN (2) TABLESPACE pg_default;

-- Inheritance: columns merged, inherited, own; order of parents.
CREATE TABLE t.mother (a int, b text DEFAULT 'mother', c int NOT NULL, s text);
ALTER TABLE t.mother ALTER s SET STORAGE EXTERNAL;
CREATE TABLE t.father (a int, f date DEFAULT '2020-02-29', n int NOT NULL);
CREATE TABLE t.child (own int, a int, CHECK (own > 0)) INHERITS (t.mother, t.father);
CREATE TABLE t.child_other_order () INHERITS (t.father, t.mother);
CREATE TABLE t.grandchild (z int) INHERITS (t.child);
ALTER TABLE t.child_other_order ALTER b SET DEFAULT 'child', ALTER f DROP DEFAULT;
ALTER TABLE t.grandchild ALTER b DROP DEFAULT, ALTER s SET STATISTICS 7, ALTER s SET STORAGE EXTENDED;
ALTER TABLE t.child ALTER a SET NOT NULL;
ALTER TABLE t.grandchild ALTER f SET NOT NULL;
CREATE TABLE t.adopted (a int, b text, c int NOT NULL, s text);
ALTER TABLE t.adopted INHERIT t.mother;
CREATE TABLE t.late_column_parent (a int);
CREATE TABLE t.late_column_child (z int) INHERITS (t.late_column_parent);
ALTER TABLE t.late_column_parent ADD b text DEFAULT 'late' NOT NULL;
CREATE TABLE t.disowned () INHERITS (t.mother); ALTER TABLE t.disowned NO INHERIT t.mother;
ALTER TABLE t.mother ALTER a SET COMPRESSION default; --@ 14+
ALTER TABLE t.mother ADD packed text COMPRESSION pglz; --@ 14+

CREATE TABLE t.same_names (mother int, "Mother" int, "MOTHER" int);
CREATE TABLE t.uses_row_type (whole t.mother, many t.father[]);
COMMENT ON TABLE t.mother IS 'it''s
two lines';
COMMENT ON COLUMN t.child.own IS 'own';
GRANT SELECT, INSERT ON t.mother TO PUBLIC;
GRANT SELECT (a), UPDATE (b) ON t.mother TO fixture_owner WITH GRANT OPTION;
CREATE ACCESS METHOD fixture_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE t.other_method (a int) USING fixture_heap;
CREATE TABLE t.heap_after (a int);
CREATE TABLE t.parted_method (a int) PARTITION BY RANGE (a) USING fixture_heap; --@ 17+
CREATE TABLE t.parted_method_1 PARTITION OF t.parted_method FOR VALUES FROM (1) TO (2); --@ 17+
CREATE TABLE t.parted_method_2 PARTITION OF t.parted_method FOR VALUES FROM (2) TO (3) USING heap; --@ 17+
