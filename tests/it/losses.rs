//! What a dump leaves behind is told.

use std::sync::{Arc, Mutex};

use pgkeep::pg::{Config, Host, Session, settings};
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
             INSERT INTO public.child (b) VALUES (1), (1);",
        );
        let twice = database.try_psql(b"CREATE UNIQUE INDEX CONCURRENTLY doubtful ON public.child (b)");
        assert!(!twice.status.success(), "the index cannot be unique");
        let mut told = warnings(server, database.name());
        told.sort();
        let expected = [
            "constraint broken on table public.child has its triggers disabled; it is kept, and will be enforced where it is restored",
            "function mine() lives in a schema of the system and is not kept",
            "index public.doubtful is invalid and is not kept",
            "table information_schema.My table lives in a schema of the system and is not kept",
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
        let settings = settings::reading(session.version(), "UTF8");
        session.run(format!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {settings}")).await.expect("settings");
        pgkeep::catalog::load(&mut session, &events).await.expect("the catalog can be read");
    });
    let told = told.lock().expect("nobody panics with the lock");
    told.clone()
}
