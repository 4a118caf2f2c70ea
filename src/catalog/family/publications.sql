-- One row a publication.
select p.oid, p.pubname as name, pg_catalog.pg_get_userbyid(p.pubowner) as owner,
       p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
       p.pubgencols as generated                                                              --@ 18+
       null as generated                                                                      --@ ..17
from pg_catalog.pg_publication p
order by p.oid
