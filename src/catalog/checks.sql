-- One row a CHECK of a table or foreign table that has to be said: its own ones, those of partitions, which a
-- partition must bring along when it is attached, and inherited ones with a comment.
select k.oid, k.conrelid as relation, c.relkind, n.nspname as schema, c.relname as table, k.conname as name,
       k.convalidated as validated, k.conislocal or c.relispartition as local,
       pg_catalog.pg_get_constraintdef(k.oid) as definition
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where k.contype = 'c' and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  -- What is not valid is added to the parent after the rows, and comes to the children from there.
  and (k.conislocal or k.convalidated and (c.relispartition or exists (
        select 1 from pg_catalog.pg_description d
        where d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and d.objoid = k.oid)))
order by k.conrelid, k.conname
