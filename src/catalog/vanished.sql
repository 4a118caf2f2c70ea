-- One row for each of these things (class, oid, schema, name) that this session sees: itself, or another one that has its
-- name. Without a name, only itself. Classes in which nothing has a life of its own, and those of rare things, are
-- not looked at.
select v.class, v.oid, x.schema, x.name
from (values $things) v (class, oid, schema, name)
join (
  select o.class, o.oid, coalesce(n.nspname, '') as schema, o.name::pg_catalog.text as name
  from (
    select c.tableoid as class, c.oid, c.relname as name, c.relnamespace as namespace from pg_catalog.pg_class c
    union all select p.tableoid, p.oid, p.proname, p.pronamespace from pg_catalog.pg_proc p
    union all select t.tableoid, t.oid, t.typname, t.typnamespace from pg_catalog.pg_type t
    union all select n.tableoid, n.oid, n.nspname, 0 from pg_catalog.pg_namespace n
    union all select o.tableoid, o.oid, o.oprname, o.oprnamespace from pg_catalog.pg_operator o
    union all select c.tableoid, c.oid, c.opcname, c.opcnamespace from pg_catalog.pg_opclass c
    union all select f.tableoid, f.oid, f.opfname, f.opfnamespace from pg_catalog.pg_opfamily f
    union all select c.tableoid, c.oid, c.collname, c.collnamespace from pg_catalog.pg_collation c
    union all select c.tableoid, c.oid, c.conname, c.connamespace from pg_catalog.pg_conversion c
    union all select c.tableoid, c.oid, c.conname, c.connamespace from pg_catalog.pg_constraint c
    union all select c.tableoid, c.oid, c.cfgname, c.cfgnamespace from pg_catalog.pg_ts_config c
    union all select d.tableoid, d.oid, d.dictname, d.dictnamespace from pg_catalog.pg_ts_dict d
    union all select s.tableoid, s.oid, s.stxname, s.stxnamespace from pg_catalog.pg_statistic_ext s
    -- These are known by what they belong to.
    union all select r.tableoid, r.oid, '', 0 from pg_catalog.pg_rewrite r
    union all select t.tableoid, t.oid, '', 0 from pg_catalog.pg_trigger t
    union all select p.tableoid, p.oid, '', 0 from pg_catalog.pg_policy p
    union all select a.tableoid, a.oid, '', 0 from pg_catalog.pg_attrdef a
  ) o
  left join pg_catalog.pg_namespace n on n.oid = o.namespace
) x on x.class = v.class::pg_catalog.oid
  and (x.oid = v.oid::pg_catalog.oid or x.name <> '' and x.name = v.name::pg_catalog.text
                                        and x.schema = v.schema::pg_catalog.text)
