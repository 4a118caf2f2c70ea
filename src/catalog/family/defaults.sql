-- One row a default or generation expression of a column; a parent's are read to compare with its children's.
select d.oid, d.adrelid as relation, d.adnum as number, c.relkind, n.nspname as schema, c.relname as table,
       c.relispartition as partition, n.nspname !~ '^pg_' and n.nspname <> 'information_schema' as kept,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_attrdef d
join pg_catalog.pg_class c on c.oid = d.adrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f', 'v') and c.relpersistence <> 't'
  and (n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       or c.oid in (select i.inhparent from pg_catalog.pg_inherits i))
order by d.adrelid, d.adnum
