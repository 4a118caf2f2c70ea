-- One row a user mapping. The view is readable by everybody but hides options from most; `visible` is its condition.
select m.umid as oid, s.srvname as server, case when m.umuser <> 0 then m.usename end as role, m.umoptions as options,
       m.umuser <> 0 and m.usename = current_user
         and (pg_catalog.pg_has_role(s.srvowner, 'USAGE') or pg_catalog.has_server_privilege(s.oid, 'USAGE'))
       or m.umuser = 0 and pg_catalog.pg_has_role(s.srvowner, 'USAGE')
       or (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user) as visible
from pg_catalog.pg_user_mappings m join pg_catalog.pg_foreign_server s on s.oid = m.srvid
order by m.umid
