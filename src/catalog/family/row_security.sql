-- One row a table of the user with row security.
select c.oid, n.nspname as schema, c.relname as name
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relrowsecurity and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relpersistence <> 't'
order by c.oid
