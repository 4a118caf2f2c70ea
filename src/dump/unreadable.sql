-- One row, by kind, a thing that this role may not read beside tables. Of large objects the first of each
-- batch of equal owner and grants, as they are numbered in the catalog of a dump.
select 'large object' as kind, pg_catalog.min(g.oid)::pg_catalog.text as name
from (select m.oid, m.lomowner, m.lomacl,
             (pg_catalog.row_number() over (partition by m.lomowner, m.lomacl::pg_catalog.text order by m.oid) - 1)
             / 1000 as batch
      from pg_catalog.pg_largeobject_metadata m
      where not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user)
        and pg_catalog.current_setting('lo_compat_privileges') <> 'on') g
where not pg_catalog.has_largeobject_privilege(g.oid, 'SELECT')                                                --@ 18+
where not exists (select 1                                                                                     --@ ..17
                  from pg_catalog.aclexplode(coalesce(g.lomacl, pg_catalog.acldefault('L', g.lomowner))) a      --@ ..17
                  where a.privilege_type = 'SELECT'                                                             --@ ..17
                    and case when a.grantee = 0 then true else pg_catalog.pg_has_role(a.grantee, 'USAGE') end)  --@ ..17
group by g.lomowner, g.lomacl::pg_catalog.text, g.batch
union all
select 'sequence', c.oid::pg_catalog.text
from pg_catalog.pg_class c
where c.relkind = 'S' and c.relpersistence <> 't'
  -- One that is gone by now is not closed.
  and not coalesce(pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
                   and case when c.relkind = 'S' then pg_catalog.has_sequence_privilege(c.oid, 'SELECT') end, true)
union all
select 'subscription', s.subname::pg_catalog.text
from pg_catalog.pg_subscription s
where s.subdbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
  and not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user)
