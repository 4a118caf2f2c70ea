-- One row a thing of the target that needs something to be removed and does not go with it: its description, and that
-- of what it needs. Only kinds that belong to tables, views, routines and types are looked at.
with recursive wanted (kind, schema, name) as (values $objects),
gone (class, oid) as (
  select 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid
  from wanted w join pg_catalog.pg_namespace n on n.nspname = w.schema
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name where w.kind = 'relation'
  union all
  select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
  from wanted w join pg_catalog.pg_namespace n on n.nspname = w.schema
  join pg_catalog.pg_type t on t.typnamespace = n.oid and t.typname = w.name where w.kind = 'type'
  union all
  select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid
  from wanted w join pg_catalog.pg_namespace n on n.nspname = w.schema
  join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = w.name where w.kind = 'routine'
  union all
  select 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid
  from wanted w join pg_catalog.pg_namespace n on n.nspname = w.name where w.kind = 'schema'
  union all
  select 'pg_catalog.pg_extension'::pg_catalog.regclass, e.oid
  from wanted w join pg_catalog.pg_extension e on e.extname = w.name where w.kind = 'extension'),
along (class, oid) as (
  select class, oid from gone
  union
  select d.classid, d.objid from along a join pg_catalog.pg_depend d on d.refclassid = a.class and d.refobjid = a.oid
  where d.deptype <> 'n')
select distinct
       coalesce((select pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, 0)
                 from pg_catalog.pg_rewrite r
                 where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid and r.rulename = '_RETURN'),
                pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)) as dependent,
       pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0) as needed
from along a join pg_catalog.pg_depend d on d.refclassid = a.class and d.refobjid = a.oid
where d.deptype = 'n'
  and d.classid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass,
                    'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass,
                    'pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_attrdef'::pg_catalog.regclass,
                    'pg_catalog.pg_trigger'::pg_catalog.regclass, 'pg_catalog.pg_policy'::pg_catalog.regclass)
  and not exists (select from along b where b.class = d.classid and b.oid = d.objid)
order by 1, 2
