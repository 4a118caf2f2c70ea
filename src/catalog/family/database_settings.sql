-- One row a set of settings for this database: for everybody, or for one role in it.
select r.rolname as role, s.setconfig as settings
from pg_catalog.pg_db_role_setting s
join pg_catalog.pg_database d on d.oid = s.setdatabase and d.datname = pg_catalog.current_database()
left join pg_catalog.pg_roles r on r.oid = s.setrole
order by r.rolname nulls first
