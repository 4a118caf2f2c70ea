-- One row a column with privileges of its own, system columns and columns of the system included: those with privileges
-- that differ from what initdb or an extension left, and those that lost all that these had left. Apart, since hardly
-- any column has privileges at all.
select 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid as class, a.attrelid as oid, a.attnum as number,
       a.attname as name, a.attacl as acl, i.initprivs as initial
from pg_catalog.pg_attribute a
left join pg_catalog.pg_init_privs i on i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                    and i.objoid = a.attrelid and i.objsubid = a.attnum
where a.attacl is not null and a.attacl is distinct from i.initprivs and not a.attisdropped
union all
select i.classoid, a.attrelid, a.attnum, a.attname, null, i.initprivs
from pg_catalog.pg_init_privs i
join pg_catalog.pg_attribute a on a.attrelid = i.objoid and a.attnum = i.objsubid
where i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and i.objsubid <> 0 and a.attacl is null
  and not a.attisdropped
order by oid, number
