-- One row a transform.
select t.oid, pg_catalog.format_type(t.trftype, null) as type, l.lanname as language,
       case when t.trffromsql <> 0 then t.trffromsql::pg_catalog.oid::pg_catalog.regprocedure end as from_sql,
       case when t.trftosql <> 0 then t.trftosql::pg_catalog.oid::pg_catalog.regprocedure end as to_sql
from pg_catalog.pg_transform t join pg_catalog.pg_language l on l.oid = t.trflang
where t.oid >= 16384
order by t.oid
