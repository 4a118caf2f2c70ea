-- Columns of a table that hold, however deep inside, a type whose text may differ between servers of two majors though
-- the value is the same. Of the server's own: bytes above 127 of "char" (16), methods of numbers in jsonpath (16), and
-- whether a function or operator is named with its schema, which others of its name in a later version decide. Of
-- extensions: every type that is no container.
with recursive held (attname, type) as (
  select a.attname, a.atttypid from pg_catalog.pg_attribute a
  where a.attrelid = $table::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped
  union
  select h.attname, inside.type
  from held h join pg_catalog.pg_type t on t.oid = h.type
  cross join lateral (
    select t.typbasetype where t.typtype = 'd'
    union all
    select t.typelem where t.typelem <> 0 and t.typlen = -1
    union all
    select a.atttypid from pg_catalog.pg_attribute a
    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    union all
    select r.rngsubtype from pg_catalog.pg_range r where r.rngtypid = t.oid
    union all --@ 14+
    select r.rngsubtype from pg_catalog.pg_range r where r.rngmultitypid = t.oid --@ 14+
  ) inside (type)
)
select distinct h.attname::pg_catalog.text as name
from held h join pg_catalog.pg_type t on t.oid = h.type
where t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace and t.typname in ('char', 'jsonpath', 'regproc', 'regoper')
or t.typtype = 'b' and exists (
  select from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid and d.deptype = 'e')
