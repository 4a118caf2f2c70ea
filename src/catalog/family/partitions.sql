-- One row a parent of a table or foreign table of the user, in the order of its INHERITS list; of a partition, its bound.
select c.oid as child, cn.nspname as child_schema, c.relname as child_name,
       p.oid as parent, pn.nspname as parent_schema, p.relname as parent_name,
       case when c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid) end as bound,
       i.inhdetachpending as detaching                                                                       --@ 14+
       false as detaching                                                                                    --@ ..13
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid
join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
join pg_catalog.pg_class p on p.oid = i.inhparent
join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  and cn.nspname !~ '^pg_' and cn.nspname <> 'information_schema'
order by i.inhrelid, i.inhseqno
