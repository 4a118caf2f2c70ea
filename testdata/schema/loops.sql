-- Objects that need each other in a loop.
CREATE SCHEMA l;
CREATE TABLE l.t (id int PRIMARY KEY, name text, n int);
CREATE FUNCTION l.good(l.t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.id > 0';
ALTER TABLE l.t ADD CONSTRAINT of_row CHECK (l.good(t));
ALTER TABLE l.t ADD CONSTRAINT plain CHECK (id < 1000);
COMMENT ON CONSTRAINT of_row ON l.t IS 'apart';
CREATE FUNCTION l.next(l.t DEFAULT NULL) RETURNS int LANGUAGE sql AS 'SELECT 7';
ALTER TABLE l.t ALTER n SET DEFAULT l.next();
CREATE TABLE l.counted (id serial PRIMARY KEY, other int DEFAULT 5);
CREATE FUNCTION l.grouped() RETURNS SETOF l.t LANGUAGE sql BEGIN ATOMIC SELECT id, name, n FROM l.t GROUP BY id; END; --@ 14+
CREATE VIEW l.over_function AS SELECT * FROM l.grouped(); --@ 14+
CREATE MATERIALIZED VIEW l.m_over_function AS SELECT * FROM l.over_function; --@ 14+
CREATE VIEW l.row_view AS SELECT id, name FROM l.t;
CREATE FUNCTION l.of_view(l.row_view) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.id';
CREATE OR REPLACE VIEW l.row_view AS SELECT id, name, (SELECT max(l.of_view(x)) FROM (SELECT NULL::l.row_view) y(x)) AS f FROM l.t;
CREATE DOMAIN l.even AS int;
CREATE FUNCTION l.is_even(l.even) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1::int % 2 = 0';
ALTER DOMAIN l.even ADD CONSTRAINT is_even CHECK (l.is_even(VALUE));
CREATE TABLE l.uses_domain (a l.even);
CREATE TABLE l.ord (id int PRIMARY KEY, qty int, note text); --@ 14+
CREATE FUNCTION l.f_sum(n int) RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT sum(qty) FROM (SELECT id, qty, note FROM l.ord GROUP BY id) x WHERE id <= n; END; --@ 14+
CREATE DOMAIN l.d_small AS int CHECK (l.f_sum(VALUE) IS NOT NULL); --@ 14+
CREATE TABLE l.uses_d (a l.d_small DEFAULT l.f_sum(1)::int, b l.d_small[]); --@ 14+
CREATE TYPE l.of_d AS (a l.d_small); --@ 14+
CREATE TABLE l.uses_of_d (a l.of_d); --@ 14+
CREATE FUNCTION l.f_fix(n int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT n + count(*)::int FROM (SELECT id, note FROM l.ord GROUP BY id) x; END; --@ 14+
CREATE TABLE l.generated (a int, b int GENERATED ALWAYS AS (l.f_fix(a)) STORED); --@ 14+
CREATE TABLE l.by_function (a int) PARTITION BY LIST (l.f_fix(a)); --@ 14+
CREATE FUNCTION l.f_diff(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT a - b + count(*) FROM (SELECT id, note FROM l.ord GROUP BY id) x; END; --@ 14+
CREATE TYPE l.between AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = l.f_diff); --@ 14+
CREATE TABLE l.uses_range (a l.between); --@ 14+
