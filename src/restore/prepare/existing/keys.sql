-- One row a foreign key from or to a wanted relation, the copies for partitions included.
with wanted (oid) as (values $oids)
select k.conname as name, k.conrelid as child, k.confrelid as parent, k.condeferrable as deferrable,
       n.nspname as schema, c.relname as table
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where k.contype = 'f'
  and k.conenforced --@ 18+
  and (k.conrelid in (select oid from wanted) or k.confrelid in (select oid from wanted))
order by n.nspname, c.relname, k.conname
