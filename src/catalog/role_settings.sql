-- One row a role with settings for all databases; NULL stands for all roles.
select s.setrole as oid, r.rolname as name, s.setconfig as settings
from pg_catalog.pg_db_role_setting s left join pg_catalog.pg_roles r on r.oid = s.setrole
where s.setdatabase = 0 and (s.setrole = 0 or r.rolname !~ '^pg_')
order by r.rolname nulls first
