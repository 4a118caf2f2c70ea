-- A schema of the attacker, in which everything that can hold code does: each piece says its name when it runs.
set client_min_messages = error; set search_path = pg_catalog;
create schema shop;
create function shop.b(label text) returns bool immutable language plpgsql set search_path = pg_catalog as $f$
begin
  raise log 'PLANTED <%> as <%> for <%>', label, current_user, session_user;
  return true;
end $f$;
create function shop.i(label text, value int) returns int immutable language plpgsql as $f$
begin perform shop.b(label); return value; end $f$;
create function shop.fire() returns trigger language plpgsql as $f$
begin perform shop.b('trigger ' || tg_name); return case when tg_op = 'INSERT' and tg_level = 'ROW' then new end; end $f$;
create function shop.defined(a int default shop.i('default of an argument', 1)) returns int security definer language plpgsql as
  'begin return shop.i(''security definer'', a); end';
create procedure shop.proceed(a int default shop.i('default of a procedure', 1)) language plpgsql as 'begin perform shop.i(''procedure'', a); end';
create function shop.step(int, int) returns int language plpgsql as 'begin return shop.i(''aggregate'', $1 + $2); end';
create aggregate shop.total(int) (sfunc = shop.step, stype = int, initcond = '0');
create function shop.same(int, int) returns bool language plpgsql as 'begin return shop.b(''operator'') and $1 = $2; end';
create operator shop.=== (leftarg = int, rightarg = int, function = shop.same);

create domain shop.d as int default shop.i('default of a domain', 7) constraint c check (shop.b('check of a domain'));
create type shop.mood as enum ('sad', 'glad');
create function shop.mooded(shop.mood) returns int immutable language plpgsql as $f$
begin return shop.i('cast', case $1::text when 'sad' then 1 else 2 end); end $f$;
create cast (shop.mood as int) with function shop.mooded(shop.mood) as implicit;
create function shop.apart(float8, float8) returns float8 immutable language plpgsql as $f$
begin perform shop.b('difference of a range'); return $1 - $2; end $f$;
create type shop.span as range (subtype = float8, subtype_diff = shop.apart);

create table shop.plain (
  id int primary key, v text default shop.i('default', 1)::text, c int constraint c check (shop.b('check')), d shop.d,
  g int generated always as (shop.i('generated column', id)) stored,
  s shop.span, exclude using gist (s with &&) where (shop.b('predicate of an exclusion')));
insert into shop.plain (id, v, c, d, s) select n, 'row ' || n, n, n, shop.span(n, n + 0.5) from generate_series(1, 300) n;
alter table shop.plain add constraint late check (shop.b('check that is not valid')) not valid;
create index on shop.plain (shop.i('expression of an index', c)) where shop.b('predicate of an index');
create statistics shop.stat (dependencies) on c, id from shop.plain;
create table shop.bare (id int primary key references shop.plain);
insert into shop.bare select n from generate_series(1, 10) n;
create schema other;
create table other.cast_to (m shop.mood references shop.plain);
insert into other.cast_to values ('sad'), ('glad');
create table shop.child (more int default shop.i('default of a child', 1)) inherits (shop.plain);
insert into shop.child (id, c, d) values (1000, 1, 1);
create table shop.parted (id int, v int) partition by list (shop.i('key of partitions', id));
create table shop.parted_1 partition of shop.parted for values in (1);
create table shop.parted_2 partition of shop.parted default;
insert into shop.parted select n, n from generate_series(1, 20) n;
create table shop.bound (d shop.d) partition by list (d);
create table shop.bound_1 partition of shop.bound for values in (1);
create unlogged table shop.light (d shop.d);
create sequence shop.numbers;
create table shop.watched (id int primary key);
insert into shop.watched select n from generate_series(1, 5) n;
create rule twice as on insert to shop.watched do also select shop.b('rule');
create trigger before_row before insert on shop.plain for each row execute function shop.fire();
create trigger before_all before insert on shop.plain execute function shop.fire();
create trigger after_row after insert on shop.plain for each row when (shop.b('condition of a trigger')) execute function shop.fire();
create trigger emptied before truncate on shop.plain execute function shop.fire();
create constraint trigger late_row after insert on shop.plain deferrable initially deferred for each row execute function shop.fire();
create trigger always_row before insert on shop.plain for each row execute function shop.fire();
alter table shop.plain enable always trigger always_row;
create table shop.guarded (id int);
insert into shop.guarded values (1);
create policy p on shop.guarded using (shop.b('policy')) with check (shop.b('policy for writing'));
alter table shop.guarded enable row level security;
alter table shop.guarded force row level security;

create view shop.seen_by as select shop.i('view', id) as id from shop.plain where shop.b('condition of a view');
create rule looked as on insert to shop.seen_by do instead select shop.b('rule of a view');
create materialized view shop.stored as
  select shop.i('materialized view', id) as id, shop.defined() as d, shop.total(c) as t from shop.plain group by id;
create index on shop.stored (shop.i('index of a materialized view', t));
create view shop.atomic as select 1 operator(shop.===) 1 as same from (select 1) x;
create publication attack for table shop.plain;
create function shop.event() returns event_trigger language plpgsql as 'begin if current_user <> ''mallory'' then perform shop.b(''event trigger''); end if; end';
create server evil foreign data wrapper postgres_fdw options (host '127.0.0.1', port '$port', connect_timeout '2');
create user mapping for public server evil options (user 'x', password 'y');
create table other.spread (id int, v text default shop.i('default of a partitioned table', 1)) partition by list (id);
create table other.spread_1 partition of other.spread for values in (1);
create foreign table other.far partition of other.spread (check (shop.b('check of a foreign table'))) for values in (2) server evil;
alter foreign table other.far alter v set default shop.i('default of a foreign table', 1);
create trigger far_row before insert on other.far for each row execute function shop.fire();
insert into other.spread values (1, 'x');
comment on table shop.plain is E'\n\\! touch /tmp/owned\nselect shop.b(''comment'');';
create table shop."x""y'z
\! select" (id int);
