-- One row a materialized view and one that it reads, directly or through any chain of views and materialized views.
with recursive reads(reader, relation) as (
    select c.oid, d.refobjid
    from pg_catalog.pg_class c
    join pg_catalog.pg_rewrite r on r.ev_class = c.oid
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
     and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> c.oid
    where c.relkind = 'm'
    union
    select reads.reader, d.refobjid
    from reads join pg_catalog.pg_class v on v.oid = reads.relation and v.relkind in ('v', 'm')
    join pg_catalog.pg_rewrite r on r.ev_class = v.oid and r.ev_type = '1'
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
     and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> v.oid)
select distinct reads.reader, reads.relation as read
from reads join pg_catalog.pg_class c on c.oid = reads.relation
where c.relkind = 'm'
