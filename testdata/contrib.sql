-- The contents of extensions as objects of a user: base types, hundreds of operators, classes, families and casts.
CREATE SCHEMA contrib;
DO $$
DECLARE
    extension text;
    member record;
    again boolean;
BEGIN
    FOREACH extension IN ARRAY ARRAY['citext', 'hstore', 'cube', 'ltree', 'seg', 'isn', 'intarray', 'pg_trgm', 'btree_gist',
        'btree_gin', 'earthdistance', 'tablefunc', 'fuzzystrmatch', 'uuid-ossp', 'pgcrypto', 'bloom', 'dict_int', 'dict_xsyn',
        'unaccent', 'lo', 'tsm_system_rows', 'xml2', 'intagg']
    LOOP
        EXECUTE format('CREATE EXTENSION %I WITH SCHEMA contrib', extension);
        FOR member IN
            SELECT o.type, o.identity FROM pg_depend d
            JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
            CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) o
            -- Arrays and multiranges go with their type.
            WHERE e.extname = extension AND d.deptype = 'e' AND o.identity NOT LIKE '%[]'
        LOOP
            EXECUTE format('ALTER EXTENSION %I DROP %s %s', extension, member.type, member.identity);
        END LOOP;
    END LOOP;
    LOOP
        again := false;
        FOR extension IN SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' LOOP
            BEGIN
                EXECUTE format('DROP EXTENSION %I', extension);
                again := true;
            EXCEPTION WHEN dependent_objects_still_exist THEN NULL;
            END;
        END LOOP;
        EXIT WHEN NOT again;
    END LOOP;
END $$;
