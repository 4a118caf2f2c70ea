-- One row a foreign server.
select s.oid, s.srvname as name, pg_catalog.pg_get_userbyid(s.srvowner) as owner, s.srvacl as acl,
       pg_catalog.acldefault('S', s.srvowner) as acl_default,
       s.srvtype as type, s.srvversion as version, w.fdwname as wrapper, s.srvoptions as options
from pg_catalog.pg_foreign_server s join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw
order by s.oid
