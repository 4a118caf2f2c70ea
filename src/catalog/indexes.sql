-- One row an index that no constraint made. What is not valid came from a failed CREATE INDEX CONCURRENTLY and is left
-- out; on partitioned tables it only means that not every partition has one.
select x.indexrelid as oid, x.indrelid as relation, t.relkind as table_kind, n.nspname as schema, c.relname as name,
       t.relname as table, pg_catalog.pg_get_indexdef(x.indexrelid) as definition,
       x.indisclustered as clustered, x.indisreplident as replica_identity,
       coalesce(s.spcname, '') as tablespace,
       (select pg_catalog.array_agg(v.attnum order by v.attnum) from pg_catalog.pg_attribute v
        where v.attrelid = x.indexrelid and v.attstattarget >= 0) as statistics_columns,
       (select pg_catalog.array_agg(v.attstattarget order by v.attnum) from pg_catalog.pg_attribute v
        where v.attrelid = x.indexrelid and v.attstattarget >= 0) as statistics_targets,
       array(select e.extname from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
             where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = x.indexrelid
               and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'x'
             order by e.extname) as extensions
from pg_catalog.pg_index x
join pg_catalog.pg_class c on c.oid = x.indexrelid
join pg_catalog.pg_class t on t.oid = x.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
where t.relkind in ('r', 'p', 'm') and t.relpersistence <> 't' and x.indisready and (x.indisvalid or t.relkind = 'p')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select 1 from pg_catalog.pg_constraint k
                  where k.conrelid = x.indrelid and k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
order by x.indexrelid
