-- One row an object with privileges from the start: of initdb, or of the script of its extension.
select i.classoid as class, i.objoid as oid, i.initprivs as acl
from pg_catalog.pg_init_privs i
where i.objsubid = 0
