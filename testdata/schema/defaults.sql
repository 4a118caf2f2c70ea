-- Defaults and generated columns.
CREATE SCHEMA d;
CREATE SEQUENCE d.free;
CREATE TABLE d.kinds (
  a int DEFAULT 1, b text DEFAULT E'it''s\n\\', c timestamptz DEFAULT now(), d int DEFAULT nextval('d.free'),
  e text DEFAULT current_user, f timestamptz DEFAULT '2020-01-01 09:00:00+09', g money DEFAULT 12.34,
  h interval DEFAULT '1 day 02:03:04', i float8 DEFAULT 0.1, j bytea DEFAULT '\xdeadbeef', k int[] DEFAULT '{1,NULL,3}',
  l text DEFAULT NULL, m serial, n bigserial NOT NULL, o regclass DEFAULT 'd.free'::regclass);
CREATE TABLE d.generated (a int, b text, c int GENERATED ALWAYS AS (a * 2) STORED, d text GENERATED ALWAYS AS (upper(b)) STORED NOT NULL);
CREATE TABLE d.generated_same () INHERITS (d.generated);
CREATE TABLE d.generated_own (a int, c int) INHERITS (d.generated);
CREATE TABLE d.generated_other (c int GENERATED ALWAYS AS (a * 3) STORED) INHERITS (d.generated); --@ 16+
CREATE TABLE d.generated_changed () INHERITS (d.generated); --@ 17+
ALTER TABLE d.generated_changed ALTER c SET EXPRESSION AS (a * 4); --@ 17+
CREATE TABLE d.virtual (a int, b int GENERATED ALWAYS AS (a * 2), c int GENERATED ALWAYS AS (a + 1) VIRTUAL NOT NULL); --@ 18+
CREATE TABLE d.virtual_child () INHERITS (d.virtual); --@ 18+
CREATE TABLE d.parted (a int DEFAULT 1, b int DEFAULT 2, c int GENERATED ALWAYS AS (b + 1) STORED) PARTITION BY LIST (a);
CREATE TABLE d.parted_1 PARTITION OF d.parted (b DEFAULT 22) FOR VALUES IN (1);
CREATE TABLE d.parted_2 PARTITION OF d.parted FOR VALUES IN (2);
ALTER TABLE ONLY d.parted_2 ALTER b DROP DEFAULT;
CREATE TABLE d.parent (a int DEFAULT 1, b int DEFAULT 2, c int DEFAULT NULL);
CREATE TABLE d.child_without () INHERITS (d.parent);
ALTER TABLE d.child_without ALTER a DROP DEFAULT;
CREATE TABLE d.child_local (a int) INHERITS (d.parent);
ALTER TABLE d.child_local ALTER a DROP DEFAULT, ALTER b SET DEFAULT 22;
CREATE TABLE d.child_serial (s serial) INHERITS (d.parent);
CREATE VIEW d.with_default AS SELECT a, b FROM d.parent;
ALTER VIEW d.with_default ALTER a SET DEFAULT 9;
