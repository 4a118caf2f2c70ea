-- One row an extension; the one that initdb installs (plpgsql) is in every database already. Where none of its members is
-- in the schema that it was installed in, nobody names that schema because of it.
select e.oid, e.extname as name, n.nspname as schema,
       case when exists (select 1 from pg_catalog.pg_depend d,
                                pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
                         where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.refobjid = e.oid
                           and d.deptype = 'e' and i.schema = pg_catalog.quote_ident(n.nspname))
            then n.nspname end as installed_in
from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
where e.oid >= 16384
order by e.oid
