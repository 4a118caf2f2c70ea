-- One row an edge of pg_depend, on whole objects: dependent, what it needs, and the kind of the edge. Rows about columns
-- count for their relation, so that edges come several times. Members of operator families speak for the family.
select d.classid, d.objid, d.refclassid, d.refobjid, d.deptype
from pg_catalog.pg_depend d
where d.deptype <> 'p' and d.classid <> 0 and (d.objid >= 16384 or d.deptype = 'e')
  -- Up to 17 a routine depends on every transform for its types and language; those that it uses it lists itself.
  and not (d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
           and d.refclassid = 'pg_catalog.pg_transform'::pg_catalog.regclass)
  and d.classid not in ('pg_catalog.pg_amop'::pg_catalog.regclass, 'pg_catalog.pg_amproc'::pg_catalog.regclass)
union all
select 'pg_catalog.pg_opfamily'::pg_catalog.regclass::pg_catalog.oid, o.amopfamily, d.refclassid, d.refobjid, 'n'
from pg_catalog.pg_depend d join pg_catalog.pg_amop o on o.oid = d.objid
where d.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass and d.deptype not in ('p', 'e', 'i')
  and not (d.refclassid = 'pg_catalog.pg_opfamily'::pg_catalog.regclass and d.refobjid = o.amopfamily)
union all
select 'pg_catalog.pg_opfamily'::pg_catalog.regclass::pg_catalog.oid, p.amprocfamily, d.refclassid, d.refobjid, 'n'
from pg_catalog.pg_depend d join pg_catalog.pg_amproc p on p.oid = d.objid
where d.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass and d.deptype not in ('p', 'e', 'i')
  and not (d.refclassid = 'pg_catalog.pg_opfamily'::pg_catalog.regclass and d.refobjid = p.amprocfamily)
