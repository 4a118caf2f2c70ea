-- One row an operator class of the user.
select c.oid, n.nspname as schema, c.opcname as name, pg_catalog.pg_get_userbyid(c.opcowner) as owner,
       m.amname as method, c.opcdefault, pg_catalog.format_type(c.opcintype, null) as type,
       case when c.opckeytype <> 0 then pg_catalog.format_type(c.opckeytype, null) end as storage,
       fn.nspname as family_schema, f.opfname as family_name,
       case when pg_catalog.pg_opclass_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_opclass c
join pg_catalog.pg_namespace n on n.oid = c.opcnamespace
join pg_catalog.pg_am m on m.oid = c.opcmethod
join pg_catalog.pg_opfamily f on f.oid = c.opcfamily
join pg_catalog.pg_namespace fn on fn.oid = f.opfnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
