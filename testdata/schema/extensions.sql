-- Extensions in their own and in odd schemas, one that needs another, and what hangs on them.
CREATE SCHEMA "Ext ""quoted""";
CREATE SCHEMA zzz_last;
CREATE EXTENSION citext WITH SCHEMA "Ext ""quoted""";
CREATE EXTENSION pgcrypto WITH SCHEMA public;
CREATE EXTENSION "uuid-ossp" WITH SCHEMA zzz_last;
CREATE EXTENSION hstore;
CREATE EXTENSION cube WITH SCHEMA zzz_last;
CREATE EXTENSION earthdistance WITH SCHEMA zzz_last;
COMMENT ON EXTENSION hstore IS 'it''s ours';

-- A schema whose name sorts first, with objects that need members of extensions.
CREATE SCHEMA "0first";
CREATE DOMAIN "0first".address AS "Ext ""quoted""".citext CHECK (VALUE ~ '@'::"Ext ""quoted""".citext);
CREATE TYPE "0first".pair AS (tags public.hstore, at zzz_last.earth);
CREATE FUNCTION "0first".later(a public.hstore[] DEFAULT ARRAY['a=>1'::public.hstore]) RETURNS SETOF zzz_last.cube
    LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;
ALTER FUNCTION "0first".later(public.hstore[]) DEPENDS ON EXTENSION cube;
ALTER FUNCTION "0first".later(public.hstore[]) DEPENDS ON EXTENSION hstore;

-- A user's own function in the schema of an extension.
CREATE FUNCTION zzz_last.own() RETURNS integer LANGUAGE sql AS 'SELECT 1';

-- Grants on members, beside those that the script of the extension made.
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
REVOKE EXECUTE ON FUNCTION public.hstore(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.crypt(text, text) TO "keeper ""of"" types" WITH GRANT OPTION;
REVOKE USAGE ON TYPE public.hstore FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION "Ext ""quoted""".max("Ext ""quoted""".citext) FROM PUBLIC;
CREATE EXTENSION pg_stat_statements WITH SCHEMA zzz_last;
GRANT EXECUTE ON FUNCTION zzz_last.pg_stat_statements_reset(oid, oid, bigint) TO "keeper ""of"" types"; --@ ..16
GRANT EXECUTE ON FUNCTION zzz_last.pg_stat_statements_reset(oid, oid, bigint, boolean) TO "keeper ""of"" types"; --@ 17+
REVOKE SELECT ON zzz_last.pg_stat_statements FROM PUBLIC;
