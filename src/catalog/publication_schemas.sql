-- One row a schema in a publication; servers from 15 on.
select s.oid, p.oid as publication_oid, p.pubname as publication, n.nspname as schema
from pg_catalog.pg_publication_namespace s
join pg_catalog.pg_publication p on p.oid = s.pnpubid
join pg_catalog.pg_namespace n on n.oid = s.pnnspid
order by s.oid
