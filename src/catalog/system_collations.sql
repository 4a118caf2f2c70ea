-- One row a collation of the system, which definitions may name and another server may lack.
select c.oid, c.collname as name
from pg_catalog.pg_collation c
where c.collnamespace = 'pg_catalog'::pg_catalog.regnamespace
