-- One row a type of the user; not what the server makes by itself (arrays, multiranges, row types), and no domains.
-- Types of pg_catalog only where their grants were changed.
select t.oid, n.oid as schema_oid, n.nspname as schema, t.typname as name, n.nspname = 'pg_catalog' as builtin,
       pg_catalog.pg_get_userbyid(t.typowner) as owner, t.typacl as acl,
       pg_catalog.acldefault('T', t.typowner) as acl_default,
       t.typtype, t.typisdefined,
       -- Base types.
       t.typlen, t.typbyval, t.typalign, t.typstorage, t.typdelim, t.typcategory, t.typispreferred,
       t.typcollation <> 0 as collatable,
       case when t.typtype = 'b' and t.typelem <> 0 then pg_catalog.format_type(t.typelem, null) end as element,
       t.typinput::pg_catalog.text as input, t.typoutput::pg_catalog.text as output,
       nullif(t.typreceive::pg_catalog.text, '-') as receive, nullif(t.typsend::pg_catalog.text, '-') as send,
       nullif(t.typmodin::pg_catalog.text, '-') as typmod_in, nullif(t.typmodout::pg_catalog.text, '-') as typmod_out,
       nullif(t.typanalyze::pg_catalog.text, '-') as analyze_function,
       nullif(t.typsubscript::pg_catalog.text, '-') as subscript,                                    --@ 14+
       -- What 14 and later want to hear; 13 itself warns and goes on.
       case when t.typtype <> 'b' or t.typelem = 0 then null                                         --@ ..13
            when t.typlen > 0 then 'pg_catalog.raw_array_subscript_handler'                          --@ ..13
            else 'pg_catalog.array_subscript_handler' end as subscript,                              --@ ..13
       t.typdefault as default_text, pg_catalog.pg_get_expr(t.typdefaultbin, 0) as default_expression,
       -- Enums.
       array(select l.enumlabel::pg_catalog.text from pg_catalog.pg_enum l where l.enumtypid = t.oid
             order by l.enumsortorder) as labels,
       -- Ranges.
       pg_catalog.format_type(r.rngsubtype, null) as subtype,
       case when not o.opcdefault
            then pg_catalog.quote_ident(os.nspname) || '.' || pg_catalog.quote_ident(o.opcname) end as subtype_opclass,
       case when r.rngcollation <> s.typcollation
            then pg_catalog.quote_ident(ls.nspname) || '.' || pg_catalog.quote_ident(l.collname) end as range_collation,
       nullif(r.rngcanonical::pg_catalog.text, '-') as canonical,
       nullif(r.rngsubdiff::pg_catalog.text, '-') as subdiff,
       pg_catalog.format_type(r.rngmultitypid, null) as multirange,                                  --@ 14+
       null as multirange,                                                                           --@ ..13
       -- Composite types: number, name and definition of each column.
       c.numbers, c.names, c.definitions,
       case when pg_catalog.pg_type_is_visible(t.oid) is null then array[t.tableoid, t.oid] end as gone
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_range r on r.rngtypid = t.oid
left join pg_catalog.pg_type s on s.oid = r.rngsubtype
left join pg_catalog.pg_opclass o on o.oid = r.rngsubopc
left join pg_catalog.pg_namespace os on os.oid = o.opcnamespace
left join pg_catalog.pg_collation l on l.oid = r.rngcollation
left join pg_catalog.pg_namespace ls on ls.oid = l.collnamespace
left join pg_catalog.pg_class k on k.oid = t.typrelid and k.relkind = 'c'
left join lateral (
  select pg_catalog.array_agg(a.attnum order by a.attnum) as numbers,
         pg_catalog.array_agg(a.attname order by a.attnum) as names,
         pg_catalog.array_agg(
           pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
           || case when a.attcollation <> y.typcollation
                   then ' COLLATE ' || pg_catalog.quote_ident(lc.nspname) || '.' || pg_catalog.quote_ident(co.collname)
                   else '' end order by a.attnum) as definitions
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type y on y.oid = a.atttypid
  left join pg_catalog.pg_collation co on co.oid = a.attcollation
  left join pg_catalog.pg_namespace lc on lc.oid = co.collnamespace
  where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) c on k.oid is not null
where (t.typtype in ('b', 'e', 'r') or (t.typtype = 'c' and k.oid is not null)
       or (t.typtype = 'p' and not t.typisdefined))
  and not (t.typelem <> 0 and exists (select 1 from pg_catalog.pg_type e where e.oid = t.typelem and e.typarray = t.oid))
  and (n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       or n.nspname = 'pg_catalog' and t.typacl is not null)
order by t.oid
