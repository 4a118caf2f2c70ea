-- One row a database that can be dumped, the largest first. Its size is shown only to roles that may connect to it.
select d.datname as name
from pg_catalog.pg_database d
where d.datallowconn and not d.datistemplate and d.datconnlimit <> -2
order by case when pg_catalog.has_database_privilege(d.oid, 'CONNECT') then pg_catalog.pg_database_size(d.oid) else 0 end
         desc, d.datname
