-- Extended statistics: all kinds, some, on expressions, with a target, in another schema than their table.
DO $$ BEGIN CREATE ROLE "statistics o"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA "S s";
CREATE SCHEMA other;
CREATE TABLE "S s"."T ""t""" (a integer, "B b" integer, c text);
CREATE STATISTICS "S s"."X ""x""
y" ON a, "B b" FROM "S s"."T ""t""";
CREATE STATISTICS "S s".some (ndistinct, mcv) ON a, "B b", c FROM "S s"."T ""t""";
CREATE STATISTICS other.elsewhere (dependencies) ON a, c FROM "S s"."T ""t""";
CREATE STATISTICS "S s".expressions ON (a + "B b"), (lower(c)) FROM "S s"."T ""t""";  --@ 14+
CREATE STATISTICS "S s".one ON (a * 2) FROM "S s"."T ""t""";                          --@ 14+
ALTER STATISTICS "S s".some SET STATISTICS 77;
ALTER STATISTICS other.elsewhere SET STATISTICS 0;
GRANT USAGE, CREATE ON SCHEMA "S s" TO "statistics o";
ALTER STATISTICS "S s".some OWNER TO "statistics o";
CREATE TABLE "S s".parts (a integer, b integer) PARTITION BY LIST (a);
CREATE STATISTICS "S s".of_parts ON a, b FROM "S s".parts;
CREATE MATERIALIZED VIEW "S s".m AS SELECT 1 AS a, 2 AS b;
CREATE STATISTICS "S s".of_view ON a, b FROM "S s".m;
