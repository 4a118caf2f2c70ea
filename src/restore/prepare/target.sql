-- One row: what a restore has to know of the database that it writes to. Sessions of others show no more than their
-- database to roles without privileges, so that what may be a client counts as one. This session will be free again.
select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as version,
       pg_catalog.current_database() as database,
       pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
       d.datcollate as collate, d.datctype as ctype,
       current_user as role, r.rolsuper as superuser,
       pg_catalog.has_database_privilege(d.oid, 'CREATE') as may_create,
       pg_catalog.pg_is_in_recovery() as standby,
       pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8
         * (pg_catalog.current_setting('max_connections')::pg_catalog.int8
            + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8) as locks,
       least(
         pg_catalog.current_setting('max_connections')::pg_catalog.int8
         - case when r.rolsuper then 0
                else pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8 end
         - (select pg_catalog.count(*) from pg_catalog.pg_stat_activity a
            where a.pid <> pg_catalog.pg_backend_pid() and a.datid is not null
              and coalesce(a.backend_type, 'client backend') = 'client backend'),
         case when d.datconnlimit >= 0 and not r.rolsuper
              then d.datconnlimit - (select pg_catalog.count(*) from pg_catalog.pg_stat_activity a
                                     where a.pid <> pg_catalog.pg_backend_pid() and a.datid = d.oid) end,
         case when s.rolconnlimit >= 0 and not s.rolsuper
              then s.rolconnlimit - (select pg_catalog.count(*) from pg_catalog.pg_stat_activity a
                                     where a.pid <> pg_catalog.pg_backend_pid() and a.usesysid = s.oid) end
       ) as free,
       array(select rolname from pg_catalog.pg_roles) as roles,
       array(select o.rolname from pg_catalog.pg_roles o where pg_catalog.pg_has_role(o.oid, 'SET')) as gives,     --@ 16+
       array(select o.rolname from pg_catalog.pg_roles o where pg_catalog.pg_has_role(o.oid, 'MEMBER')) as gives,  --@ ..15
       array(select o.rolname from pg_catalog.pg_roles o
             where o.oid = r.oid or r.rolcreaterole and not o.rolsuper
               and pg_catalog.pg_has_role(o.oid, 'MEMBER WITH ADMIN OPTION')                                     --@ 16+
            ) as sets,
       array(select x.name from pg_catalog.pg_available_extensions x order by x.name) as extensions,
       array(select coalesce(x.default_version, '') from pg_catalog.pg_available_extensions x order by x.name)
         as extension_versions,
       array(select e.extname from pg_catalog.pg_extension e order by e.extname) as installed,
       array(select n.nspname from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
             order by e.extname) as installed_in,
       array(select e.extversion from pg_catalog.pg_extension e order by e.extname) as installed_versions,
       array(select v.name from pg_catalog.pg_available_extension_versions v
             join pg_catalog.pg_available_extensions e on e.name = v.name and e.default_version = v.version
             where v.superuser and not v.trusted) as guarded,
       array(select spcname from pg_catalog.pg_tablespace) as tablespaces,
       array(select t.spcname from pg_catalog.pg_tablespace t
             where pg_catalog.has_tablespace_privilege(t.oid, 'CREATE') or t.oid = d.dattablespace) as usable_tablespaces,
       -- Those of extensions came with software that somebody installed, and act on what is theirs.
       array(select t.evtname from pg_catalog.pg_event_trigger t
             where t.evtenabled <> 'D'
               and not exists (select 1 from pg_catalog.pg_depend p
                               where p.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass and p.objid = t.oid
                                 and p.deptype = 'e')) as event_triggers,
       array(select amname from pg_catalog.pg_am where amtype = 't') as access_methods,
       array(select amname from pg_catalog.pg_am) as all_access_methods,
       array(select lanname from pg_catalog.pg_language) as languages,
       array(select n.nspname from pg_catalog.pg_namespace n
             where n.nspname !~ '^pg_' and not pg_catalog.has_schema_privilege(n.oid, 'CREATE')) as closed_schemas,
       array(select g.name from pg_catalog.pg_settings g
             where g.context in ('superuser', 'superuser-backend')
               and not pg_catalog.has_parameter_privilege(g.name, 'SET')                                         --@ 15+
            ) as closed_settings,
       (select g.enumvals from pg_catalog.pg_settings g where g.name = 'default_toast_compression') as compressions,  --@ 14+
       array['pglz'] as compressions,                                                                                --@ 13
       array(select c.collname from pg_catalog.pg_collation c
             where c.collnamespace = 'pg_catalog'::pg_catalog.regnamespace
               and c.collencoding in (-1, d.encoding)) as collations
from pg_catalog.pg_database d, pg_catalog.pg_roles r, pg_catalog.pg_roles s
where d.datname = pg_catalog.current_database() and r.rolname = current_user and s.rolname = session_user
