-- What the planner knows, a row for each relation and then one for each column that was analyzed: the catalog and the
-- oid of the object that the relation is (an index that a constraint made is the constraint), the function of
-- PostgreSQL 18 that sets it again, and its arguments beside the names of schema and relation.
-- $1: oids of relations; $2: oids of constraints that have an index. Both halves are sorted, so that two dumps agree.
-- Servers before 14 count 0 rows where nothing was ever counted, which later ones write as -1.
with wanted as (
    select w.oid as relation, 'pg_class' as catalog, w.oid from pg_catalog.unnest($1::pg_catalog.oid[]) w(oid)
    union all
    select k.conindid, 'pg_constraint', k.oid
    from pg_catalog.unnest($2::pg_catalog.oid[]) w(oid) join pg_catalog.pg_constraint k on k.oid = w.oid
), relations as (
    select w.relation, w.catalog, w.oid, n.nspname, c.relname, c.relkind, c.relpages, c.relallvisible,
           case when c.reltuples = 0 then -1 else c.reltuples end as reltuples, --@ ..13
           c.reltuples, --@ 14+
           c.relallfrozen, --@ 18+
           pg_catalog.format('''version'', ''%s''::integer', pg_catalog.current_setting('server_version_num')) as version
    from wanted w
    join pg_catalog.pg_class c on c.oid = w.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
)
select r.catalog, r.oid, 'pg_restore_relation_stats' as function, pg_catalog.concat_ws(', ', r.version,
           pg_catalog.format('''relpages'', ''%s''::integer', r.relpages),
           pg_catalog.format('''reltuples'', ''%s''::real', r.reltuples),
           pg_catalog.format('''relallfrozen'', ''%s''::integer', r.relallfrozen), --@ 18+
           pg_catalog.format('''relallvisible'', ''%s''::integer', r.relallvisible)) as arguments
from (select * from relations order by nspname, relname offset 0) r
union all
select s.catalog, s.oid, 'pg_restore_attribute_stats', pg_catalog.concat_ws(', ', s.version,
           '''attname'', ' || case when s.attnum is null then pg_catalog.quote_literal(s.attname) end,
           '''attnum'', ''' || s.attnum || '''::smallint',
           '''inherited'', ''' || s.inherited || '''::boolean',
           '''null_frac'', ''' || s.null_frac || '''::real',
           '''avg_width'', ''' || s.avg_width || '''::integer',
           '''n_distinct'', ''' || s.n_distinct || '''::real',
           '''most_common_vals'', ' || pg_catalog.quote_literal(s.most_common_vals::pg_catalog.text) || '::text',
           '''most_common_freqs'', ''' || s.most_common_freqs::pg_catalog.text || '''::real[]',
           '''histogram_bounds'', ' || pg_catalog.quote_literal(s.histogram_bounds::pg_catalog.text) || '::text',
           '''correlation'', ''' || s.correlation || '''::real',
           '''most_common_elems'', ' || pg_catalog.quote_literal(s.most_common_elems::pg_catalog.text) || '::text',
           '''most_common_elem_freqs'', ''' || s.most_common_elem_freqs::pg_catalog.text || '''::real[]',
           '''range_length_histogram'', ' || pg_catalog.quote_literal(s.range_length_histogram::pg_catalog.text) || '::text', --@ 17+
           '''range_empty_frac'', ''' || s.range_empty_frac || '''::real', --@ 17+
           '''range_bounds_histogram'', ' || pg_catalog.quote_literal(s.range_bounds_histogram::pg_catalog.text) || '::text', --@ 17+
           '''elem_count_histogram'', ''' || s.elem_count_histogram::pg_catalog.text || '''::real[]')
from (
    select r.relation, r.catalog, r.oid, r.version, a.attnum, s.*
    from relations r
    join pg_catalog.pg_stats s on s.schemaname = r.nspname and s.tablename = r.relname
    -- Names of the columns of an index are made up and may be others on the next server.
    left join pg_catalog.pg_attribute a
           on r.relkind in ('i', 'I') and a.attrelid = r.relation and a.attname = s.attname
    order by r.nspname, r.relname, s.attname, s.inherited
    offset 0
) s
