-- What belongs to a cluster: roles with every attribute, odd names, settings, memberships by several grantors,
-- tablespaces, grants on settings. Every statement stands on its own.
CREATE ROLE plain;
CREATE ROLE "Role ""x""
y" SUPERUSER CREATEDB CREATEROLE LOGIN REPLICATION BYPASSRLS CONNECTION LIMIT 7 PASSWORD 'it''s secret' VALID UNTIL '2099-01-02 03:04:05+02';
CREATE ROLE heir NOINHERIT LOGIN VALID UNTIL 'infinity';
CREATE ROLE chief;
CREATE ROLE a_deputy;
CREATE ROLE staff;
CREATE ROLE "0 first" CONNECTION LIMIT 0;
COMMENT ON ROLE plain IS 'it''s a role';
ALTER ROLE ALL SET search_path TO 'a b', public;
ALTER ROLE ALL SET statement_timeout TO '0';
ALTER ROLE plain SET search_path TO "$user", "x ""y""", '';
ALTER ROLE plain SET "my.thing" TO 'a=b, c';
ALTER ROLE heir SET role TO plain;
ALTER ROLE heir SET datestyle TO 'German, DMY';
ALTER ROLE heir SET default_tablespace TO 'inside';
GRANT plain TO heir;
GRANT staff TO chief WITH ADMIN OPTION;
GRANT pg_read_all_data TO chief; --@ 14+
GRANT pg_monitor TO plain WITH ADMIN OPTION;
GRANT staff TO a_deputy WITH ADMIN OPTION GRANTED BY chief;
GRANT staff TO "0 first" GRANTED BY a_deputy;
GRANT staff TO plain WITH INHERIT FALSE, SET FALSE GRANTED BY a_deputy; --@ 16+
GRANT staff TO plain WITH INHERIT TRUE, ADMIN FALSE; --@ 16+
GRANT staff TO heir WITH INHERIT TRUE; --@ 16+
GRANT chief TO heir WITH ADMIN FALSE, INHERIT TRUE, SET FALSE; --@ 16+
CREATE TABLESPACE inside LOCATION '';
CREATE TABLESPACE "Space ""x""" OWNER chief LOCATION '' WITH (random_page_cost = 1.5, seq_page_cost = 2);
COMMENT ON TABLESPACE inside IS 'a space';
GRANT CREATE ON TABLESPACE inside TO plain WITH GRANT OPTION;
SET ROLE plain;
GRANT CREATE ON TABLESPACE inside TO heir;
RESET ROLE;
REVOKE ALL ON TABLESPACE "Space ""x""" FROM chief;
GRANT SET ON PARAMETER work_mem TO plain; --@ 15+
GRANT SET, ALTER SYSTEM ON PARAMETER my.thing TO "Role ""x"" --@ 15+
y" WITH GRANT OPTION; --@ 15+
REVOKE SET ON PARAMETER log_duration FROM postgres; --@ 15+
