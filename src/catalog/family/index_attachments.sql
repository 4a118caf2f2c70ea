-- One row an index of a partition that belongs to an index of the parent. Indexes of exclusion constraints cannot be
-- attached: the server finds no two of them equal, so the whole tree gets its constraint at once.
select c.oid as child, n.nspname as schema, c.relname as name, t.relname as table, x.indrelid as child_table,
       p.oid as parent, pn.nspname as parent_schema, p.relname as parent_name, px.indrelid as parent_table
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_index x on x.indexrelid = c.oid
join pg_catalog.pg_class t on t.oid = x.indrelid
join pg_catalog.pg_class p on p.oid = i.inhparent
join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
join pg_catalog.pg_index px on px.indexrelid = p.oid
where c.relkind in ('i', 'I') and x.indisready and (x.indisvalid or c.relkind = 'I')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not x.indisexclusion
order by c.oid
