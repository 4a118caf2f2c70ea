-- One row a rule of the user on a relation, but for the queries of views.
select r.oid, r.ev_class as relation, n.nspname as schema, c.relname as table, r.rulename as name, r.ev_enabled,
       case when pg_catalog.pg_table_is_visible(c.oid) is not null
            then pg_catalog.pg_get_ruledef(r.oid) end as definition,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where r.ev_type <> '1' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relpersistence <> 't'
order by r.oid
