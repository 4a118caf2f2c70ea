//! A restore that was stopped anywhere, or lost its connections, ends with exactly what was dumped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pgkeep::cancel::Cancellation;
use pgkeep::progress::{Event, Events, silent};
use pgkeep::repository::Reader;
use pgkeep::{Error, dump, restore};

use crate::harness::{Database, Server, assert_same_data, assert_same_schema, block_on};
use crate::roundtrip::{dump_options, expect, explained, latest, repository, restore_options};

const SHOP: &str = "CREATE SCHEMA s; CREATE TYPE s.state AS ENUM ('new', 'paid');
    CREATE TABLE s.a (id serial PRIMARY KEY, b int, state s.state DEFAULT 'new', t text UNIQUE);
    CREATE TABLE s.b (id serial PRIMARY KEY, a int REFERENCES s.a DEFERRABLE);
    ALTER TABLE s.a ADD FOREIGN KEY (b) REFERENCES s.b NOT VALID;
    CREATE TABLE s.p (id int, k int REFERENCES s.a, PRIMARY KEY (id)) PARTITION BY RANGE (id);
    CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM (0) TO (500);
    CREATE TABLE s.p2 PARTITION OF s.p FOR VALUES FROM (500) TO (1000000);
    CREATE TABLE s.q (p int REFERENCES s.p);
    INSERT INTO s.a (t) SELECT repeat(n::text, 20) FROM generate_series(1, 3000) n;
    INSERT INTO s.b (a) SELECT id FROM s.a; INSERT INTO s.p SELECT id, id FROM s.a; INSERT INTO s.q SELECT id FROM s.p;
    UPDATE s.a SET b = id; CREATE INDEX ON s.b (a); CREATE INDEX ON s.p (k);
    CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER t BEFORE INSERT ON s.b FOR EACH ROW EXECUTE FUNCTION s.f();
    CREATE MATERIALIZED VIEW s.m AS SELECT count(*) FROM s.a; GRANT SELECT ON s.a TO PUBLIC;";

async fn dumped(source: &Database, folder: &std::path::Path) -> Reader {
    let repository = repository(folder).await;
    expect(dump::run(&repository, &dump_options(source), &silent()).await, "dump");
    latest(&repository).await
}

fn source(server: &Server) -> Database {
    let source = server.database("resume_source");
    source.psql(SHOP);
    source
}

/// Does something at the nth event that is worth an interruption.
fn at_event(nth: usize, act: impl Fn() + Send + Sync + 'static) -> Events {
    let seen = AtomicUsize::new(0);
    Arc::new(move |event| {
        let counts = matches!(event, Event::ObjectDone { .. } | Event::PartStarted { .. } | Event::PartDone { .. });
        if counts && seen.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            act();
        }
    })
}

fn leaves_no_ledger(target: &Database) {
    assert_eq!(target.query_one("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgkeep_restore'"), "0");
}

#[test]
fn a_cancelled_restore_is_continued() {
    let server = Server::shared(18);
    let source = source(server);
    let folder = tempfile::tempdir().unwrap();
    let reader = block_on(dumped(&source, &folder.path().join("repository")));
    // While objects are created, while rows are loaded, while keys, indexes and the rest are built.
    for nth in [4, 20, 25, 30, 33, 38, 45] {
        let target = server.database("resume_target");
        block_on(async {
            let cancellation = Cancellation::default();
            let asked = cancellation.clone();
            let mut options = restore_options(&target);
            options.cancellation = cancellation;
            let stopped = restore::from_snapshot(&reader, &options, &at_event(nth, move || asked.cancel())).await;
            assert!(matches!(stopped, Err(Error::Cancelled)), "at {nth}: {stopped:?}");

            let refused = restore::from_snapshot(&reader, &restore_options(&target), &silent()).await.unwrap_err();
            assert!(explained(&refused).contains("an unfinished restore of snapshot"), "{}", explained(&refused));
            let mut options = restore_options(&target);
            options.course = restore::Course::Resume { keep_going: false };
            options.selection.schema_only = true;
            let refused = restore::from_snapshot(&reader, &options, &silent()).await.unwrap_err();
            assert!(explained(&refused).contains("of another selection"), "{}", explained(&refused));

            let mut options = restore_options(&target);
            options.course = restore::Course::Resume { keep_going: false };
            let done = expect(restore::from_snapshot(&reader, &options, &silent()).await, &format!("resume at {nth}"));
            assert_eq!(done.rows, 12_000);
        });
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
        leaves_no_ledger(&target);
    }
}

#[test]
fn lost_connections_cost_no_row_and_double_none() {
    let server = Server::shared(18);
    let source = source(server);
    let folder = tempfile::tempdir().unwrap();
    let reader = block_on(dumped(&source, &folder.path().join("repository")));
    for nth in [5, 22, 28, 36, 44] {
        let target = server.database("resume_killed");
        let (admin, name) = (server.existing("postgres"), target.name().to_owned());
        // All of them, so that the session that waits while others load is lost too.
        let kill = move || {
            admin.psql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
        };
        let done = block_on(restore::from_snapshot(&reader, &restore_options(&target), &at_event(nth, kill)));
        assert_eq!(expect(done, &format!("killed at {nth}")).rows, 12_000);
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
        leaves_no_ledger(&target);
    }
}

#[test]
fn there_must_be_something_to_resume() {
    let server = Server::shared(18);
    let source = source(server);
    let target = server.database("resume_nothing");
    let folder = tempfile::tempdir().unwrap();
    let refused = block_on(async {
        let reader = dumped(&source, &folder.path().join("repository")).await;
        let mut options = restore_options(&target);
        options.course = restore::Course::Resume { keep_going: false };
        restore::from_snapshot(&reader, &options, &silent()).await.unwrap_err()
    });
    assert!(explained(&refused).contains("no unfinished restore is in database"), "{}", explained(&refused));
}

/// The database that a restore made is not made again, and gets its properties when the restore ends.
#[test]
fn a_database_that_was_created_is_continued_too() {
    let server = Server::fresh(18, &[]);
    let source = source(&server);
    source.psql(&format!("ALTER DATABASE {} SET work_mem = '7MB'", source.name()));
    let folder = tempfile::tempdir().unwrap();
    let target = server.existing("resume_created");
    block_on(async {
        let reader = dumped(&source, &folder.path().join("repository")).await;
        let mut options = restore_options(&target);
        options.start = restore::Start::NewDatabase;
        options.cancellation = Cancellation::default();
        let asked = options.cancellation.clone();
        let stopped = restore::from_snapshot(&reader, &options, &at_event(25, move || asked.cancel())).await;
        assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
        options.cancellation = Cancellation::default();
        options.course = restore::Course::Resume { keep_going: false };
        expect(restore::from_snapshot(&reader, &options, &silent()).await, "resume");
    });
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
    assert_eq!(target.query_one("SHOW work_mem"), "7MB");
}
