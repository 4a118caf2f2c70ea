-- Domains: over everything, with constraints inside, never validated, and such that need the domain itself.
CREATE SCHEMA d;
CREATE SCHEMA "D ""x""";
CREATE DOMAIN d.plain AS integer;
CREATE DOMAIN d.sized AS character varying(10)[] DEFAULT '{}'::character varying(10)[] NOT NULL;
CREATE DOMAIN d.collated AS text COLLATE "C" DEFAULT 'it''s' CONSTRAINT "No ""x""" CHECK (VALUE <> 'x')
    CONSTRAINT length CHECK (length(VALUE) < 10);
CREATE DOMAIN d.a_over AS d.collated CHECK (VALUE > 'a');
CREATE DOMAIN "D ""x"""."Null
" AS d.a_over CONSTRAINT "not ""null""" NOT NULL DEFAULT NULL;
CREATE DOMAIN d.stamp AS timestamp(3) with time zone DEFAULT '2020-01-01 00:00:00+00'::timestamptz;
CREATE DOMAIN d.char3 AS character(3) DEFAULT 'abc';
CREATE TYPE d.colour AS ENUM ('red', 'green');
CREATE DOMAIN d.warm AS d.colour DEFAULT 'red' CHECK (VALUE = ANY (ARRAY['red'::d.colour]));
CREATE TYPE d.pair AS (a d.plain, b d.warm);
CREATE DOMAIN d.pairs AS d.pair CHECK ((VALUE).a > 0);

-- Never validated.
CREATE DOMAIN d.doubtful AS integer CHECK (VALUE > 0);
ALTER DOMAIN d.doubtful ADD CONSTRAINT later CHECK (VALUE < 100) NOT VALID;
COMMENT ON CONSTRAINT later ON DOMAIN d.doubtful IS 'not yet';

-- A function as default, as check, and a check whose function needs the domain.
CREATE FUNCTION d.fallback() RETURNS integer LANGUAGE sql AS 'SELECT 7';
CREATE FUNCTION d.positive(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE DOMAIN d.a_checked AS integer DEFAULT d.fallback() CHECK (d.positive(VALUE));
CREATE DOMAIN d.looped AS integer;
CREATE FUNCTION d.is_looped(d.looped) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER DOMAIN d.looped ADD CONSTRAINT looped_check CHECK (d.is_looped(VALUE));
COMMENT ON CONSTRAINT looped_check ON DOMAIN d.looped IS 'goes after the function';

DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
ALTER DOMAIN d.collated OWNER TO "keeper ""of"" types";
GRANT USAGE ON DOMAIN d.plain TO "keeper ""of"" types";
REVOKE USAGE ON DOMAIN d.warm FROM PUBLIC;
COMMENT ON DOMAIN d.collated IS 'a domain';
COMMENT ON CONSTRAINT "No ""x""" ON DOMAIN d.collated IS 'of a constraint';
CREATE DOMAIN d.named AS integer CONSTRAINT "not ""null""" NOT NULL;
COMMENT ON CONSTRAINT "not ""null""" ON DOMAIN d.named IS 'of NOT NULL'; --@ 17+
