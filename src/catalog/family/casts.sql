-- One row a cast of the user. Casts of ranges to their multiranges come with the type.
select c.oid, pg_catalog.format_type(c.castsource, null) as source, pg_catalog.format_type(c.casttarget, null) as target,
       case when c.castfunc <> 0 then c.castfunc::pg_catalog.regprocedure end as function, c.castcontext, c.castmethod,
       case when pg_catalog.pg_type_is_visible(c.castsource) is null or pg_catalog.pg_type_is_visible(c.casttarget) is null
              or c.castfunc <> 0 and pg_catalog.pg_function_is_visible(c.castfunc) is null
            then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_cast c
where c.oid >= 16384
  and not exists (select 1 from pg_catalog.pg_range r                                                --@ 14+
                  where r.rngtypid = c.castsource and r.rngmultitypid = c.casttarget)                --@ 14+
order by c.oid
