-- One row a tablespace of the user. One inside the data folder has a relative place, which is written as ''.
select t.oid, t.spcname as name, pg_catalog.pg_get_userbyid(t.spcowner) as owner, t.spcacl as acl,
       pg_catalog.acldefault('t', t.spcowner) as acl_default,
       case when l.place ~ '^/' or l.place ~ '^[A-Za-z]:' then l.place else '' end as place, t.spcoptions as options,
       pg_catalog.shobj_description(t.oid, 'pg_tablespace') as comment,
       array(select p from pg_catalog.pg_shseclabel l
             cross join lateral pg_catalog.unnest(array[l.provider, l.label]) with ordinality u(p, at)
             where l.classoid = 'pg_catalog.pg_tablespace'::pg_catalog.regclass and l.objoid = t.oid
             order by l.provider, u.at) as labels
from pg_catalog.pg_tablespace t
cross join lateral pg_catalog.pg_tablespace_location(t.oid) l(place)
where t.spcname !~ '^pg_'
order by t.oid
