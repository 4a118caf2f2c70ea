-- One row a table in a publication.
select r.oid, r.prrelid as relation, p.oid as publication_oid, p.pubname as publication,
       n.nspname as schema, c.relname as table,
       pg_catalog.pg_get_expr(r.prqual, r.prrelid) as filter,                                                 --@ 15+
       array(select a.attname from pg_catalog.unnest(r.prattrs::pg_catalog.int2[]) k(number)                  --@ 15+
             join pg_catalog.pg_attribute a on a.attrelid = r.prrelid and a.attnum = k.number                 --@ 15+
             order by a.attnum) as columns                                                                    --@ 15+
       null as filter, null as columns                                                                        --@ ..14
from pg_catalog.pg_publication_rel r
join pg_catalog.pg_publication p on p.oid = r.prpubid
join pg_catalog.pg_class c on c.oid = r.prrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
order by r.oid
