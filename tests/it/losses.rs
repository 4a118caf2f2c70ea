//! What a dump leaves behind is told.

use std::sync::{Arc, Mutex};

use pgkeep::pg::{Config, Host, Session};
use pgkeep::progress::{Event, Events};

use crate::harness::{Server, block_on, versions};

#[test]
fn what_is_left_behind_is_told() {
    for major in versions() {
        let server = Server::shared(major);
        let database = server.database("losses");
        database.psql(
            "SET allow_system_table_mods = on;
             CREATE FUNCTION pg_catalog.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1';
             CREATE TABLE information_schema.\"My table\" (a integer PRIMARY KEY);
             CREATE EXTENSION hstore WITH SCHEMA pg_catalog;
             CREATE TYPE public.span AS RANGE (SUBTYPE = integer);
             CREATE TABLE public.parent (a integer PRIMARY KEY);
             CREATE TABLE public.child (a integer CONSTRAINT broken REFERENCES public.parent, b integer);
             ALTER TABLE public.child DISABLE TRIGGER ALL;
             INSERT INTO public.child (b) VALUES (1), (1);
             CREATE FUNCTION public.loose(integer, public.span) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
             CREATE OPERATOR public.%% (FUNCTION = public.loose, LEFTARG = integer, RIGHTARG = public.span);
             ALTER OPERATOR FAMILY integer_ops USING btree ADD OPERATOR 2 public.%% (integer, public.span);
             CREATE EXTENSION citext WITH SCHEMA public;
             BEGIN;
             CREATE TABLE public.brought (a integer PRIMARY KEY, b integer DEFAULT 1, CHECK (a > 0));
             CREATE INDEX brought_with ON public.brought (b);
             ALTER EXTENSION citext ADD TABLE public.brought;
             COMMIT;
             CREATE INDEX added ON public.brought (b, a);
             CREATE FUNCTION public.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER added BEFORE INSERT ON public.brought FOR EACH ROW EXECUTE FUNCTION public.fires();
             CREATE POLICY added ON public.brought USING (a > 1);
             CREATE RULE added AS ON DELETE TO public.brought DO NOTHING;
             CREATE STATISTICS public.added ON a, b FROM public.brought;
             ALTER TABLE public.brought ALTER b SET DEFAULT 2, ADD CONSTRAINT added CHECK (b > 0);",
        );
        let twice = database.try_psql(b"CREATE UNIQUE INDEX CONCURRENTLY doubtful ON public.child (b)");
        assert!(!twice.status.success(), "the index cannot be unique");
        let mut told = warnings(server, database.name());
        told.sort();
        let expected = [
            "constraint added on table public.brought was added to what an extension brings and is not kept",
            "constraint broken on table public.child has its triggers disabled; it is kept, and will be enforced where it is restored",
            "default value for column b of table public.brought was added to what an extension brings and is not kept",
            "function mine() lives in a schema of the system and is not kept",
            "index public.added was added to what an extension brings and is not kept",
            "index public.doubtful is invalid and is not kept",
            "operator 2 (integer, public.span) of operator family integer_ops for access method btree: \
             public.%%(integer,public.span) was added to a family of the system and is not kept",
            "policy added on table public.brought was added to what an extension brings and is not kept",
            "rule added on table public.brought was added to what an extension brings and is not kept",
            "statistics object public.added was added to what an extension brings and is not kept",
            "table information_schema.My table lives in a schema of the system and is not kept",
            "trigger added on table public.brought was added to what an extension brings and is not kept",
        ];
        let unquoted: Vec<String> = told.iter().map(|warning| warning.replace('"', "")).collect();
        assert_eq!(unquoted, expected, "{major}");
    }
}

fn warnings(server: &Server, database: &str) -> Vec<String> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let events: Events = Arc::new(move |event| {
        if let Event::Warning { message, .. } = event {
            listener.lock().expect("nobody panics with the lock").push(message);
        }
    });
    block_on(async {
        let config = Config { hosts: vec![Host::tcp(server.host(), server.port())], ..Config::default() };
        let mut session = Session::connect(&config.with_database(database)).await.expect("the server lets us in");
        session.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.expect("settings");
        pgkeep::catalog::load(&mut session, Vec::new(), &events).await.expect("the catalog can be read");
    });
    let told = told.lock().expect("nobody panics with the lock");
    told.clone()
}

#[test]
fn a_partition_that_is_being_detached_is_told() {
    for major in versions().into_iter().filter(|&major| major >= 14) {
        let server = Server::shared(major);
        let database = server.database("detaching");
        // As DETACH PARTITION .. CONCURRENTLY leaves it when it is cancelled.
        database.psql(
            "CREATE TABLE whole (a integer) PARTITION BY LIST (a);
             CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);
             SET allow_system_table_mods = on;
             UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'part'::regclass;",
        );
        let expected = "partition public.part is being detached and is kept as attached";
        assert_eq!(warnings(server, database.name()), [expected], "{major}");
    }
}
