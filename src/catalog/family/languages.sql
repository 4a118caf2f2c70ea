-- One row a language. Those of initdb are here for their grants.
select l.oid, l.lanname as name, l.oid < 16384 as builtin, l.lanpltrusted as trusted,
       pg_catalog.pg_get_userbyid(l.lanowner) as owner, l.lanacl as acl,
       pg_catalog.acldefault('l', l.lanowner) as acl_default,
       l.lanplcallfoid::pg_catalog.regproc as handler,
       case when l.laninline <> 0 then l.laninline::pg_catalog.regproc end as inline,
       case when l.lanvalidator <> 0 then l.lanvalidator::pg_catalog.regproc end as validator
from pg_catalog.pg_language l
order by l.oid
