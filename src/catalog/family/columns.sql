-- One row a column of a table, foreign table, view or materialized view of the user, or of a table that one of these
-- inherits from.
select a.attrelid as relation, a.attnum as number, a.attname as name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
       case when a.attcollation <> t.typcollation then cn.nspname end as collation_schema,
       case when a.attcollation <> t.typcollation then co.collname end as collation_name,
       a.attnotnull as not_null, a.attislocal as local,
       a.attgenerated as generated,
       a.attstorage as storage, t.typstorage as type_storage,
       a.attcompression as compression,                                                                      --@ 14+
       '' as compression,                                                                                    --@ ..13
       case when a.attstattarget >= 0 then a.attstattarget end as statistics,
       a.attoptions as options, a.attfdwoptions as fdw_options
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_collation co on co.oid = a.attcollation and a.attcollation <> t.typcollation
left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
where a.attnum > 0 and not a.attisdropped
  and c.relkind in ('r', 'p', 'f', 'v', 'm') and c.relpersistence <> 't'
  and (n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       or c.oid in (select i.inhparent from pg_catalog.pg_inherits i))
order by a.attrelid, a.attnum
