-- What pg_dump does not show, as queries whose results must be equal on both sides. The catalog's own numbering (oids,
-- attribute numbers) may differ. Left out on purpose: enabled subscriptions, which a restore must leave disabled, and
-- settings of all roles, which belong to the cluster.

-- internal triggers of foreign keys that were disabled
SELECT c.conrelid::regclass, c.conname, t.tgtype, t.tgenabled FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint
WHERE t.tgisinternal AND t.tgenabled <> 'O' ORDER BY 1, 2, 3;

-- triggers of every partition
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2;

-- names and validity of constraints, those of partitions among them; a NOT NULL that a partition calls otherwise than
-- the parent, whose own is not valid, must be created by the partition and counts as local then
SELECT conrelid::regclass, contypid::regtype, conname, contype, convalidated, condeferrable, conislocal AND NOT (contype = 'n'
AND EXISTS (SELECT FROM pg_inherits i JOIN pg_constraint p ON p.conrelid = i.inhparent WHERE i.inhrelid = k.conrelid
AND p.contype = 'n' AND NOT p.convalidated AND p.conname <> k.conname)), coninhcount,
pg_get_constraintdef(oid) FROM pg_constraint k ORDER BY 1, 2, 3;

-- validity and roles of indexes
SELECT indexrelid::regclass, indisvalid, indisready, indisclustered, indisreplident, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid >= 16384 AND indisvalid AND indexrelid::regclass::text NOT LIKE 'pg_toast.%' ORDER BY 1;

-- versions of extensions
SELECT extname, extversion, extnamespace::regnamespace FROM pg_extension ORDER BY 1;

-- what a column inherits and what is its own
SELECT attrelid::regclass, attname, atttypid::regtype, attislocal, attinhcount, attstorage FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid WHERE a.attrelid >= 16384 AND attnum > 0 AND NOT attisdropped
AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' ORDER BY 1, 2;

-- comments on objects that every database has
SELECT classoid::regclass, objoid, objsubid, description FROM pg_description WHERE objoid < 16384 ORDER BY 1, 2, 3;

-- user objects in system schemas
SELECT 'relation', relname::text FROM pg_class WHERE oid >= 16384 AND relnamespace::regnamespace::text IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'routine', proname::text FROM pg_proc WHERE oid >= 16384 AND pronamespace::regnamespace::text IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2;
