-- One row an access method that did not come with the server.
select a.oid, a.amname as name, a.amtype, a.amhandler::pg_catalog.text as handler
from pg_catalog.pg_am a
where a.oid >= 16384
order by a.oid
