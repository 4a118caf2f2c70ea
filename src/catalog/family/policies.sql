-- One row a policy, with the roles that it is for; none: everybody.
select p.oid, p.polrelid as relation, n.nspname as schema, c.relname as table, p.polname as name,
       p.polpermissive, p.polcmd,
       array(select r.rolname from pg_catalog.unnest(p.polroles) o(oid) join pg_catalog.pg_roles r on r.oid = o.oid
             order by r.rolname) as roles,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) as using,
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as with_check
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relpersistence <> 't'
order by p.oid
