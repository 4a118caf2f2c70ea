-- One row a subscription of this database: what anybody may read of it.
select s.subname as name
from pg_catalog.pg_subscription s
where s.subdbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
order by s.subname
