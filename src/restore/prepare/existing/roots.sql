-- One row a partitioned table among the wanted relations, with its partitions that hold rows.
with wanted (oid) as (values $oids)
select c.oid, n.nspname as schema, c.relname as name,
       array(select t.relid::pg_catalog.oid from pg_catalog.pg_partition_tree(c.oid) t where t.isleaf) as leaves
from wanted w
join pg_catalog.pg_class c on c.oid = w.oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'p'
