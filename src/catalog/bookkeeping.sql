-- One row where the schema of a restore's ledger is there: who owns it, whether all of it is the current role's, and the
-- first thing about it that pgkeep would not have made. Reads nothing but the catalog.
with place as (
  select n.oid, n.nspowner as owner, n.nspacl as acl from pg_catalog.pg_namespace n where n.nspname = 'pgkeep_restore'),
wanted (name, persistence) as (values ('ledger', 'p'), ('unlogged', 'u')),
relation as (
  select c.*, w.persistence
  from place p join pg_catalog.pg_class c on c.relnamespace = p.oid join wanted w on w.name = c.relname),
own (class, oid) as (
  select 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid from relation r
  union all select 'pg_catalog.pg_namespace'::pg_catalog.regclass, p.oid from place p),
fault (rank, what) as (
  select 1, 'table ' || w.name || ' is missing' from wanted w
  where not exists (select 1 from relation r where r.relname = w.name and r.relkind = 'r')
  union all
  select 2, pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' is in it'
  from place p
  join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.refobjid = p.oid
  where not exists (select 1 from own o where o.class = d.classid and o.oid = d.objid)
  union all
  select 3, 'it belongs to an extension' from own o
  join pg_catalog.pg_depend d on d.classid = o.class and d.objid = o.oid
  where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
  union all
  select 4, 'table ' || r.relname || ' belongs to role ' || pg_catalog.pg_get_userbyid(r.relowner)
  from relation r cross join place p where r.relowner <> p.owner
  union all
  select 5, 'table ' || r.relname || ' is of another kind' from relation r
  where r.relkind <> 'r' or r.relpersistence::pg_catalog.text <> r.persistence or r.relispartition or r.reloftype <> 0
     or r.relrowsecurity or r.relforcerowsecurity or r.reloptions is not null or r.relreplident <> 'd'
     or not exists (select 1 from pg_catalog.pg_am a where a.oid = r.relam and a.amname = 'heap')
     or exists (select 1 from pg_catalog.pg_inherits i where r.oid in (i.inhrelid, i.inhparent))
  union all
  select 6, 'table ' || r.relname || ' has other columns' from relation r
  where array(select pg_catalog.format('%s %s %s %s%s%s%s', a.attname, a.atttypid, a.attcollation, a.attnotnull,
                                       a.atthasdef, a.attidentity, a.attgenerated)
              from pg_catalog.pg_attribute a where a.attrelid = r.oid and a.attnum > 0 order by a.attnum)
        <> array['snapshot 25 100 tf', 'item 25 100 tf', 'detail 25 100 ff', 'done 1184 0 tf']
     or exists (select 1 from pg_catalog.pg_attribute a where a.attrelid = r.oid and a.attacl is not null)
  union all
  select 7, 'table ' || r.relname || ' has trigger ' || t.tgname
  from relation r join pg_catalog.pg_trigger t on t.tgrelid = r.oid
  union all
  select 8, 'table ' || r.relname || ' has rule ' || w.rulename
  from relation r join pg_catalog.pg_rewrite w on w.ev_class = r.oid
  union all
  select 9, 'table ' || r.relname || ' has policy ' || p.polname
  from relation r join pg_catalog.pg_policy p on p.polrelid = r.oid
  union all
  select 10, 'table ' || r.relname || ' has constraint ' || k.conname
  from relation r join pg_catalog.pg_constraint k on k.conrelid = r.oid where k.contype not in ('p', 'n')
  union all
  select 11, 'table ' || r.relname || ' has other indexes' from relation r
  where (select pg_catalog.count(*) from pg_catalog.pg_index i where i.indrelid = r.oid) <> 1
     or not exists (
       select 1 from pg_catalog.pg_index i
       where i.indrelid = r.oid and i.indisprimary and i.indimmediate and i.indkey::pg_catalog.text = '1 2'
         and i.indexprs is null and i.indpred is null
         and not exists (select 1 from pg_catalog.unnest(i.indclass) k(oid) join pg_catalog.pg_opclass c on c.oid = k.oid
                         where c.opcnamespace <> 'pg_catalog'::pg_catalog.regnamespace))
  union all
  select 12, 'others have privileges on it' from place p cross join lateral pg_catalog.aclexplode(p.acl) a
  where a.grantee <> p.owner
  union all
  select 13, 'others have privileges on table ' || r.relname
  from relation r cross join lateral pg_catalog.aclexplode(r.relacl) a where a.grantee <> r.relowner)
select pg_catalog.pg_get_userbyid(p.owner) as owner,
       p.owner = (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user) as mine,
       (select f.what from fault f order by f.rank, f.what limit 1) as fault
from place p
