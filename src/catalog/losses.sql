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
  union all
  -- Not made by the script of the extension, which made all that belongs to it in the same transactions, and before.
  select d.classid, d.objid, 'piece of a member'
  from pg_catalog.pg_depend e
  join pg_catalog.pg_depend d on d.refclassid = e.classid and d.refobjid = e.objid
  left join pg_catalog.pg_class c on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.oid = d.objid
  where e.deptype = 'e' and e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype = 'a'
    and (c.relkind in ('i', 'I') or d.classid in (
          'pg_catalog.pg_attrdef'::pg_catalog.regclass, 'pg_catalog.pg_constraint'::pg_catalog.regclass,
          'pg_catalog.pg_trigger'::pg_catalog.regclass, 'pg_catalog.pg_policy'::pg_catalog.regclass,
          'pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass))
    and not exists (select 1 from pg_catalog.pg_depend m
                    where m.deptype = 'e' and m.refclassid = e.refclassid and m.refobjid = e.refobjid
                      and (m.xmin = d.xmin or m.objid > d.objid))
  union all
  select 'pg_catalog.pg_amop'::pg_catalog.regclass, o.oid, 'member of a built-in family'
  from pg_catalog.pg_amop o where o.amopfamily < 16384
  union all
  select 'pg_catalog.pg_amproc'::pg_catalog.regclass, p.oid, 'member of a built-in family'
  from pg_catalog.pg_amproc p where p.amprocfamily < 16384
)
select distinct pg_catalog.pg_describe_object(f.classid, f.objid, 0) as what, f.reason
from found f
where f.objid >= 16384
  and not exists (select 1 from pg_catalog.pg_depend d
                  where d.classid = f.classid and d.objid = f.objid and d.deptype in ('e', 'i'))
  and (f.reason <> 'member of a built-in family' or not exists (
        select 1 from pg_catalog.pg_depend d
        join pg_catalog.pg_depend e on e.classid = d.refclassid and e.objid = d.refobjid and e.deptype = 'e'
        where d.classid = f.classid and d.objid = f.objid))
order by 1, 2
