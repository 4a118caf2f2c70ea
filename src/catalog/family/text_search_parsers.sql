-- One row a text search parser of the user.
select p.oid, n.nspname as schema, p.prsname as name,
       p.prsstart::pg_catalog.text as start, p.prstoken::pg_catalog.text as get_token, p.prsend::pg_catalog.text as end,
       nullif(p.prsheadline::pg_catalog.text, '-') as headline, p.prslextype::pg_catalog.text as token_types
from pg_catalog.pg_ts_parser p join pg_catalog.pg_namespace n on n.oid = p.prsnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by p.oid
