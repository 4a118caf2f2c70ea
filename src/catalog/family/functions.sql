-- One row a function, procedure or window function of the user. Those of pg_catalog only where their grants differ
-- from what initdb left, and without definitions.
select p.oid, n.nspname as schema, p.proname as name, n.nspname = 'pg_catalog' as builtin,
       pg_catalog.pg_get_userbyid(p.proowner) as owner, p.proacl as acl,
       pg_catalog.acldefault('f', p.proowner) as acl_default,
       p.prokind, p.pronargs, pg_catalog.oidvectortypes(p.proargtypes) as types,
       pg_catalog.pg_get_function_identity_arguments(p.oid) as identity_arguments,
       d.arguments, d.result, d.sql_body, p.prosrc, p.probin, l.lanname as language,
       array(select pg_catalog.format_type(t.type, null) from pg_catalog.unnest(p.protrftypes) with ordinality t(type, at)
             order by t.at) as transforms,
       array(select f.oid from pg_catalog.pg_transform f
             where f.trflang = p.prolang and f.trftype = any (p.protrftypes)) as transform_oids,
       p.provolatile, p.proisstrict, p.prosecdef, p.proleakproof, p.proparallel,
       case when p.procost <> case when l.lanname in ('internal', 'c') then 1 else 100 end
            then p.procost end as cost,
       case when p.proretset and p.prorows not in (0, 1000) then p.prorows end as rows,
       nullif(p.prosupport::pg_catalog.text, '-') as support,
       p.proconfig as settings,
       not l.lanpltrusted or p.proleakproof or p.prosupport::pg_catalog.oid <> 0
       or exists (select 1 from pg_catalog.unnest(p.proconfig) entry
                  where pg_catalog.split_part(entry, '=', 1)
                        = any (array(select g.name from pg_catalog.pg_settings g where g.context = 'superuser'))) as superuser,
       array(select e.extname from pg_catalog.pg_depend x join pg_catalog.pg_extension e on e.oid = x.refobjid
             where x.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and x.objid = p.oid and x.deptype = 'x'
               and x.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
             order by e.extname) as extensions,
       case when pg_catalog.pg_function_is_visible(p.oid) is null then array[p.tableoid, p.oid] end as gone
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
left join pg_catalog.pg_init_privs i
  on i.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass and i.objoid = p.oid and i.objsubid = 0
-- Lateral, so that nothing is deparsed that is not kept.
left join lateral (
  select pg_catalog.pg_get_function_arguments(p.oid) as arguments, pg_catalog.pg_get_function_result(p.oid) as result,
         pg_catalog.pg_get_function_sqlbody(p.oid) as sql_body                                       --@ 14+
         null as sql_body                                                                            --@ ..13
  ) d on n.nspname <> 'pg_catalog'
where p.prokind <> 'a'
  and (n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       or n.nspname = 'pg_catalog' and p.proacl is distinct from i.initprivs)
  -- Constructors of ranges come with them.
  and not exists (select 1 from pg_catalog.pg_depend x
                  where x.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and x.objid = p.oid and x.deptype = 'i')
order by p.oid
