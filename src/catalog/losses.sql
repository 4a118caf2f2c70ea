-- One row a thing that a dump leaves behind, described by the server, and why. Members of extensions and what comes with
-- another object by itself are not lost.
with system as (
  select n.oid from pg_catalog.pg_namespace n where n.nspname in ('pg_catalog', 'information_schema')
), found (classid, objid, reason) as (
  select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 'system schema'
  from pg_catalog.pg_proc p where p.pronamespace in (select s.oid from system s)
  union all
  select 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 'system schema'
  from pg_catalog.pg_class c
  where c.relnamespace in (select s.oid from system s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 'system schema'
  from pg_catalog.pg_type t
  where t.typnamespace in (select s.oid from system s) and t.typtype in ('b', 'd', 'e', 'r') and t.typelem = 0
  union all
  select 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, 'system schema'
  from pg_catalog.pg_operator o where o.oprnamespace in (select s.oid from system s)
  union all
  select 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, 'invalid index'
  from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
  where not i.indisvalid and c.relkind = 'i' and c.relpersistence <> 't'
  union all
  select 'pg_catalog.pg_constraint'::pg_catalog.regclass, t.tgconstraint, 'disabled key'
  from pg_catalog.pg_trigger t join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
  where t.tgisinternal and k.contype = 'f' and t.tgenabled <> 'O'
)
select distinct pg_catalog.pg_describe_object(f.classid, f.objid, 0) as what, f.reason
from found f
where f.objid >= 16384
  and not exists (select 1 from pg_catalog.pg_depend d
                  where d.classid = f.classid and d.objid = f.objid and d.deptype in ('e', 'i'))
order by 1, 2
