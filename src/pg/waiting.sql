-- One row a session that keeps the process $process from a lock that it waits for, with what is waited for; none where
-- that process does not wait, or is no session like this one, as a pooler's made-up number is none.
select x.pid, b.usename as role, b.application_name as application, b.state,
       coalesce(pg_catalog.floor(extract(epoch from pg_catalog.clock_timestamp() - b.xact_start)), 0)::pg_catalog.int8 as seconds,
       l.locktype as kind, n.nspname as schema, c.relname as relation
from pg_catalog.pg_stat_activity w
join pg_catalog.pg_locks l on l.pid = w.pid and not l.granted
left join pg_catalog.pg_class c on c.oid = l.relation
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) x(pid)
left join pg_catalog.pg_stat_activity b on b.pid = x.pid
where w.pid = $process and w.application_name = pg_catalog.current_setting('application_name')
  and w.datid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
order by x.pid
limit 3
