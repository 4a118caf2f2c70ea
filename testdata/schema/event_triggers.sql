-- Event triggers: every event, tags and state. They are disabled where they would disturb what comes next.
DO $$ BEGIN CREATE ROLE "events o" SUPERUSER; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA "E e";
CREATE FUNCTION "E e"."F ""f"""() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER "E ""e""
f" ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION "E e"."F ""f"""();
CREATE EVENT TRIGGER ends ON ddl_command_end EXECUTE FUNCTION "E e"."F ""f"""();
CREATE EVENT TRIGGER drops ON sql_drop EXECUTE FUNCTION "E e"."F ""f"""();
CREATE EVENT TRIGGER rewrites ON table_rewrite EXECUTE FUNCTION "E e"."F ""f"""();
CREATE EVENT TRIGGER logs_in ON login EXECUTE FUNCTION "E e"."F ""f"""();  --@ 17+
ALTER EVENT TRIGGER drops DISABLE;
ALTER EVENT TRIGGER rewrites ENABLE REPLICA;
ALTER EVENT TRIGGER ends ENABLE ALWAYS;
ALTER EVENT TRIGGER drops OWNER TO "events o";
