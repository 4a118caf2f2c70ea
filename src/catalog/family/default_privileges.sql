-- One row a set of default privileges. Those for all schemas change what every object has from the start, those of one
-- schema only add to it.
select d.oid, pg_catalog.pg_get_userbyid(d.defaclrole) as role, n.nspname as schema, d.defaclobjtype,
       d.defaclacl as acl,
       case when d.defaclnamespace = 0
            then pg_catalog.acldefault(case d.defaclobjtype when 'S' then 's'::"char" else d.defaclobjtype end,
                                       d.defaclrole)
       end as acl_default
from pg_catalog.pg_default_acl d
left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
order by d.oid
