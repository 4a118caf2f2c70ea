-- Routines: every option, bodies that fight their quotes, arguments of every mode, owners and grants.
SET check_function_bodies = off;
CREATE SCHEMA f;
CREATE SCHEMA "F ""x""
y";
DO $$ BEGIN CREATE ROLE "keeper ""of"" functions"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;

CREATE FUNCTION f.plain() RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION f.plain(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION f.plain(integer, text) RETURNS text LANGUAGE sql AS 'SELECT $2';
CREATE FUNCTION f.plain(a text DEFAULT 'it''s', b integer[] DEFAULT '{1,2}', VARIADIC c numeric[] DEFAULT '{}')
    RETURNS TABLE ("Column" text, "c ""2""" numeric(10,2)) LANGUAGE plpgsql
    AS $$ BEGIN RETURN QUERY SELECT a, 1.0; END $$;
CREATE FUNCTION "F ""x""
y"."G ""g""
h"(IN "a b" integer, OUT x integer, OUT y text, INOUT "z ""z""" bigint) LANGUAGE sql
    AS 'SELECT 1, ''$$'', 3::bigint';
CREATE FUNCTION f.rows(integer) RETURNS SETOF text LANGUAGE plpgsql
    IMMUTABLE STRICT SECURITY DEFINER LEAKPROOF COST 12.5 ROWS 77 PARALLEL SAFE
    SET search_path TO f, "F ""x""
y", pg_temp SET work_mem = '5MB' SET "my.thing" = 'a=b, c' SET datestyle TO 'German, DMY'
    AS $$ BEGIN RETURN NEXT 'x'; END $$;
CREATE FUNCTION f.no_path() RETURNS integer STABLE PARALLEL RESTRICTED LANGUAGE sql SET search_path TO '' AS 'SELECT 1';
CREATE FUNCTION f.bodies_1() RETURNS text LANGUAGE sql AS 'SELECT $$ $b $bo $body $body_$ ''a''  \ $$';
CREATE FUNCTION f.bodies_2() RETURNS text LANGUAGE plpgsql AS '
BEGIN
    RETURN ''a''; -- $b$ $$ ends with $';
CREATE FUNCTION f.bodies_3() RETURNS text LANGUAGE sql AS E'SELECT ''no such table'' FROM no.such_table;\r\n\t-- caf\u00e9';
CREATE FUNCTION f.internal(text) RETURNS text LANGUAGE internal IMMUTABLE STRICT COST 3 AS 'upper';
CREATE FUNCTION f.window_rank() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE AS 'window_rank';
CREATE FUNCTION f.supported(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT SUPPORT pg_catalog.textlike_support
    AS 'textlike';
CREATE FUNCTION f.trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION f.event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION f.poly(anyelement, VARIADIC anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION f.poly2(anycompatible, anycompatiblearray) RETURNS anycompatible LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION f.types(character(3), "char", bit varying(5), timestamp(3) with time zone, interval day to second, double precision)
    RETURNS record LANGUAGE sql AS 'SELECT 1, 2';
CREATE FUNCTION f.shadow(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f.fallback() RETURNS integer LANGUAGE sql AS 'SELECT 1';

CREATE PROCEDURE f.proc() LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE f.proc(a integer, INOUT b text DEFAULT 'x') LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN COMMIT; END $$;
CREATE PROCEDURE f.out(IN a integer, OUT b integer) LANGUAGE plpgsql AS $$ BEGIN b := 1; END $$; --@ 14+
CREATE PROCEDURE f.out(IN a integer, IN b integer) LANGUAGE plpgsql AS $$ BEGIN END $$; --@ 14+

-- Types that need functions and functions that need types.
CREATE TYPE f.pair AS (a integer, b text);
CREATE FUNCTION f.a_uses_type(f.pair[], x f.pair DEFAULT ROW(1, 'b')::f.pair) RETURNS SETOF f.pair LANGUAGE sql AS 'SELECT 1, ''b''';
CREATE FUNCTION f.a_default(a integer DEFAULT f.fallback()) RETURNS integer LANGUAGE sql AS 'SELECT 1';

-- Bodies that the server takes apart.
CREATE FUNCTION f.z_atomic(a integer, "B b" text) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT f.plain(a) + length("B b"); SELECT a; END; --@ 14+
CREATE FUNCTION f.a_atomic(a integer) RETURNS integer LANGUAGE sql RETURN f.z_atomic(a, 'it''s'); --@ 14+
CREATE FUNCTION f.empty_atomic() RETURNS void LANGUAGE sql BEGIN ATOMIC END; --@ 14+
CREATE PROCEDURE f.atomic(a integer) LANGUAGE sql BEGIN ATOMIC SELECT f.a_atomic(a); SELECT 2; END; --@ 14+

ALTER FUNCTION f.plain() OWNER TO "keeper ""of"" functions";
ALTER PROCEDURE f.proc(integer, text) OWNER TO "keeper ""of"" functions";
REVOKE EXECUTE ON FUNCTION f.plain() FROM PUBLIC;
REVOKE ALL ON FUNCTION f.plain(integer) FROM PUBLIC, CURRENT_USER;
GRANT EXECUTE ON PROCEDURE f.proc() TO "keeper ""of"" functions" WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION "F ""x""
y"."G ""g""
h"(integer, bigint) TO "keeper ""of"" functions";
REVOKE ALL ON PROCEDURE f.out(IN integer, OUT integer) FROM PUBLIC; --@ 14+
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO "keeper ""of"" functions";
COMMENT ON FUNCTION f.plain(integer) IS 'plain';
COMMENT ON PROCEDURE f.proc(integer, text) IS 'proc';
