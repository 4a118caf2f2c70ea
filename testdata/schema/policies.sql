-- Row security: switched on with and without policies, policies without it, forced, every command and role list.
DO $$ DECLARE r text; BEGIN
    FOREACH r IN ARRAY ARRAY['policies_a', 'policies "b"
c'] LOOP
        BEGIN EXECUTE format('CREATE ROLE %I', r); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
    END LOOP;
END $$;
CREATE SCHEMA "P p";
CREATE TABLE "P p"."T t" (id integer, owner name, "X x" text);
CREATE TABLE "P p".other (id integer);
ALTER TABLE "P p"."T t" ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON "P p"."T t";
CREATE POLICY "Q ""q""
r" ON "P p"."T t" AS RESTRICTIVE FOR SELECT TO policies_a, "policies ""b""
c" USING (owner = CURRENT_USER AND id IN (SELECT o.id FROM "P p".other o));
CREATE POLICY inserts ON "P p"."T t" FOR INSERT TO PUBLIC WITH CHECK ("X x" <> 'it''s');
CREATE POLICY updates ON "P p"."T t" FOR UPDATE TO policies_a USING (id > 0) WITH CHECK (id < 10);
CREATE POLICY deletes ON "P p"."T t" FOR DELETE USING (true);
CREATE POLICY for_all ON "P p"."T t" FOR ALL TO CURRENT_USER USING (id = 1);
CREATE TABLE "P p".on_without (id integer);
ALTER TABLE "P p".on_without ENABLE ROW LEVEL SECURITY;
ALTER TABLE "P p".on_without FORCE ROW LEVEL SECURITY;
CREATE TABLE "P p".without_on (id integer);
CREATE POLICY everything ON "P p".without_on USING (id > 1);
CREATE TABLE "P p".parts (id integer) PARTITION BY LIST (id);
ALTER TABLE "P p".parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON "P p".parts USING (id > 1);
CREATE TABLE "P p".part PARTITION OF "P p".parts FOR VALUES IN (1);
CREATE FUNCTION "P p".allowed(integer) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT $1 > 0';
CREATE POLICY by_function ON "P p".part USING ("P p".allowed(id));
