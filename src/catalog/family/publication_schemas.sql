-- One row a schema in a publication; servers from 15 on.
select s.oid, p.oid as publication_oid, p.pubname as publication, n.nspname as schema  --@ 15+
from pg_catalog.pg_publication_namespace s                                             --@ 15+
join pg_catalog.pg_publication p on p.oid = s.pnpubid                                  --@ 15+
join pg_catalog.pg_namespace n on n.oid = s.pnnspid                                    --@ 15+
order by s.oid                                                                         --@ 15+
