-- Foreign data wrappers, servers and user mappings, with options that need quotes.
CREATE SCHEMA w;
CREATE EXTENSION postgres_fdw WITH SCHEMA w;
DO $$ BEGIN CREATE ROLE "keeper ""of"" types"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE FOREIGN DATA WRAPPER "bare ""x""";
CREATE FOREIGN DATA WRAPPER full_of HANDLER w.postgres_fdw_handler OPTIONS ("Odd ""name""" 'it''s', b 'a=b,c', a '');
CREATE FOREIGN DATA WRAPPER checked HANDLER w.postgres_fdw_handler VALIDATOR w.postgres_fdw_validator;
CREATE SERVER "server ""x""" TYPE 'it''s' VERSION '1 "2"' FOREIGN DATA WRAPPER "bare ""x""" OPTIONS (host 'a', "Port" '1');
CREATE SERVER remote FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere', dbname 'x y');
CREATE USER MAPPING FOR PUBLIC SERVER remote;
CREATE USER MAPPING FOR "keeper ""of"" types" SERVER remote OPTIONS (user 'x', password 'it''s "secret"');
CREATE USER MAPPING FOR CURRENT_USER SERVER "server ""x""" OPTIONS ("a b" 'c');
GRANT USAGE ON FOREIGN DATA WRAPPER full_of TO "keeper ""of"" types" WITH GRANT OPTION;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO "keeper ""of"" types";
GRANT USAGE ON FOREIGN SERVER "server ""x""" TO PUBLIC;
ALTER SERVER remote OWNER TO "keeper ""of"" types";
COMMENT ON FOREIGN DATA WRAPPER full_of IS 'a wrapper';
COMMENT ON SERVER remote IS 'a server';
