-- Views.
SELECT 'CREATE ROLE fixture_owner' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'fixture_owner') \gexec
CREATE SCHEMA v;
CREATE TABLE v.t (id int PRIMARY KEY, name text, at timestamptz);
CREATE VIEW v.plain AS SELECT * FROM v.t;
CREATE VIEW v."Mean ""View"("select", "a""b") AS SELECT id, name FROM v.t WHERE name <> 'it''s' AND at > '2020-01-01 00:00:00+09';
CREATE VIEW v.none AS SELECT;
CREATE VIEW v.barrier WITH (security_barrier) AS SELECT id FROM v.t;
CREATE VIEW v.invoker WITH (security_invoker = true, security_barrier = false) AS SELECT id FROM v.t; --@ 15+
CREATE VIEW v.checked AS SELECT id FROM v.t WHERE id > 0 WITH CHECK OPTION;
CREATE VIEW v.checked_local WITH (security_barrier) AS SELECT id FROM v.t WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW v.a_over_z AS SELECT 1 AS one;
CREATE VIEW v.z_first AS SELECT one FROM v.a_over_z;
CREATE OR REPLACE VIEW v.a_over_z AS SELECT 2 AS one;
CREATE VIEW v.a_late AS SELECT * FROM v.z_first;
-- Read each other: one comes back as a dummy first.
CREATE VIEW v.mutual_a AS SELECT 1 AS x, 'a'::varchar(5) COLLATE "C" AS y;
CREATE VIEW v.mutual_b AS SELECT x, y FROM v.mutual_a;
CREATE OR REPLACE VIEW v.mutual_a AS SELECT x, y::varchar(5) FROM v.mutual_b;
COMMENT ON VIEW v.mutual_a IS 'dummy';
COMMENT ON COLUMN v.mutual_a.y IS 'column of a dummy';
-- Grouped by a key, so valid only after it.
CREATE VIEW v.grouped WITH (security_barrier) AS SELECT id, name, count(*) AS n FROM v.t GROUP BY id;
CREATE VIEW v.over_grouped AS SELECT n FROM v.grouped;
ALTER VIEW v.grouped OWNER TO fixture_owner;
ALTER VIEW v.grouped ALTER name SET DEFAULT 'x';
GRANT SELECT ON v.grouped TO PUBLIC;
GRANT SELECT (n) ON v.grouped TO fixture_owner;
CREATE RECURSIVE VIEW v."recursive"(n) AS VALUES (1) UNION ALL SELECT n + 1 FROM "recursive" WHERE n < 5;
CREATE VIEW v.whole_row AS SELECT t, t.name FROM v.t t;
CREATE VIEW v.uses_row_type_of_view AS SELECT p FROM v.plain p;
