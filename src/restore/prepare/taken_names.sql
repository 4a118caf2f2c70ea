-- One row a wanted name that a relation, an index or a type of the target has.
with wanted (schema, name) as (values $places)
select w.schema, w.name
from wanted w join pg_catalog.pg_namespace n on n.nspname = w.schema
where exists (select from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = w.name)
   or exists (select from pg_catalog.pg_type t where t.typnamespace = n.oid and t.typname = w.name)
   or exists (select from pg_catalog.pg_statistic_ext e where e.stxnamespace = n.oid and e.stxname = w.name)
order by w.schema, w.name
