-- Triggers: every timing, event, clause and state, names that fight their quotes, and those of partitions.
CREATE SCHEMA "T t";
CREATE FUNCTION "T t"."F ""f"""() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE "T t"."A ""a""" (id integer PRIMARY KEY, "C c" text, n integer);
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OF "C c", n OR DELETE ON "T t"."A ""a"""
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION "T t"."F ""f"""('it''s', 2, E'back\\slash
newline', '');
CREATE TRIGGER "G ""g""
h" AFTER UPDATE ON "T t"."A ""a""" FOR EACH ROW
    WHEN (OLD."C c" IS DISTINCT FROM NEW."C c") EXECUTE FUNCTION "T t"."F ""f"""();
CREATE TRIGGER truncated AFTER TRUNCATE ON "T t"."A ""a""" EXECUTE FUNCTION "T t"."F ""f"""();
CREATE TRIGGER tables AFTER UPDATE ON "T t"."A ""a"""
    REFERENCING OLD TABLE AS "Old ones" NEW TABLE AS new_ones FOR EACH STATEMENT EXECUTE FUNCTION "T t"."F ""f"""();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON "T t"."A ""a""" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
CREATE TABLE "T t".other (id integer PRIMARY KEY);
CREATE CONSTRAINT TRIGGER of_two AFTER INSERT ON "T t"."A ""a""" FROM "T t".other NOT DEFERRABLE
    FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
CREATE TRIGGER same BEFORE INSERT ON "T t"."A ""a""" FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
CREATE TRIGGER same BEFORE INSERT ON "T t".other FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
ALTER TABLE "T t"."A ""a""" DISABLE TRIGGER "G ""g""
h";
ALTER TABLE "T t"."A ""a""" ENABLE REPLICA TRIGGER truncated;
ALTER TABLE "T t"."A ""a""" ENABLE ALWAYS TRIGGER later;
CREATE VIEW "T t".v AS SELECT * FROM "T t"."A ""a""";
CREATE TRIGGER instead INSTEAD OF INSERT OR DELETE ON "T t".v FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
-- A view that is created twice still has its triggers.
CREATE VIEW "T t".by_key AS SELECT id, "C c", count(*) FROM "T t"."A ""a""" GROUP BY id;
CREATE TRIGGER instead INSTEAD OF UPDATE ON "T t".by_key FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
CREATE FOREIGN DATA WRAPPER triggers_w;
CREATE SERVER triggers_s FOREIGN DATA WRAPPER triggers_w;
CREATE FOREIGN TABLE "T t".far (id integer) SERVER triggers_s;
CREATE TRIGGER far BEFORE INSERT ON "T t".far FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
ALTER TABLE "T t".far DISABLE TRIGGER far;
-- Partitions.
CREATE TABLE "T t".p (id integer, x text) PARTITION BY LIST (id);
CREATE TABLE "T t".p1 PARTITION OF "T t".p FOR VALUES IN (1);
CREATE TABLE "T t".p2 PARTITION OF "T t".p FOR VALUES IN (2) PARTITION BY LIST (x);
CREATE TABLE "T t".p2a PARTITION OF "T t".p2 FOR VALUES IN ('a');
CREATE TABLE "T t".p2b PARTITION OF "T t".p2 FOR VALUES IN ('b');
CREATE TRIGGER "down ""d""" AFTER INSERT ON "T t".p FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""('x');
CREATE TRIGGER own AFTER INSERT ON "T t".p1 FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
CREATE TRIGGER off AFTER INSERT ON "T t".p FOR EACH ROW EXECUTE FUNCTION "T t"."F ""f"""();
ALTER TABLE ONLY "T t".p DISABLE TRIGGER off;
ALTER TABLE "T t".p1 DISABLE TRIGGER "down ""d""";
ALTER TABLE "T t".p2a ENABLE REPLICA TRIGGER "down ""d""";
ALTER TABLE "T t".p2b ENABLE ALWAYS TRIGGER "down ""d""";
