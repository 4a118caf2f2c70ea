-- Collations of every provider.
CREATE SCHEMA l;
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE COLLATION l.copied FROM "C";
CREATE COLLATION l."libc ""x""" (PROVIDER = libc, LC_COLLATE = 'C', LC_CTYPE = 'C.UTF-8');
CREATE COLLATION l.icu (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
CREATE COLLATION l.insensitive (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE COLLATION l.ruled (PROVIDER = icu, LOCALE = 'und', RULES = '&b < ''a'''); --@ 16+
CREATE COLLATION l.built_in (PROVIDER = builtin, LOCALE = 'C.UTF-8'); --@ 17+
CREATE COLLATION l.encoded (LOCALE = 'C');
CREATE DOMAIN l.a_domain AS text COLLATE l.insensitive;
ALTER COLLATION l.icu OWNER TO "keeper ""of"" types";
COMMENT ON COLLATION l.icu IS 'a collation';
