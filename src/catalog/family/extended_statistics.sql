-- One row an extended statistics object of the user.
select s.oid, s.stxrelid as relation, n.nspname as schema, s.stxname as name, c.relname as table,
       pg_catalog.pg_get_userbyid(s.stxowner) as owner, pg_catalog.pg_get_statisticsobjdef(s.oid) as definition,
       case when s.stxstattarget >= 0 then s.stxstattarget end as target,
       case when pg_catalog.pg_statistics_obj_is_visible(s.oid) is null then array[s.tableoid, s.oid] end as gone
from pg_catalog.pg_statistic_ext s
join pg_catalog.pg_namespace n on n.oid = s.stxnamespace
join pg_catalog.pg_class c on c.oid = s.stxrelid
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by s.oid
