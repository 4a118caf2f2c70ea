-- One row an extension; the one that initdb installs (plpgsql) is in every database already.
select e.oid, e.extname as name, n.nspname as schema
from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
where e.oid >= 16384
order by e.oid
