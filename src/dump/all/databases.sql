-- One row a database, the largest first, and whether it can be dumped. Its size is shown only to roles that may connect
-- to it.
select d.datname as name, d.datallowconn and not d.datistemplate and d.datconnlimit <> -2 as open
from pg_catalog.pg_database d
order by case when d.datallowconn and pg_catalog.has_database_privilege(d.oid, 'CONNECT')
              then pg_catalog.pg_database_size(d.oid) else 0 end desc, d.datname
