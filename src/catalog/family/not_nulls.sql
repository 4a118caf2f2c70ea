-- One row a NOT NULL constraint of a table or foreign table; servers before 18 know only a flag of the column.
select k.oid, k.conrelid as relation, k.conkey[1] as number, c.relkind, n.nspname as schema, c.relname as table,
       k.conname as name, k.convalidated as validated, k.conislocal as local, c.relispartition as partition,
       k.connoinherit as no_inherit, n.nspname !~ '^pg_' and n.nspname <> 'information_schema' as kept,
       u.oids as unvalidated_parents, u.names as unvalidated_names,
       u.validated as valid_parent, u.valid_name as inherited_name,
       case when not k.convalidated and not k.conislocal and k.conname <> all (u.names) then u.names[1] end as renamed,
       exists (select 1 from pg_catalog.pg_description d
               where d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and d.objoid = k.oid) as commented
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
left join (select i.inhrelid, pa.attname, pg_catalog.bool_or(p.convalidated) as validated,
                  (pg_catalog.array_agg(p.conname order by i.inhseqno) filter (where p.convalidated))[1] as valid_name,
                  pg_catalog.array_agg(p.conname order by i.inhseqno) filter (where not p.convalidated) as names,
                  pg_catalog.array_agg(p.oid) filter (where not p.convalidated) as oids
           from pg_catalog.pg_constraint p
           join pg_catalog.pg_inherits i on i.inhparent = p.conrelid
           join pg_catalog.pg_attribute pa on pa.attrelid = p.conrelid and pa.attnum = p.conkey[1]
           where p.contype = 'n'
           group by i.inhrelid, pa.attname) u on u.inhrelid = k.conrelid and u.attname = a.attname
where k.contype = 'n' and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  and (n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       or c.oid in (select i.inhparent from pg_catalog.pg_inherits i))
order by k.conrelid, k.conkey[1]
