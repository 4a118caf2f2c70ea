-- One row a view of the user with its query and the rule that holds it.
select c.oid, r.oid as rule, n.nspname as schema, c.relname as name, pg_catalog.pg_get_userbyid(c.relowner) as owner,
       case when pg_catalog.pg_table_is_visible(c.oid) is not null
            then pg_catalog.pg_get_viewdef(c.oid) end as query, c.reloptions as options,
       c.relacl as acl, pg_catalog.acldefault('r', c.relowner) as acl_default,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_rewrite r on r.ev_class = c.oid and r.ev_type = '1'
where c.relkind = 'v' and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
