-- Rules: on tables and views, conditional, with several commands, in every state.
CREATE SCHEMA r;
CREATE TABLE r."T ""t""" (id integer, x text);
CREATE TABLE r.log (id integer, what text, at timestamptz DEFAULT now());
CREATE RULE "R ""r""
s" AS ON INSERT TO r."T ""t""" WHERE NEW.id > 10 DO ALSO INSERT INTO r.log VALUES (NEW.id, 'it''s; big
really');
CREATE RULE several AS ON UPDATE TO r."T ""t""" DO INSTEAD (
    INSERT INTO r.log (id, what) SELECT OLD.id, OLD.x;
    DELETE FROM r.log WHERE id = OLD.id;
    NOTIFY "changed x");
CREATE RULE nothing AS ON DELETE TO r."T ""t""" DO INSTEAD NOTHING;
CREATE RULE same AS ON DELETE TO r.log DO ALSO NOTHING;
CREATE RULE same AS ON DELETE TO r."T ""t""" DO ALSO NOTHING;
ALTER TABLE r."T ""t""" DISABLE RULE nothing;
ALTER TABLE r."T ""t""" ENABLE REPLICA RULE several;
ALTER TABLE r."T ""t""" ENABLE ALWAYS RULE same;
CREATE VIEW r.v AS SELECT id, x FROM r."T ""t""";
CREATE RULE into_view AS ON INSERT TO r.v DO INSTEAD INSERT INTO r."T ""t""" VALUES (NEW.*) RETURNING id, x;
CREATE RULE upsert AS ON UPDATE TO r.v DO INSTEAD
    WITH moved AS (DELETE FROM r.log RETURNING id) UPDATE r."T ""t""" SET x = NEW.x FROM moved WHERE moved.id = OLD.id;
CREATE TABLE r.keyed (id integer PRIMARY KEY, x text);
CREATE VIEW r.dummy AS SELECT id, x, count(*) AS n FROM r.keyed GROUP BY id;
CREATE RULE on_dummy AS ON DELETE TO r.dummy DO INSTEAD DELETE FROM r.keyed WHERE id = OLD.id;
