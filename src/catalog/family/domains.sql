-- One row a domain of the user.
select t.oid, n.nspname as schema, t.typname as name,
       pg_catalog.pg_get_userbyid(t.typowner) as owner, t.typacl as acl,
       pg_catalog.acldefault('T', t.typowner) as acl_default,
       pg_catalog.format_type(t.typbasetype, t.typtypmod) as base,
       case when t.typcollation <> b.typcollation
            then pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(c.collname) end as collation,
       -- From 17 on NOT NULL is a constraint with a name.
       false as not_null,                                                                            --@ 17+
       t.typnotnull as not_null,                                                                     --@ ..16
       t.typdefault as default_text,
       pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::pg_catalog.regclass) as default_expression,
       case when pg_catalog.pg_type_is_visible(t.oid) is null then array[t.tableoid, t.oid] end as gone
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
join pg_catalog.pg_type b on b.oid = t.typbasetype
left join pg_catalog.pg_collation c on c.oid = t.typcollation
left join pg_catalog.pg_namespace cn on cn.oid = c.collnamespace
where t.typtype = 'd' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by t.oid
