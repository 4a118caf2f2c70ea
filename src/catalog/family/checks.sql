-- One row a CHECK of a table or foreign table that has to be said: its own ones, those of partitions, which a
-- partition must bring along when it is attached, and inherited ones that differ from their parent's or have a comment.
select k.oid, k.conrelid as relation, c.relkind, n.nspname as schema, c.relname as table, k.conname as name,
       k.convalidated as validated, k.conislocal as local, c.relispartition as partition,
       case when pg_catalog.pg_table_is_visible(c.oid) is not null
            then pg_catalog.pg_get_constraintdef(k.oid) end as definition,
       u.oids as unvalidated_parents,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join (select i.inhrelid, p.conname, pg_catalog.array_agg(p.oid) as oids
           from pg_catalog.pg_constraint p join pg_catalog.pg_inherits i on i.inhparent = p.conrelid
           where p.contype = 'c' and not p.convalidated
           group by i.inhrelid, p.conname) u on u.inhrelid = k.conrelid and u.conname = k.conname
where k.contype = 'c' and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and (k.conislocal or c.relispartition or u.oids is not null or exists (
        select 1 from pg_catalog.pg_description d
        where d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and d.objoid = k.oid))
order by k.conrelid, k.conname
