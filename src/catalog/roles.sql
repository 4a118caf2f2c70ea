-- One row a role. `$1` is the catalog with the verifiers of passwords, or the view without them, and `$2` the password.
select r.oid, r.rolname as name, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,
       r.rolreplication, r.rolbypassrls, nullif(r.rolconnlimit, -1) as connections, $2 as password,
       r.rolvaliduntil as valid_until,
       pg_catalog.shobj_description(r.oid, 'pg_authid') as comment,
       array(select p from pg_catalog.pg_shseclabel l
             cross join lateral pg_catalog.unnest(array[l.provider, l.label]) with ordinality u(p, at)
             where l.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass and l.objoid = r.oid
             order by l.provider, u.at) as labels
from $1 r
where r.rolname !~ '^pg_'
order by r.rolname
