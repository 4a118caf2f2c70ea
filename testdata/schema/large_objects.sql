-- Large objects: empty, sparse, long, of other owners and with grants, in groups.
DO $$ DECLARE r text; BEGIN
    FOREACH r IN ARRAY ARRAY['large_a', 'large "b" ''c'' %s'] LOOP
        BEGIN EXECUTE format('CREATE ROLE %I', r); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
    END LOOP;
END $$;
SELECT lo_create(424400);
SELECT lo_from_bytea(424401, decode(repeat('00ff', 100000), 'hex'));
SELECT lo_create(424402);
SELECT lo_put(424402, 1000000, 'after a hole');
SELECT lo_create(o) FROM generate_series(424403, 424410) o;
ALTER LARGE OBJECT 424403 OWNER TO "large ""b"" 'c' %s";
ALTER LARGE OBJECT 424405 OWNER TO "large ""b"" 'c' %s";
ALTER LARGE OBJECT 424407 OWNER TO large_a;
GRANT SELECT, UPDATE ON LARGE OBJECT 424408, 424410 TO large_a, "large ""b"" 'c' %s";
GRANT SELECT ON LARGE OBJECT 424409 TO PUBLIC;
REVOKE ALL ON LARGE OBJECT 424404 FROM CURRENT_USER;
COMMENT ON LARGE OBJECT 424410 IS 'it''s large';
COMMENT ON LARGE OBJECT 424405 IS 'in a group';
SELECT lo_create(77);
COMMENT ON LARGE OBJECT 77 IS 'of a small number';
GRANT SELECT ON LARGE OBJECT 77 TO large_a;
