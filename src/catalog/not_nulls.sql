-- One row a NOT NULL constraint of a table or foreign table; servers before 18 know only a flag of the column.
select k.oid, k.conrelid as relation, k.conkey[1] as number, c.relkind, n.nspname as schema, c.relname as table,
       k.conname as name, k.convalidated as validated, k.conislocal as local, c.relispartition as partition,
       k.connoinherit as no_inherit, n.nspname !~ '^pg_' and n.nspname <> 'information_schema' as kept,
       exists (select 1 from pg_catalog.pg_description d
               where d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and d.objoid = k.oid) as commented
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where k.contype = 'n' and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  and (n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       or c.oid in (select i.inhparent from pg_catalog.pg_inherits i))
order by k.conrelid, k.conkey[1]
