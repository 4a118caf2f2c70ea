-- One row up to 1,000 large objects with the same owner and grants, in the order of their oids.
select pg_catalog.array_agg(g.oid order by g.oid) as oids, pg_catalog.min(g.owner) as owner,
       pg_catalog.min(g.acl) as acl, pg_catalog.min(g.acl_default) as acl_default,
       pg_catalog.format('WHERE pg_catalog.pg_get_userbyid(lomowner) = %L AND lomacl::pg_catalog.text '
                         || case when pg_catalog.min(g.acl) is null then 'IS NULL' else '= %L' end
                         || ' AND oid BETWEEN %s AND %s',
                         variadic pg_catalog.array_remove(array[
                           pg_catalog.min(g.owner), pg_catalog.min(g.acl),
                           pg_catalog.min(g.oid)::pg_catalog.text, pg_catalog.max(g.oid)::pg_catalog.text],
                           null)) as condition
from (select m.oid, pg_catalog.pg_get_userbyid(m.lomowner)::pg_catalog.text as owner, m.lomacl::pg_catalog.text as acl,
             pg_catalog.acldefault('L', m.lomowner)::pg_catalog.text as acl_default,
             (pg_catalog.row_number() over (partition by m.lomowner, m.lomacl::pg_catalog.text order by m.oid) - 1)
             / 1000 as batch
      from pg_catalog.pg_largeobject_metadata m) g
group by g.owner, g.acl, g.batch
order by pg_catalog.min(g.oid)
