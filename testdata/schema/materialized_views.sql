-- Materialized views.
SELECT 'CREATE ROLE fixture_owner' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'fixture_owner') \gexec
SET allow_in_place_tablespaces = on;
SELECT 'CREATE TABLESPACE "Fixture Space" LOCATION ''''' WHERE NOT EXISTS (SELECT 1 FROM pg_tablespace WHERE spcname = 'Fixture Space') \gexec
CREATE SCHEMA m;
GRANT CREATE, USAGE ON SCHEMA m TO fixture_owner;
CREATE TABLE m.t (id int PRIMARY KEY, name text);
INSERT INTO m.t VALUES (1, 'one'), (2, 'two');
GRANT SELECT ON m.t TO fixture_owner;
CREATE MATERIALIZED VIEW m.z_plain WITH (fillfactor = 60, toast.autovacuum_enabled = false) AS SELECT id, name FROM m.t;
ALTER MATERIALIZED VIEW m.z_plain ALTER id SET STATISTICS 3, ALTER name SET STORAGE EXTERNAL;
ALTER MATERIALIZED VIEW m.z_plain ALTER name SET COMPRESSION pglz; --@ 14+
CREATE UNIQUE INDEX z_plain_id ON m.z_plain (id);
ALTER MATERIALIZED VIEW m.z_plain CLUSTER ON z_plain_id;
CREATE VIEW m.between AS SELECT id FROM m.z_plain;
CREATE MATERIALIZED VIEW m.a_chain TABLESPACE "Fixture Space" AS SELECT count(*) FROM m.between;
CREATE MATERIALIZED VIEW m."Empty ""M" AS SELECT 1 AS one WITH NO DATA;
CREATE MATERIALIZED VIEW m.grouped AS SELECT id, name, count(*) FROM m.t GROUP BY id;
CREATE MATERIALIZED VIEW m.over_grouped AS SELECT id FROM m.grouped;
CREATE INDEX ON m.over_grouped (id);
CREATE VIEW m.view_over_grouped AS SELECT id FROM m.over_grouped;
ALTER MATERIALIZED VIEW m.z_plain OWNER TO fixture_owner;
COMMENT ON MATERIALIZED VIEW m.grouped IS 'moved';
COMMENT ON COLUMN m.grouped.name IS 'moved too';
GRANT SELECT ON m.grouped TO PUBLIC;
CREATE MATERIALIZED VIEW m.none AS SELECT;
