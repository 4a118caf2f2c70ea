-- One row a materialized view of the user.
select c.oid, r.oid as rule, n.nspname as schema, c.relname as name, pg_catalog.pg_get_userbyid(c.relowner) as owner,
       case when pg_catalog.pg_table_is_visible(c.oid) is not null
            then pg_catalog.pg_get_viewdef(c.oid) end as query, c.relispopulated as populated,
       c.reloptions as options, o.reloptions as toast_options,
       coalesce(s.spcname, '') as tablespace, a.amname as access_method,
       array(select e.extname from pg_catalog.pg_depend d
              join pg_catalog.pg_extension e on e.oid = d.refobjid
              where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'x'
                and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass order by e.extname) as extensions,
       c.relacl as acl, pg_catalog.acldefault('r', c.relowner) as acl_default,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_rewrite r on r.ev_class = c.oid and r.ev_type = '1'
left join pg_catalog.pg_class o on o.oid = c.reltoastrelid and c.reltoastrelid <> 0
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
left join pg_catalog.pg_am a on a.oid = c.relam
where c.relkind = 'm' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
