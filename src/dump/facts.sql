-- One row: what a snapshot remembers of its source.
select d.oid, d.datname as name, pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
       case d.datlocprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end as provider,   --@ 15+
       'libc' as provider,                                                                              --@ ..14
       coalesce(d.datlocale, d.datcollate) as collate, d.datcollversion as collation_version,           --@ 17+
       coalesce(d.daticulocale, d.datcollate) as collate, d.datcollversion as collation_version,        --@ 15..16
       d.datcollate as collate, null as collation_version,                                              --@ ..14
       d.datctype as ctype,
       pg_catalog.pg_current_snapshot() as visible,
       case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
            else pg_catalog.pg_current_wal_lsn() end as lsn,
       pg_catalog.pg_is_in_recovery() as standby,
       pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC',
                          'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as server_time,
       pg_catalog.current_setting('server_version') as version_text,
       array(select e.extname from pg_catalog.pg_extension e order by e.extname) as extensions,
       array(select e.extversion from pg_catalog.pg_extension e order by e.extname) as extension_versions
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database()
