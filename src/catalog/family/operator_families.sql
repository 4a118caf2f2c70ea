-- One row an operator family of the user.
select f.oid, n.nspname as schema, f.opfname as name, pg_catalog.pg_get_userbyid(f.opfowner) as owner,
       m.amname as method,
       case when pg_catalog.pg_opfamily_is_visible(f.oid) is null then array[f.tableoid, f.oid] end as gone
from pg_catalog.pg_opfamily f
join pg_catalog.pg_namespace n on n.oid = f.opfnamespace
join pg_catalog.pg_am m on m.oid = f.opfmethod
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by f.oid
