-- One row an operator of the user. Those without a function are only announced as commutator or negator of another one
-- and come with it.
select o.oid, n.nspname as schema, o.oprname as name, pg_catalog.pg_get_userbyid(o.oprowner) as owner, o.oprkind,
       case when o.oprleft <> 0 then pg_catalog.format_type(o.oprleft, null) end as left_type,
       case when o.oprright <> 0 then pg_catalog.format_type(o.oprright, null) end as right_type,
       o.oprcode::pg_catalog.text as function, o.oprcanmerge, o.oprcanhash,
       nullif(o.oprrest::pg_catalog.text, '-') as restrict, nullif(o.oprjoin::pg_catalog.text, '-') as join,
       'OPERATOR(' || pg_catalog.quote_ident(cn.nspname) || '.' || c.oprname || ')' as commutator,
       array(select pg_catalog.quote_ident(sn.nspname) || '.' || s.oprname || ' ('
                    || case when s.oprleft = 0 then 'NONE' else pg_catalog.format_type(s.oprleft, null) end || ', '
                    || case when s.oprright = 0 then 'NONE' else pg_catalog.format_type(s.oprright, null) end || ')'
             from pg_catalog.pg_operator s join pg_catalog.pg_namespace sn on sn.oid = s.oprnamespace
             where s.oid in (o.oprcom, o.oprnegate) and s.oprcode = 0 order by s.oid) as announced,
       'OPERATOR(' || pg_catalog.quote_ident(gn.nspname) || '.' || g.oprname || ')' as negator,
       case when pg_catalog.pg_operator_is_visible(o.oid) is null then array[o.tableoid, o.oid] end as gone
from pg_catalog.pg_operator o
join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
left join pg_catalog.pg_operator c on c.oid = o.oprcom
left join pg_catalog.pg_namespace cn on cn.oid = c.oprnamespace
left join pg_catalog.pg_operator g on g.oid = o.oprnegate
left join pg_catalog.pg_namespace gn on gn.oid = g.oprnamespace
where o.oprcode <> 0 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by o.oid
