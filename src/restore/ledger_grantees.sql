-- One row a role beside the owner that got privileges on a new ledger, by default privileges; NULL is everybody.
with place as (select n.oid, n.nspowner as owner, n.nspacl as acl from pg_catalog.pg_namespace n where n.nspname = 'pgkeep_restore')
select distinct case when g.grantee <> 0 then pg_catalog.pg_get_userbyid(g.grantee) end as role
from (select a.grantee, p.owner from place p cross join lateral pg_catalog.aclexplode(p.acl) a
      union all
      select a.grantee, c.relowner from place p join pg_catalog.pg_class c on c.relnamespace = p.oid
      cross join lateral pg_catalog.aclexplode(c.relacl) a) g
where g.grantee <> g.owner
