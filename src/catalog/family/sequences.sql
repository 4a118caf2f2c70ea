-- One row a sequence of the user, with the column that owns it.
select c.oid, n.nspname as schema, c.relname as name, pg_catalog.pg_get_userbyid(c.relowner) as owner,
       c.relpersistence, coalesce(s.spcname, '') as tablespace,
       pg_catalog.format_type(q.seqtypid, null) as type,
       q.seqstart as start, q.seqincrement as increment, q.seqmin as minimum, q.seqmax as maximum,
       q.seqcache as cache, q.seqcycle as cycle,
       d.deptype, t.oid as table_oid, t.relkind as table_kind, tn.nspname as table_schema, t.relname as table_name,
       t.relpersistence as table_persistence,                                                                --@ 15+
       -- Sequences of unlogged tables were logged, and could not be changed.
       c.relpersistence as table_persistence,                                                                --@ ..14
       a.attname as column_name, a.attidentity as identity,
       exists (select 1 from pg_catalog.pg_extension e where c.oid = any (e.extconfig)) as configuration,
       c.relacl as acl, pg_catalog.acldefault('s', c.relowner) as acl_default,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_sequence q on q.seqrelid = c.oid
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
 and d.objsubid = 0 and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid <> 0
 and d.deptype in ('a', 'i')
left join pg_catalog.pg_class t on t.oid = d.refobjid
left join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
left join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where c.relkind = 'S' and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
