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
