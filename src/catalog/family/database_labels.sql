-- One row a security label of this database.
select l.provider, l.label
from pg_catalog.pg_shseclabel l
join pg_catalog.pg_database d on d.oid = l.objoid and d.datname = pg_catalog.current_database()
where l.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass
order by l.provider
