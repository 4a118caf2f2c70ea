-- Publications: of everything, of tables with columns and filters, of schemas, with every option.
DO $$ BEGIN CREATE ROLE "publications o"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA "P p";
CREATE SCHEMA "Q ""q""";
CREATE TABLE "P p"."T ""t""" (id integer PRIMARY KEY, "C c" text, n integer);
CREATE TABLE "P p".plain (id integer PRIMARY KEY);
CREATE TABLE "P p".parent (id integer PRIMARY KEY);
CREATE TABLE "P p".child () INHERITS ("P p".parent);
CREATE TABLE "P p".parts (id integer, x text) PARTITION BY LIST (id);
CREATE TABLE "P p".part PARTITION OF "P p".parts FOR VALUES IN (1);
CREATE PUBLICATION "everything ""e""" FOR ALL TABLES;
CREATE PUBLICATION nothing WITH (publish = '');
CREATE PUBLICATION "some" WITH (publish = 'insert, truncate', publish_via_partition_root = true);
ALTER PUBLICATION "some" ADD TABLE "P p".plain, ONLY "P p".parent, "P p".parts;
CREATE PUBLICATION with_children FOR TABLE "P p".parent;
CREATE PUBLICATION updates WITH (publish = 'update, delete');
ALTER PUBLICATION updates ADD TABLE "P p".plain;
CREATE PUBLICATION narrow FOR TABLE "P p"."T ""t""" ("C c", id) WHERE (id > 10 AND "C c" <> 'it''s');  --@ 15+
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA "P p", "Q ""q""";                                       --@ 15+
CREATE PUBLICATION mixed FOR TABLE "P p".plain WHERE (id = 1), TABLES IN SCHEMA "Q ""q""";              --@ 15+
CREATE TABLE "P p".made (id integer PRIMARY KEY, g integer GENERATED ALWAYS AS (id + 1) STORED);
CREATE PUBLICATION generated FOR TABLE "P p".made WITH (publish_generated_columns = stored);            --@ 18+
ALTER PUBLICATION updates OWNER TO "publications o";
