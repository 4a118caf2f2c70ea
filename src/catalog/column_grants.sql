-- One row a column with privileges of its own, system columns and columns of the system included.
select 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid as class, a.attrelid as oid, a.attname as name,
       a.attacl as acl, i.initprivs as initial
from pg_catalog.pg_attribute a
left join pg_catalog.pg_init_privs i on i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                    and i.objoid = a.attrelid and i.objsubid = a.attnum
where a.attacl is distinct from i.initprivs and not a.attisdropped
order by a.attrelid, a.attnum
