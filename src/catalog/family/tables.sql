-- One row a table or partitioned table of the user, members of extensions included.
select c.oid, c.relkind, n.nspname as schema, c.relname as name,
       pg_catalog.pg_get_userbyid(c.relowner) as owner,
       c.relpersistence, c.relispartition as partition, c.relreplident, c.relforcerowsecurity as force_row_security,
       case when c.reloftype <> 0 then pg_catalog.format_type(c.reloftype, null) end as of_type,
       case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as partition_by,
       c.reloptions as options, o.reloptions as toast_options,
       coalesce(s.spcname, '') as tablespace, a.amname as access_method,
       -- Rows of such a tree may belong to other partitions on another server, where labels have other oids.
       exists (select 1 from pg_catalog.pg_partitioned_table p
               cross join lateral pg_catalog.unnest(p.partclass) k(oid)
               join pg_catalog.pg_opclass oc on oc.oid = k.oid
               join pg_catalog.pg_am ha on ha.oid = oc.opcmethod
               where p.partrelid = c.oid and p.partstrat = 'h' and ha.amname = 'hash' and oc.opcname = 'enum_ops'
                 and oc.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace) as enum_hash,
       e.condition,
       c.relacl as acl, pg_catalog.acldefault('r', c.relowner) as acl_default,
       case when pg_catalog.pg_table_is_visible(c.oid) is null then array[c.tableoid, c.oid] end as gone
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_class o on o.oid = c.reltoastrelid and c.reltoastrelid <> 0
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
left join pg_catalog.pg_am a on a.oid = c.relam
left join (select x.oid, pg_catalog.min(x.condition) as condition
           from pg_catalog.pg_extension
           cross join lateral rows from (pg_catalog.unnest(extconfig), pg_catalog.unnest(extcondition)) x(oid, condition)
           group by x.oid) e on e.oid = c.oid
where c.relkind in ('r', 'p') and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by c.oid
