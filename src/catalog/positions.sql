-- One row a sequence of the user: where it stands. Up to 17 the function is null for a sequence that was never called
-- or was set with is_called = false; those are read one by one, in batches.
select c.oid, n.nspname as schema, c.relname as name, p.last_value, p.is_called   --@ 18+
select c.oid, n.nspname as schema, c.relname as name,                             --@ ..17
       pg_catalog.pg_sequence_last_value(c.oid) as last_value, true as is_called  --@ ..17
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral pg_catalog.pg_get_sequence_data(c.oid) p                       --@ 18+
where c.relkind = 'S' and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and case when c.relkind = 'S' and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
           then coalesce(pg_catalog.has_sequence_privilege(c.oid, 'SELECT'), false) else false end
  and not (c.relpersistence = 'u' and pg_catalog.pg_is_in_recovery())
order by c.oid
