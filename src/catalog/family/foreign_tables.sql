-- One row a foreign table of the user.
select c.oid, n.nspname as schema, c.relname as name, pg_catalog.pg_get_userbyid(c.relowner) as owner,
       c.relispartition as partition, s.srvname as server, f.ftoptions as fdw_options,
       c.relacl as acl, pg_catalog.acldefault('r', c.relowner) as acl_default,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_foreign_table f
join pg_catalog.pg_class c on c.oid = f.ftrelid
join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
