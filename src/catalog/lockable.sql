-- One row a relation that LOCK TABLE accepts (tables and partitioned tables), with what stands in the way of reading it.
select c.oid, c.relkind, c.relpersistence, n.nspname as schema, c.relname as name,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) as usable,
       coalesce(pg_catalog.has_table_privilege(c.oid, 'SELECT'), false) as readable,
       pg_catalog.pg_table_is_visible(c.oid) is null as gone,
       c.relrowsecurity and pg_catalog.row_security_active(c.oid) as filtered,
       exists (select 1 from pg_catalog.pg_depend d
               where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'e'
                 and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid) as member,
       exists (select 1 from pg_catalog.pg_extension e where c.oid = any (e.extconfig)) as configuration
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
