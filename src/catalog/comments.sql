-- One row a comment on something of the user. A composite type is meant where the catalog names its relation, a
-- constraint where it names the index. Large objects may have any number.
select case when c.relkind = 'c' then 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid
            when k.oid is not null then 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid
            else d.classoid end as class,
       case when c.relkind = 'c' then c.reltype else coalesce(k.oid, d.objoid) end as oid,
       k.oid is not null as of_index, d.objsubid as number, d.description as comment
from pg_catalog.pg_description d
left join pg_catalog.pg_class c on d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.oid = d.objoid
left join pg_catalog.pg_constraint k on c.relkind in ('i', 'I') and k.conindid = c.oid and k.contype in ('p', 'u', 'x')
where d.objoid >= 16384
   or d.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass
   or d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
   and d.objoid in (select n.oid from pg_catalog.pg_namespace n where n.nspname = 'public')
order by d.classoid, d.objoid, d.objsubid
