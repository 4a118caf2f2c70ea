-- One row: what the server has for building indexes and checking keys. Sizes in KiB.
select pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')) / 1024 as buffers,
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')) / 1024 as memory,
       pg_catalog.current_setting('max_parallel_maintenance_workers')::pg_catalog.int8 as workers,
       pg_catalog.current_setting('max_parallel_workers')::pg_catalog.int8 as workers_of_all
