-- One row a primary key, unique or exclusion constraint, with what its index alone knows.
select k.oid, k.conrelid as relation, k.conindid as index, k.contype, t.relkind as table_kind, n.nspname as schema,
       t.relname as table,
       k.conname as name, c.relname as index_name,
       k.condeferrable as deferrable, k.condeferred as deferred,
       x.indkey as columns, x.indnkeyatts as key_columns,
       x.indnullsnotdistinct as nulls_not_distinct,                                                          --@ 15+
       false as nulls_not_distinct,                                                                          --@ ..14
       k.conperiod as period,                                                                                --@ 18+
       false as period,                                                                                      --@ ..17
       c.reloptions as options, coalesce(s.spcname, '') as tablespace,
       case when k.contype = 'x' and pg_catalog.pg_table_is_visible(t.oid) is not null
            then pg_catalog.pg_get_constraintdef(k.oid) end as definition,
       k.contype = 'x' and (t.relkind = 'p' or k.conparentid <> 0) as whole_tree, k.conparentid as parent,
       pt.relname as parent_table, pn.nspname as parent_schema, pk.conname as parent_name, pc.reloptions as parent_options,
       nn.oids as not_nulls,                                                                                 --@ 18+
       null as not_nulls,                                                                                    --@ ..17
       x.indisclustered as clustered, x.indisreplident as replica_identity,
       exists (select 1 from pg_catalog.pg_description d
               where d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objoid = c.oid) as index_commented,
       e.names as extensions,
       case when pg_catalog.pg_table_is_visible(t.oid) is null then array[t.tableoid, t.oid] end as gone
from pg_catalog.pg_constraint k
join pg_catalog.pg_class t on t.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
join pg_catalog.pg_class c on c.oid = k.conindid
join pg_catalog.pg_index x on x.indexrelid = k.conindid
left join pg_catalog.pg_constraint pk on pk.oid = k.conparentid
left join pg_catalog.pg_class pt on pt.oid = pk.conrelid
left join pg_catalog.pg_namespace pn on pn.oid = pt.relnamespace
left join pg_catalog.pg_class pc on pc.oid = pk.conindid
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
left join (select p.oid, pg_catalog.array_agg(n.oid order by n.oid) as oids                                  --@ 18+
           from pg_catalog.pg_constraint p join pg_catalog.pg_constraint n on n.conrelid = p.conrelid        --@ 18+
           where p.contype = 'p' and n.contype = 'n' and n.conkey <@ p.conkey                                --@ 18+
           group by p.oid) nn on nn.oid = k.oid                                                              --@ 18+
left join (select d.objid, pg_catalog.array_agg(e.extname order by e.extname) as names
           from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
           where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype = 'x'
             and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
           group by d.objid) e on e.objid = c.oid
where k.contype in ('p', 'u', 'x') and t.relkind in ('r', 'p') and t.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and x.indisready and (x.indisvalid or t.relkind = 'p')
order by k.oid
