-- One row a foreign key. Copies that the server makes for partitions of either side come by themselves.
select k.oid, k.conrelid as relation, t.relkind as table_kind, n.nspname as schema, t.relname as table,
       k.conname as name, k.confrelid as referenced, k.conindid as index,
       pg_catalog.pg_get_constraintdef(k.oid) as definition
from pg_catalog.pg_constraint k
join pg_catalog.pg_class t on t.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
where k.contype = 'f' and k.conparentid = 0 and t.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by k.oid
