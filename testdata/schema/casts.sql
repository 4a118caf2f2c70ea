-- Casts with and without functions, in every context, of built-in types too.
CREATE SCHEMA k;
CREATE SCHEMA "K ""x""";
CREATE TYPE k.pair AS (a integer, b text);
CREATE TYPE "K ""x"""."E ""x""" AS ENUM ('a', 'b');
CREATE TYPE k.span AS RANGE (SUBTYPE = integer);
CREATE FUNCTION k."to text ("(k.pair) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.b';
CREATE FUNCTION k.from_integer(integer, integer, boolean) RETURNS k.pair LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1, ''x'')::k.pair';
CREATE FUNCTION k.money_to_text(money) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''x''';
CREATE CAST (k.pair AS text) WITH FUNCTION k."to text ("(k.pair) AS IMPLICIT;
CREATE CAST (integer AS k.pair) WITH FUNCTION k.from_integer(integer, integer, boolean) AS ASSIGNMENT;
CREATE CAST ("K ""x"""."E ""x""" AS integer) WITH INOUT;
CREATE CAST (bit varying AS "char") WITH INOUT AS ASSIGNMENT;
CREATE CAST (money AS text) WITH FUNCTION k.money_to_text(money);
CREATE CAST (xid AS integer) WITHOUT FUNCTION;
COMMENT ON CAST (k.pair AS text) IS 'a cast';
-- Needs a cast, and sorts before everything.
CREATE SCHEMA "0";
CREATE VIEW "0".v AS SELECT ROW(1, 'x')::k.pair::text AS t, 1::integer::k.pair AS p;
