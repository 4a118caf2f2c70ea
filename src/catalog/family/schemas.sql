-- One row a schema of the user, public included.
select n.oid,
       n.nspname as name,
       pg_catalog.pg_get_userbyid(n.nspowner) as owner,
       n.nspacl as acl,
       -- The grants of public are compared with what 15 and later make, whatever the source (pg-objects 3.9).
       case when n.nspname = 'public'
            then pg_catalog.acldefault('n', n.nspowner)
                 || pg_catalog.makeaclitem(0, n.nspowner, 'USAGE', false)
            else pg_catalog.acldefault('n', n.nspowner) end as acl_default,
       case when pg_catalog.has_schema_privilege(n.oid, 'USAGE') is null then array[n.tableoid, n.oid] end as gone
from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.oid
