-- One row an object that the server makes by itself and what brings it: the row type of a relation, the array of a
-- type, the multirange of a range, the constructor functions of ranges, the index of a constraint, TOAST tables.
select 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid as classid, t.oid as objid,
       'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid as refclassid, t.typrelid as refobjid
from pg_catalog.pg_type t join pg_catalog.pg_class c on c.oid = t.typrelid
where t.typtype = 'c' and c.relkind <> 'c'
union all
select 'pg_catalog.pg_class'::pg_catalog.regclass, t.typrelid, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
from pg_catalog.pg_type t join pg_catalog.pg_class c on c.oid = t.typrelid
where t.typtype = 'c' and c.relkind = 'c'
union all
select 'pg_catalog.pg_type'::pg_catalog.regclass, e.typarray, 'pg_catalog.pg_type'::pg_catalog.regclass, e.oid
from pg_catalog.pg_type e where e.typarray <> 0
union all                                                                                                    --@ 14+
select 'pg_catalog.pg_type'::pg_catalog.regclass, r.rngmultitypid,                                           --@ 14+
       'pg_catalog.pg_type'::pg_catalog.regclass, r.rngtypid                                                 --@ 14+
from pg_catalog.pg_range r where r.rngmultitypid <> 0                                                        --@ 14+
union all
select d.classid, d.objid, d.refclassid, d.refobjid
from pg_catalog.pg_depend d
where d.deptype = 'i' and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  and d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
union all
select 'pg_catalog.pg_class'::pg_catalog.regclass, c.conindid, 'pg_catalog.pg_constraint'::pg_catalog.regclass, c.oid
from pg_catalog.pg_constraint c where c.conindid <> 0 and c.contype in ('p', 'u', 'x')
