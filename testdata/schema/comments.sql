-- Comments on everything that takes one, with quotes, newlines, backslashes and bytes of other alphabets.
CREATE SCHEMA c;
COMMENT ON SCHEMA c IS 'it''s a "schema"
-- with a second line \ and a backslash';
COMMENT ON SCHEMA public IS NULL;
CREATE TABLE c."T ""t""" (id integer CONSTRAINT pk PRIMARY KEY, "a ""b""
c" text CHECK ("a ""b""
c" <> ''), dropped integer, d text, CONSTRAINT positive CHECK (id > 0), CONSTRAINT once UNIQUE (d),
    CONSTRAINT apart EXCLUDE USING btree (id WITH =));
ALTER TABLE c."T ""t""" DROP COLUMN dropped;
ALTER TABLE c."T ""t""" ADD CONSTRAINT untested CHECK (id > 1) NOT VALID;
COMMENT ON CONSTRAINT untested ON c."T ""t""" IS 'not valid';
COMMENT ON TABLE c."T ""t""" IS 'naïve café Ω 漢字';
COMMENT ON COLUMN c."T ""t"""."a ""b""
c" IS 'a column';
COMMENT ON COLUMN c."T ""t""".d IS '';
COMMENT ON COLUMN c."T ""t""".d IS 'after a dropped one';
COMMENT ON CONSTRAINT pk ON c."T ""t""" IS 'the key';
COMMENT ON INDEX c.pk IS 'its index';
COMMENT ON CONSTRAINT positive ON c."T ""t""" IS 'inline';
COMMENT ON CONSTRAINT once ON c."T ""t""" IS 'once';
COMMENT ON INDEX c.apart IS 'the index of an exclusion';
CREATE INDEX i ON c."T ""t""" (d);
COMMENT ON INDEX c.i IS 'an index';
CREATE STATISTICS c.s ON id, d FROM c."T ""t""";
COMMENT ON STATISTICS c.s IS 'statistics';
CREATE VIEW c.v AS SELECT id, d AS "D" FROM c."T ""t""";
COMMENT ON VIEW c.v IS 'a view';
COMMENT ON COLUMN c.v."D" IS 'a column of a view';
CREATE MATERIALIZED VIEW c.m AS SELECT id FROM c."T ""t""";
COMMENT ON MATERIALIZED VIEW c.m IS 'a materialized view';
COMMENT ON COLUMN c.m.id IS 'a column of one';
CREATE SEQUENCE c.q;
COMMENT ON SEQUENCE c.q IS 'a sequence';
CREATE TYPE c.e AS ENUM ('a');
COMMENT ON TYPE c.e IS 'an enum';
CREATE TYPE c.r AS (x integer, "Y" text);
COMMENT ON TYPE c.r IS 'a composite type';
COMMENT ON COLUMN c.r."Y" IS 'its column';
CREATE DOMAIN c.dom AS integer CONSTRAINT low CHECK (VALUE < 10);
COMMENT ON DOMAIN c.dom IS 'a domain';
COMMENT ON CONSTRAINT low ON DOMAIN c.dom IS 'its constraint';
CREATE FUNCTION c.f(integer, x text DEFAULT '') RETURNS integer LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION c.f(integer, text) IS 'a function';
CREATE PROCEDURE c.p(integer) LANGUAGE sql AS 'SELECT 1';
COMMENT ON PROCEDURE c.p(integer) IS 'a procedure';
CREATE AGGREGATE c.a(integer) (SFUNC = int4pl, STYPE = integer);
COMMENT ON AGGREGATE c.a(integer) IS 'an aggregate';
CREATE OPERATOR c.### (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4pl);
COMMENT ON OPERATOR c.### (integer, integer) IS 'an operator';
CREATE FUNCTION c.t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "G g" BEFORE INSERT ON c."T ""t""" FOR EACH ROW EXECUTE FUNCTION c.t();
COMMENT ON TRIGGER "G g" ON c."T ""t""" IS 'a trigger';
CREATE RULE "R r" AS ON DELETE TO c."T ""t""" DO NOTHING;
COMMENT ON RULE "R r" ON c."T ""t""" IS 'a rule';
CREATE POLICY "P p" ON c."T ""t""";
COMMENT ON POLICY "P p" ON c."T ""t""" IS 'a policy';
CREATE COLLATION c.coll FROM "C";
COMMENT ON COLLATION c.coll IS 'a collation';
CREATE PUBLICATION "Pub lic";
COMMENT ON PUBLICATION "Pub lic" IS 'a publication';
CREATE SUBSCRIPTION "Sub s" CONNECTION 'host=nowhere' PUBLICATION "Pub lic" WITH (connect = false, slot_name = NONE);
COMMENT ON SUBSCRIPTION "Sub s" IS 'a subscription';
CREATE FUNCTION c.et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER "comments E" ON sql_drop EXECUTE FUNCTION c.et();
ALTER EVENT TRIGGER "comments E" DISABLE;
COMMENT ON EVENT TRIGGER "comments E" IS 'an event trigger';
SELECT lo_create(424201);
COMMENT ON LARGE OBJECT 424201 IS 'a large object';
