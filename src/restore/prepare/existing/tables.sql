-- One row a wanted table that the target has: what decides whether rows of the snapshot can go into it.
with wanted (id, schema, name) as (values $tables)
select w.id, c.oid, c.relkind,
       pg_catalog.row_security_active(c.oid) as guarded,
       pg_catalog.has_table_privilege(c.oid, 'INSERT') as may_insert,
       pg_catalog.has_table_privilege(c.oid, 'SELECT') as may_select,
       pg_catalog.has_table_privilege(c.oid, 'TRUNCATE') as may_truncate,
       case when c.relkind = 'r' then pg_catalog.pg_relation_size(c.oid) > 0 else false end as filled,
       array(select a.attname from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
       array(select pg_catalog.format_type(a.atttypid, a.atttypmod) from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as types,
       array(select a.attname from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> '') as generated,
       array(select a.attname from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               and a.attnotnull and not a.atthasdef and a.attidentity = '') as required,
       -- Those that INSERT fires, bit 4 of tgtype, also on what is above and below it, and when they fire.
       array(select t.tgname from pg_catalog.pg_trigger t
             where t.tgrelid in (select c.oid union select a.relid from pg_catalog.pg_partition_ancestors(c.oid) a (relid)
                                 union select p.relid from pg_catalog.pg_partition_tree(c.oid) p)
               and not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & 4 <> 0
             order by t.tgname) as triggers,
       array(select t.tgname from pg_catalog.pg_trigger t
             where t.tgrelid in (select c.oid union select a.relid from pg_catalog.pg_partition_ancestors(c.oid) a (relid)
                                 union select p.relid from pg_catalog.pg_partition_tree(c.oid) p)
               and not t.tgisinternal and t.tgenabled in ('R', 'A') and t.tgtype & 4 <> 0
             order by t.tgname) as replica_triggers,
       -- Those that can turn a row away: before, 2, each row, 1.
       array(select t.tgname from pg_catalog.pg_trigger t
             where t.tgrelid in (select c.oid union select a.relid from pg_catalog.pg_partition_ancestors(c.oid) a (relid)
                                 union select p.relid from pg_catalog.pg_partition_tree(c.oid) p)
               and not t.tgisinternal and t.tgtype & 7 = 7) as turning,
       -- What ON CONFLICT cannot be used beside: any rule for UPDATE, 2, and those for INSERT, 3, that fire.
       array(select r.rulename from pg_catalog.pg_rewrite r
             where r.ev_class = c.oid and (r.ev_type = '2' or r.ev_type = '3' and r.ev_enabled in ('O', 'A'))
             order by r.rulename) as rules,
       array(select r.rulename from pg_catalog.pg_rewrite r
             where r.ev_class = c.oid and (r.ev_type = '2' or r.ev_type = '3' and r.ev_enabled in ('R', 'A'))
             order by r.rulename) as replica_rules,
       -- Itself and the partitioned tables above it.
       array(select c.oid union select a.relid from pg_catalog.pg_partition_ancestors(c.oid) as a (relid)) as family
from wanted w
join pg_catalog.pg_namespace n on n.nspname = w.schema
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
where c.relkind in ('r', 'p', 'f', 'v', 'm')
