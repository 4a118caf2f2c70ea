-- One row: this database.
select d.oid, d.datname as name, pg_catalog.pg_get_userbyid(d.datdba) as owner,
       pg_catalog.pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate, d.datctype as ctype,
       d.datlocprovider as provider,                                                          --@ 15+
       d.daticulocale as locale,                                                              --@ 15..16
       d.datlocale as locale,                                                                 --@ 17+
       null as provider, null as locale,                                                      --@ ..14
       d.daticurules as icu_rules,                                                            --@ 16+
       null as icu_rules,                                                                     --@ ..15
       case when t.spcname <> 'pg_default' then t.spcname end as tablespace,
       d.datconnlimit, d.datistemplate, d.datacl as acl, pg_catalog.acldefault('d', d.datdba) as acl_default,
       pg_catalog.shobj_description(d.oid, 'pg_database') as comment
from pg_catalog.pg_database d
join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
where d.datname = pg_catalog.current_database()
