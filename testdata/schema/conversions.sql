-- Conversions, default and not, with functions of the server and of the user.
CREATE SCHEMA v;
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE CONVERSION v."C ""x""" FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE DEFAULT CONVERSION v.second FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
ALTER CONVERSION v."C ""x""" OWNER TO "keeper ""of"" types";
COMMENT ON CONVERSION v.second IS 'a conversion';
