-- One row a trigger of the user, and one a trigger of a partition that is enabled otherwise than its parent's. Triggers
-- that enforce foreign keys are not among them.
select t.oid, t.tgrelid as relation, n.nspname as schema, c.relname as table, t.tgname as name,
       t.tgenabled, u.oid is not null as inherited, u.oid as parent,
       case when u.oid is null then pg_catalog.pg_get_triggerdef(t.oid, false) end as definition,
       array(select e.extname from pg_catalog.pg_depend x join pg_catalog.pg_extension e on e.oid = x.refobjid
             where x.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass and x.objid = t.oid and x.deptype = 'x'
               and x.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
             order by e.extname) as extensions,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_trigger u on u.oid = t.tgparentid
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relpersistence <> 't'
  and (u.oid is null and not t.tgisinternal
       or t.tgenabled <> u.tgenabled
          and not exists (select 1 from pg_catalog.pg_constraint k where k.oid = t.tgconstraint and k.contype = 'f'))
order by t.oid
