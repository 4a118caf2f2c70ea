-- One row a text search template of the user.
select t.oid, n.nspname as schema, t.tmplname as name,
       nullif(t.tmplinit::pg_catalog.text, '-') as init, t.tmpllexize::pg_catalog.text as lexize
from pg_catalog.pg_ts_template t join pg_catalog.pg_namespace n on n.oid = t.tmplnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by t.oid
