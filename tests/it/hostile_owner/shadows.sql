-- Shadows of pg_catalog in a schema of the attacker: $schema, array literals $words, $called, $operators, and $exact:
-- whether those of exactly the same arguments are of use, as the schema can be put before pg_catalog.
set search_path = pg_catalog;
set client_min_messages = error;
create function $schema.seen(label text) returns bool immutable language plpgsql set search_path = pg_catalog as $f$
begin
  raise log 'PLANTED <%> as <%> for <%>', label, current_user, session_user;
  return true;
end $f$;

do $do$
declare
  r record; statement text; made int := 0;
  common regtype[] := array['"char"', 'name', 'text', 'oid', 'int4', 'int8', 'bool', 'regclass', 'regproc', '_text', '_oid', 'oidvector'];
begin
  -- Functions with the very same arguments, which do what the original does.
  for r in
    select p.proname, pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result,
           case when p.proretset then 'return query select * from ' when p.proargmodes is null then 'return ' end as answer,
           (select string_agg(case when p.provariadic <> 0 and n = p.pronargs then 'variadic $' else '$' end || n, ', ' order by n)
            from generate_series(1, p.pronargs) n) as passed
    from pg_proc p
    where $exact and p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and p.proname = any ($words)
      and not exists (select from pg_type t where t.typtype = 'p' and t.typname <> 'record'
                      and t.oid = any (p.proargtypes::oid[] || p.prorettype))
  loop
    statement := format('create function $schema.%I(%s) returns %s language plpgsql as %L', r.proname, r.arguments, r.result,
      format('begin perform $schema.seen(%L); %s; end', format('function %s(%s)', r.proname, r.arguments),
             coalesce(format('%spg_catalog.%I(%s)', r.answer, r.proname, r.passed), 'null')));
    begin execute statement; made := made + 1; exception when others then null; end;
  end loop;

  -- Functions that fit better than what there is, where the arguments are of other types.
  for r in
    select distinct p.proname, pg_get_function_result(p.oid) as result,
           (select string_agg(format_type(case when n = at then c.t else (p.proargtypes::oid[])[n - 1] end, null), ', ' order by n)
            from generate_series(1, p.pronargs) n) as arguments
    from pg_proc p, generate_series(1, p.pronargs) at, unnest(common[1:9]) c(t)
    where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and p.proname = any ($called) and p.proargmodes is null
      and p.pronargs between 1 and 3 and not p.proretset and c.t <> (p.proargtypes::oid[])[at - 1]
      and not exists (select from pg_type t where t.typtype = 'p' and t.oid = any (p.proargtypes::oid[] || p.prorettype))
      and exists (select from unnest(common) x where x = (p.proargtypes::oid[])[at - 1])
  loop
    if to_regprocedure(format('pg_catalog.%I(%s)', r.proname, r.arguments)) is null
       and to_regprocedure(format('$schema.%I(%s)', r.proname, r.arguments)) is null then
      execute format('create function $schema.%I(%s) returns %s language plpgsql as %L', r.proname, r.arguments, r.result,
        format('begin perform $schema.seen(%L); return null; end', format('better function %s(%s)', r.proname, r.arguments)));
      made := made + 1;
    end if;
  end loop;

  -- Operators with the very same operands.
  for r in
    select o.oid, o.oprname, nullif(o.oprleft, 0)::regtype as l, o.oprright::regtype as r, o.oprresult::regtype as result
    from pg_operator o
    where $exact and o.oprnamespace = 'pg_catalog'::regnamespace and o.oprname = any ($operators) and o.oprright <> 0
      and not exists (select from pg_type t where t.typtype = 'p' and t.oid in (o.oprleft, o.oprright, o.oprresult))
      and not exists (select from pg_type t where t.typcategory = 'G' and t.oid in (o.oprleft, o.oprright))
  loop
    execute format('create function $schema.operator_%s(%s) returns %s language plpgsql as %L', r.oid,
      concat_ws(', ', r.l::text, r.r::text), r.result,
      format('begin perform $schema.seen(%L); return %s operator(pg_catalog.%s) %s; end',
             format('operator %s (%s, %s)', r.oprname, r.l, r.r),
             case when r.l is not null then '$1' end, r.oprname, case when r.l is not null then '$2' else '$1' end));
    execute format('create operator $schema.%s (%srightarg = %s, function = $schema.operator_%s)', r.oprname,
      'leftarg = ' || r.l::text || ', ', r.r, r.oid);
    made := made + 1;
  end loop;

  -- Operators that fit better than what there is.
  for r in select a.t::regtype as l, b.t::regtype as r from unnest(common) a(t), unnest(common) b(t)
           union all select 'anyelement', 'anyelement' union all select 'anyarray', 'anyarray'
  loop
    execute format('create function $schema.better(%s, %s) returns bool language plpgsql as %L', r.l, r.r,
      format('begin perform $schema.seen(%L); return null; end', format('better operator (%s, %s)', r.l, r.r)));
  end loop;
  for r in
    select distinct o.oprname, a.t::regtype as l, b.t::regtype as r
    from pg_operator o, unnest(common || '{anyelement,anyarray}'::regtype[]) a(t), unnest(common || '{anyelement,anyarray}'::regtype[]) b(t)
    where o.oprname = any ($operators) and o.oprname not in ('->', '->>', '#>', '#>>', '?', '@@', '##', '#') and o.oprleft <> 0
      and exists (select from unnest(common) x where x = o.oprleft)
      and ((a.t::text like 'any%') = (b.t::text like 'any%')) and (a.t = b.t or a.t::text not like 'any%')
      and not exists (select from pg_operator e where e.oprname = o.oprname and e.oprleft = a.t and e.oprright = b.t
                      and e.oprnamespace = 'pg_catalog'::regnamespace)
  loop
    execute format('create operator $schema.%s (leftarg = %s, rightarg = %s, function = $schema.better)', r.oprname, r.l, r.r);
    made := made + 1;
  end loop;

  -- Aggregates, also over types for which there is a general one.
  for r in
    select distinct p.proname, case when p.prorettype = 'int8'::regtype or not t.typtype = 'p' then p.prorettype::regtype else c.t end as state,
           case when p.pronargs = 0 then '' when p.pronargs = 2 then format('%s, %s', c.t, c.t) else c.t::text end as arguments
    from pg_proc p join pg_type t on t.oid = p.prorettype, unnest(common[1:9]) c(t)
    where $exact and p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'a' and p.proname = any ($called) and p.pronargs < 3
  loop
    begin
      statement := concat_ws(', ', r.state::text, nullif(r.arguments, ''));
      if to_regprocedure(format('$schema.step(%s)', statement)) is null then
        execute format('create function $schema.step(%s) returns %s language plpgsql as %L', statement, r.state,
          format('begin perform $schema.seen(%L); return $1; end', 'aggregate step(' || statement || ')'));
      end if;
      execute format('create aggregate $schema.%I(%s) (sfunc = $schema.step, stype = %s)', r.proname,
        coalesce(nullif(r.arguments, ''), '*'), r.state);
      made := made + 1;
    exception when others then null; end;
  end loop;

  -- Catalogs.
  for r in
    select c.relname, (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a join pg_type t on t.oid = a.atttypid
                       where a.attrelid = c.oid and a.attnum > 0 and t.typtype <> 'p') as columns
    from pg_class c
    where $exact and c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v') and c.relname = any ($words)
  loop
    execute format('create view $schema.%I as select %s from pg_catalog.%I where $schema.seen(%L)', r.relname, r.columns, r.relname,
      'relation ' || r.relname);
    execute format('grant select on $schema.%I to public', r.relname);
    made := made + 1;
  end loop;

  -- Types.
  for r in select t.typname from pg_type t
           where $exact and t.typnamespace = 'pg_catalog'::regnamespace and t.typtype = 'b' and t.typname = any ($words)
  loop
    begin
      execute format('create domain $schema.%I as pg_catalog.%I constraint seen check ($schema.seen(%L))', r.typname, r.typname, 'type ' || r.typname);
      made := made + 1;
    exception when others then null; end;
  end loop;
  if made < 1000 then raise exception 'only % shadows were made', made; end if;
end $do$;
