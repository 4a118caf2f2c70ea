-- One row an index that no constraint made. What is not valid came from a failed CREATE INDEX CONCURRENTLY and is left
-- out; on partitioned tables it only means that not every partition has one.
select x.indexrelid as oid, x.indrelid as relation, t.relkind as table_kind, n.nspname as schema, c.relname as name,
       t.relname as table, pg_catalog.pg_get_indexdef(x.indexrelid) as definition,
       x.indisclustered as clustered, x.indisreplident as replica_identity,
       coalesce(s.spcname, '') as tablespace,
       v.columns as statistics_columns, v.targets as statistics_targets, e.names as extensions,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_index x
join pg_catalog.pg_class c on c.oid = x.indexrelid
join pg_catalog.pg_class t on t.oid = x.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
left join (select a.attrelid, pg_catalog.array_agg(a.attnum order by a.attnum) as columns,
                  pg_catalog.array_agg(a.attstattarget order by a.attnum) as targets
           from pg_catalog.pg_attribute a join pg_catalog.pg_index i on i.indexrelid = a.attrelid
           where a.attstattarget >= 0
           group by a.attrelid) v on v.attrelid = x.indexrelid
left join (select d.objid, pg_catalog.array_agg(e.extname order by e.extname) as names
           from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
           where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype = 'x'
             and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
           group by d.objid) e on e.objid = x.indexrelid
where t.relkind in ('r', 'p', 'm') and t.relpersistence <> 't' and x.indisready and (x.indisvalid or t.relkind = 'p')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select 1 from pg_catalog.pg_constraint k
                  where k.conrelid = x.indrelid and k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
order by x.indexrelid
