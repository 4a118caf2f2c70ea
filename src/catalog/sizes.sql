-- One row a table with rows of its own: exact blocks of the heap (relpages is an estimate), bytes with TOAST, and the
-- file it had in the snapshot beside the one it has now: they differ where it was truncated or rewritten in between.
-- Main forks only: pg_table_size looks at a dozen files a table.
select c.oid, coalesce(a.amname = 'heap', false) as heap,
       coalesce(pg_catalog.pg_relation_size(c.oid, 'main'), 0) / pg_catalog.current_setting('block_size')::pg_catalog.int8 as blocks,
       coalesce(pg_catalog.pg_relation_size(c.oid, 'main'), 0)
         + case when c.reltoastrelid = 0 then 0 else coalesce(pg_catalog.pg_relation_size(c.reltoastrelid, 'main'), 0) end
         as bytes,
       c.relfilenode as file, pg_catalog.pg_relation_filenode(c.oid) as file_now
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_am a on a.oid = c.relam
where c.relkind = 'r' and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
