-- One row a text search dictionary of the user; its options are stored as SQL.
select d.oid, n.nspname as schema, d.dictname as name, pg_catalog.pg_get_userbyid(d.dictowner) as owner,
       tn.nspname as template_schema, t.tmplname as template_name, d.dictinitoption as options,
       case when pg_catalog.pg_ts_dict_is_visible(d.oid) is null then array[d.tableoid, d.oid] end as gone
from pg_catalog.pg_ts_dict d
join pg_catalog.pg_namespace n on n.oid = d.dictnamespace
join pg_catalog.pg_ts_template t on t.oid = d.dicttemplate
join pg_catalog.pg_namespace tn on tn.oid = t.tmplnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by d.oid
