-- One row: what a restore has to know of the database that it writes to.
select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as version,
       pg_catalog.current_database() as database,
       pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
       d.datcollate as collate, d.datctype as ctype,
       current_user as role,
       pg_catalog.has_database_privilege(d.oid, 'CREATE') as may_create,
       pg_catalog.pg_is_in_recovery() as standby,
       pg_catalog.current_setting('max_connections')::pg_catalog.int8
         - (select pg_catalog.count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend') as free,
       array(select rolname from pg_catalog.pg_roles) as roles,
       array(select name from pg_catalog.pg_available_extensions) as extensions,
       array(select spcname from pg_catalog.pg_tablespace) as tablespaces,
       array(select amname from pg_catalog.pg_am where amtype = 't') as access_methods
from pg_catalog.pg_database d, pg_catalog.pg_roles r
where d.datname = pg_catalog.current_database() and r.rolname = current_user
