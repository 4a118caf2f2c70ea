-- One row a constraint of a domain of the user.
select c.oid, c.contypid as domain, c.conname as name, c.contype, c.convalidated,
       case when pg_catalog.pg_type_is_visible(t.oid) is not null
            then pg_catalog.pg_get_constraintdef(c.oid) end as definition,
       case when pg_catalog.pg_type_is_visible(t.oid) is null then array[t.tableoid, t.oid] end as gone
from pg_catalog.pg_constraint c
join pg_catalog.pg_type t on t.oid = c.contypid
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.contypid, c.conname
