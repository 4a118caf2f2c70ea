-- One row: whether the target has event triggers, which could see what a restore does for itself, and which of these roles
-- may keep them quiet.
select exists (select 1 from pg_catalog.pg_event_trigger t where t.evtenabled <> 'D') as any,
       array(select r.rolname from pg_catalog.pg_roles r
             where r.rolname in ($roles)
               and (r.rolsuper or pg_catalog.has_parameter_privilege(r.oid, 'event_triggers', 'SET'))) as may            --@ 17+
               and (r.rolsuper or pg_catalog.has_parameter_privilege(r.oid, 'session_replication_role', 'SET'))) as may  --@ 15..16
               and r.rolsuper) as may                                                                                    --@ ..14
