-- One row a conversion of the user.
select c.oid, n.nspname as schema, c.conname as name, pg_catalog.pg_get_userbyid(c.conowner) as owner,
       pg_catalog.pg_encoding_to_char(c.conforencoding) as from_encoding,
       pg_catalog.pg_encoding_to_char(c.contoencoding) as to_encoding,
       c.conproc::pg_catalog.text as function, c.condefault,
       case when pg_catalog.pg_conversion_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_conversion c join pg_catalog.pg_namespace n on n.oid = c.connamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
