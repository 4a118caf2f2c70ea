-- One row a security label. A composite type is meant where the catalog names its relation. Subscriptions are shared
-- between databases, and so are their labels.
select case when c.relkind = 'c' then 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid else l.classoid end as class,
       case when c.relkind = 'c' then c.reltype else l.objoid end as oid,
       false as of_index, l.objsubid as number, l.provider, l.label
from pg_catalog.pg_seclabel l
left join pg_catalog.pg_class c on l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.oid = l.objoid
union all
select l.classoid, l.objoid, false, 0, l.provider, l.label
from pg_catalog.pg_shseclabel l
where l.classoid = 'pg_catalog.pg_subscription'::pg_catalog.regclass
order by 1, 2, 4, 5
