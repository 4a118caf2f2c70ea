-- Types of every sort, with the names and options that go wrong.
CREATE SCHEMA t;
CREATE SCHEMA "T ""x""
y";

-- Enums: none, odd and many labels, out of order of their oids.
CREATE TYPE t.empty AS ENUM ();
CREATE TYPE t."Mood ""x""" AS ENUM ('it''s', '', 'a,b', '"q"', E'back\\slash', E'new\nline', '{}', 'NULL');
CREATE TYPE t.steps AS ENUM ('first', 'last');
ALTER TYPE t.steps ADD VALUE 'middle' AFTER 'first';
ALTER TYPE t.steps ADD VALUE 'zeroth' BEFORE 'first';

-- Composites: none, dropped and collated columns, arrays, each other's rows.
CREATE TYPE t.nothing AS ();
CREATE TYPE t.pair AS (a integer, "B ""b""" character varying(10)[], c text COLLATE "C", gone integer, d numeric(10,2),
    e character(3), f bit varying(5), g timestamp(3) with time zone, h "char", i interval day to second(2));
ALTER TYPE t.pair DROP ATTRIBUTE gone;
ALTER TYPE t.pair ADD ATTRIBUTE j t."Mood ""x"""[];
CREATE TYPE t.a_first AS (z t.pair, y t.steps);
CREATE TYPE "T ""x""
y"."N
n" AS (v t.a_first[]);

-- Names that collide with what the server makes.
CREATE TYPE t._steps AS (x integer);
CREATE TYPE t.steps2 AS ENUM ('x');
CREATE TYPE t._steps2 AS ENUM ('y');

-- Ranges: plain, with a collation, with an operator class, a difference and a canonical function.
CREATE TYPE t.float_range AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE TYPE t.text_range AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = text_pattern_ops);
CREATE TYPE t."Range" AS RANGE (SUBTYPE = numeric
    , MULTIRANGE_TYPE_NAME = t."Many ""x""" --@ 14+
);
CREATE TYPE t.canon;
CREATE FUNCTION t.canon_function(t.canon) RETURNS t.canon LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE t.canon AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = int4range_subdiff, CANONICAL = t.canon_function);
CREATE TYPE t.of_ranges AS (r t.float_range, c t.canon[]
    , m t.float_multirange --@ 14+
);

-- Base types: the least, and every option.
CREATE TYPE t.least;
CREATE FUNCTION t.least_in(cstring) RETURNS t.least LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION t.least_out(t.least) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE t.least (INPUT = t.least_in, OUTPUT = t.least_out);
CREATE TYPE "T ""x""
y"."All ""of""";
CREATE FUNCTION t.all_in(cstring, oid, integer) RETURNS "T ""x""
y"."All ""of""" LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION t."all OUT"("T ""x""
y"."All ""of""") RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION t.all_receive(internal, oid, integer) RETURNS "T ""x""
y"."All ""of""" LANGUAGE internal STABLE STRICT AS 'varcharrecv';
CREATE FUNCTION t.all_send("T ""x""
y"."All ""of""") RETURNS bytea LANGUAGE internal STABLE STRICT AS 'varcharsend';
CREATE FUNCTION t.all_modifier_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION t.all_modifier_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE FUNCTION t.all_analyze(internal) RETURNS boolean LANGUAGE internal STRICT AS 'array_typanalyze';
CREATE TYPE "T ""x""
y"."All ""of""" (INTERNALLENGTH = variable, INPUT = t.all_in, OUTPUT = t."all OUT", RECEIVE = t.all_receive,
    SEND = t.all_send, TYPMOD_IN = t.all_modifier_in, TYPMOD_OUT = t.all_modifier_out, ANALYZE = t.all_analyze,
    STORAGE = extended, CATEGORY = '!', PREFERRED = true, DELIMITER = ';', COLLATABLE = true, DEFAULT = 'it''s');
CREATE TYPE t.fixed;
CREATE FUNCTION t.fixed_in(cstring) RETURNS t.fixed LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
CREATE FUNCTION t.fixed_out(t.fixed) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
CREATE TYPE t.fixed (INTERNALLENGTH = 8, INPUT = t.fixed_in, OUTPUT = t.fixed_out, ALIGNMENT = double, PASSEDBYVALUE
    , ELEMENT = pg_catalog.int4, SUBSCRIPT = raw_array_subscript_handler --@ 14+
    , ELEMENT = pg_catalog.int4 --@ ..13
);
CREATE TYPE t.liked;
CREATE FUNCTION t.liked_in(cstring) RETURNS t.liked LANGUAGE internal IMMUTABLE STRICT AS 'boolin';
CREATE FUNCTION t.liked_out(t.liked) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'boolout';
CREATE TYPE t.liked (INPUT = t.liked_in, OUTPUT = t.liked_out, LIKE = boolean);

-- Announced and never defined.
CREATE TYPE t.never;
CREATE FUNCTION t.about_never(t.never) RETURNS integer LANGUAGE internal AS 'int4in';

-- Owners, grants, comments.
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
ALTER TYPE t.pair OWNER TO "keeper ""of"" types";
ALTER TYPE t.steps OWNER TO "keeper ""of"" types";
ALTER TYPE t.canon OWNER TO "keeper ""of"" types";
ALTER TYPE t.liked OWNER TO "keeper ""of"" types";
ALTER TYPE t.never OWNER TO "keeper ""of"" types";
REVOKE USAGE ON TYPE t.pair FROM PUBLIC;
REVOKE ALL ON TYPE t.steps FROM PUBLIC, "keeper ""of"" types";
GRANT USAGE ON TYPE t.least TO "keeper ""of"" types" WITH GRANT OPTION;
REVOKE USAGE ON TYPE pg_catalog.money FROM PUBLIC;
COMMENT ON TYPE t.pair IS E'a pair''s\ncomment';
COMMENT ON COLUMN t.pair."B ""b""" IS 'of a column';
COMMENT ON TYPE t.least IS 'base';
COMMENT ON TYPE t.never IS 'never';
COMMENT ON TYPE t.canon IS 'range';
