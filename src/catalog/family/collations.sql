-- One row a collation of the user. The version is left out: the target computes its own.
select c.oid, n.nspname as schema, c.collname as name, pg_catalog.pg_get_userbyid(c.collowner) as owner,
       c.collprovider, c.collisdeterministic, pg_catalog.lpad(c.collencoding::pg_catalog.text, 3, '0') as encoding,
       case when c.collprovider = 'c' then nullif(c.collcollate, '') end as collate,
       case when c.collprovider = 'c' then nullif(c.collctype, '') end as ctype,
       c.colllocale as locale,                                                                       --@ 17+
       c.colliculocale as locale,                                                                    --@ 15..16
       case when c.collprovider = 'i' then c.collcollate end as locale,                              --@ ..14
       case when pg_catalog.pg_collation_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone,
       c.collicurules as rules                                                                       --@ 16+
       null as rules                                                                                 --@ ..15
from pg_catalog.pg_collation c join pg_catalog.pg_namespace n on n.oid = c.collnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
