-- One row an aggregate of the user; those of pg_catalog only where their grants differ from what initdb left.
select p.oid, n.nspname as schema, p.proname as name, n.nspname = 'pg_catalog' as builtin,
       pg_catalog.pg_get_userbyid(p.proowner) as owner, p.proacl as acl,
       pg_catalog.acldefault('f', p.proowner) as acl_default,
       p.pronargs, pg_catalog.oidvectortypes(p.proargtypes) as types,
       pg_catalog.pg_get_function_identity_arguments(p.oid) as identity_arguments,
       pg_catalog.pg_get_function_arguments(p.oid) as arguments,
       p.proparallel, a.aggkind,
       'internal'::pg_catalog.regtype in (a.aggtranstype, a.aggmtranstype) as superuser,
       a.aggtransfn::pg_catalog.text as sfunc, pg_catalog.format_type(a.aggtranstype, null) as stype,
       nullif(a.aggtransspace, 0) as sspace, a.agginitval as initcond,
       nullif(a.aggfinalfn::pg_catalog.text, '-') as finalfunc, a.aggfinalextra, a.aggfinalmodify,
       nullif(a.aggcombinefn::pg_catalog.text, '-') as combinefunc,
       nullif(a.aggserialfn::pg_catalog.text, '-') as serialfunc,
       nullif(a.aggdeserialfn::pg_catalog.text, '-') as deserialfunc,
       nullif(a.aggmtransfn::pg_catalog.text, '-') as msfunc, nullif(a.aggminvtransfn::pg_catalog.text, '-') as minvfunc,
       case when a.aggmtranstype <> 0 then pg_catalog.format_type(a.aggmtranstype, null) end as mstype,
       nullif(a.aggmtransspace, 0) as msspace, a.aggminitval as minitcond,
       nullif(a.aggmfinalfn::pg_catalog.text, '-') as mfinalfunc, a.aggmfinalextra, a.aggmfinalmodify,
       'OPERATOR(' || pg_catalog.quote_ident(s.nspname) || '.' || o.oprname || ')' as sortop,
       case when pg_catalog.pg_function_is_visible(p.oid) is null then array[p.tableoid, p.oid] end as gone
from pg_catalog.pg_aggregate a
join pg_catalog.pg_proc p on p.oid = a.aggfnoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
left join pg_catalog.pg_operator o on o.oid = a.aggsortop
left join pg_catalog.pg_namespace s on s.oid = o.oprnamespace
left join pg_catalog.pg_init_privs i
  on i.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass and i.objoid = p.oid and i.objsubid = 0
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   or n.nspname = 'pg_catalog' and p.proacl is distinct from i.initprivs
order by p.oid
