-- Tables whose columns come from a type, and row types of tables as types.
CREATE SCHEMA y;
CREATE TYPE y.person AS (id int, name text COLLATE "C", born date, "Q q" int[]);
CREATE TABLE y.plain OF y.person;
CREATE TABLE y.keyed OF y.person (id PRIMARY KEY, name DEFAULT 'x' NOT NULL, CHECK (born < '2100-01-01'));
CREATE TABLE y.only_check OF y.person (CONSTRAINT "Only" CHECK (id > 0));
CREATE TABLE y.parted OF y.person PARTITION BY LIST (id);
CREATE TABLE y.parted_1 PARTITION OF y.parted FOR VALUES IN (1);
ALTER TABLE y.plain ALTER name SET STORAGE EXTERNAL, ALTER id SET STATISTICS 5;
CREATE TABLE y.of_table (a y.plain, b y.plain[]);
