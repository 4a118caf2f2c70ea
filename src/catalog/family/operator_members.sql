-- One row an operator or function of an operator family or, where `class` is given, of one of its classes; ready for
-- SQL, in the order in which they were added.
select o.amopfamily as family, d.refobjid as class, 0 as sort, o.amopstrategy as number, o.oid,
       'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::pg_catalog.regoperator
       || case when f.oid is null then ''
               else ' FOR ORDER BY ' || pg_catalog.quote_ident(fn.nspname) || '.' || pg_catalog.quote_ident(f.opfname)
          end as item
from pg_catalog.pg_amop o
left join pg_catalog.pg_opfamily f on f.oid = o.amopsortfamily
left join pg_catalog.pg_namespace fn on fn.oid = f.opfnamespace
left join pg_catalog.pg_depend d
  on d.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass and d.objid = o.oid
  and d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
where o.oid >= 16384
union all
select p.amprocfamily, d.refobjid, 1, p.amprocnum, p.oid,
       'FUNCTION ' || p.amprocnum || ' (' || pg_catalog.format_type(p.amproclefttype, null) || ', '
       || pg_catalog.format_type(p.amprocrighttype, null) || ') ' || p.amproc::pg_catalog.regprocedure
from pg_catalog.pg_amproc p
left join pg_catalog.pg_depend d
  on d.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass and d.objid = p.oid
  and d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
where p.oid >= 16384
order by family, class, sort, number, oid
