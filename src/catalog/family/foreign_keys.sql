-- One row a foreign key. Copies that the server makes for partitions of either side come by themselves, but for one that
-- a partition had before its parent: it kept its name and whether it is valid.
select k.oid, k.conrelid as relation, t.relkind as table_kind, n.nspname as schema, t.relname as table,
       k.conname as name, k.confrelid as referenced, k.conindid as index,
       case when pg_catalog.pg_table_is_visible(t.oid) is not null
            then pg_catalog.pg_get_constraintdef(k.oid) end as definition, k.convalidated as valid,
       k.conenforced as enforced,                                                                            --@ 18+
       true as enforced,                                                                                     --@ ..17
       case when k.conparentid <> 0 then (
           with recursive up(oid, parent) as (
               select u.oid, u.conparentid from pg_catalog.pg_constraint u where u.oid = k.conparentid
               union all
               select u.oid, u.conparentid from up join pg_catalog.pg_constraint u on u.oid = up.parent)
           select up.oid from up where up.parent = 0) end as top,
       case when pg_catalog.pg_table_is_visible(t.oid) is null then array[t.tableoid, t.oid] end as gone
from pg_catalog.pg_constraint k
join pg_catalog.pg_class t on t.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
left join pg_catalog.pg_constraint p on p.oid = k.conparentid
where k.contype = 'f' and t.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and (k.conparentid = 0 or p.conrelid <> k.conrelid and p.confrelid = k.confrelid
       and (p.conname <> k.conname or p.convalidated <> k.convalidated))
order by k.oid
