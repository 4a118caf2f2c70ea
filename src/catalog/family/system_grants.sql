-- One row a relation of pg_catalog, or that schema itself, whose privileges are not those that initdb left, be it only
-- on a column.
select c.oid, n.nspname as schema, c.relname as name, c.relkind, c.relacl as acl,
       pg_catalog.acldefault('r', c.relowner) as acl_default
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_init_privs i on i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and i.objoid = c.oid
                                    and i.objsubid = 0
where n.nspname = 'pg_catalog' and c.relkind in ('r', 'v')
  and (c.relacl is distinct from i.initprivs
       or c.oid in (select a.attrelid from pg_catalog.pg_attribute a
                    left join pg_catalog.pg_init_privs ai
                      on ai.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and ai.objoid = a.attrelid
                     and ai.objsubid = a.attnum
                    where a.attacl is not null and a.attacl is distinct from ai.initprivs
                    union all
                    select ai.objoid from pg_catalog.pg_init_privs ai
                    join pg_catalog.pg_attribute a on a.attrelid = ai.objoid and a.attnum = ai.objsubid
                    where ai.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and ai.objsubid <> 0
                      and a.attacl is null))
union all
select n.oid, null, n.nspname, null, n.nspacl, pg_catalog.acldefault('n', n.nspowner)
from pg_catalog.pg_namespace n
left join pg_catalog.pg_init_privs i on i.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and i.objoid = n.oid
where n.nspname = 'pg_catalog' and n.nspacl is distinct from i.initprivs
order by 1
