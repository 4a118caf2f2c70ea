//! Dumps of databases that do not hold still: one moment for all tables, tables rewritten in between, locks in the way,
//! connections that drop, poolers, and dumps that die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pgkeep::pg::Host;
use pgkeep::progress::{Event, Events, Step, silent};
use pgkeep::repository::{Manifest, Repository};
use pgkeep::{dump, restore};

use crate::harness::{Database, Pooler, Server, assert_same_data, assert_same_schema, block_on, versions};
use crate::roundtrip::{dump_options, expect, explained, latest, repository, restore_options};

/// Does something once, when an event of this kind comes.
fn when(wanted: impl Fn(&Event) -> bool + Send + Sync + 'static, then: impl Fn() + Send + Sync + 'static) -> Events {
    let done = AtomicBool::new(false);
    Arc::new(move |event| {
        if wanted(&event) && !done.swap(true, Ordering::SeqCst) {
            then();
        }
    })
}

async fn dumped(repository: &Repository, database: &Database, events: &Events) -> dump::Summary {
    expect(dump::run(repository, &dump_options(database), events).await, "dump")
}

async fn manifest(repository: &Repository) -> Manifest {
    expect(latest(repository).await.manifest().await, "manifest")
}

fn rows(manifest: &Manifest, table: &str) -> u64 {
    let of = |part: &&pgkeep::repository::Part| {
        manifest.object(part.object).is_some_and(|object| object.name.to_string() == table)
    };
    manifest.parts.iter().filter(of).map(|part| part.stored.digest.rows).sum()
}

/// Two tables that every transaction changes together, written all the time while the dump runs.
#[test]
fn all_tables_agree_on_one_moment() {
    for major in versions() {
        let source = Server::shared(major).database("moment");
        source.psql(
            "CREATE TABLE a (n bigserial, filler text); CREATE TABLE b (n bigserial, filler text);
             CREATE PROCEDURE more(times int) LANGUAGE plpgsql AS $$ BEGIN
                 FOR i IN 1..times LOOP
                     INSERT INTO a (filler) SELECT repeat('a', 200) FROM generate_series(1, 20);
                     INSERT INTO b (filler) SELECT repeat('b', 200) FROM generate_series(1, 20);
                     COMMIT;
                 END LOOP; END $$;
             CALL more(1000);",
        );
        let target = Server::shared(major).database("moment_back");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let (mut rounds, mut writer) = (0, source.driver());
                while !stop.load(Ordering::SeqCst) {
                    writer.run("CALL more(20)");
                    rounds += 1;
                    // Hundreds of commits during each dump, and tables that a busy machine can still read to their end.
                    std::thread::sleep(Duration::from_millis(20));
                }
                rounds
            });
            block_on(async {
                let repository = repository(&folder.path().join("r")).await;
                for _ in 0..3 {
                    dumped(&repository, &source, &silent()).await;
                    let manifest = manifest(&repository).await;
                    let (a, b) = (rows(&manifest, "public.a"), rows(&manifest, "public.b"));
                    assert_eq!(a, b);
                    assert!(a >= 20_000);
                }
                stop.store(true, Ordering::SeqCst);
                let reader = latest(&repository).await;
                expect(restore::from_snapshot(&reader, &restore_options(&target), &silent()).await, "restore");
            });
            assert!(writer.join().expect("the writer ran") > 0);
        });
        assert_eq!(target.query_one("SELECT (SELECT sum(n) FROM a) = (SELECT sum(n) FROM b)"), "t");
    }
}

/// A row committed before the server snapshot is in the dump, one committed after it is not.
#[test]
fn rows_that_come_later_are_not_in_it() {
    let source = Server::shared(18).database("later");
    source.psql("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    let other = source.server().existing(source.name());
    let insert = when(
        |event| matches!(event, Event::ServerSnapshot { .. }),
        move || other.driver().run("INSERT INTO t VALUES (2)"),
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        dumped(&repository, &source, &insert).await;
        assert_eq!(rows(&manifest(&repository).await, "public.t"), 1);
    });
    assert_eq!(source.query_one("SELECT count(*) FROM t"), "2");
}

/// Between the list of tables and the locks anything may happen; a table truncated there would look empty.
#[test]
fn a_table_rewritten_or_made_before_its_lock_is_noticed() {
    for change in
        ["TRUNCATE t; INSERT INTO t VALUES (1), (2)", "ALTER TABLE t ALTER n TYPE bigint", "CREATE TABLE u ()"]
    {
        let source = Server::shared(18).database("rewritten");
        source.psql("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)");
        let other = source.server().existing(source.name());
        let locking = |event: &Event| matches!(event, Event::Step { step: Step::LockTables });
        let events = when(locking, move || other.driver().run(change));
        let folder = tempfile::tempdir().expect("a temporary folder");
        block_on(async {
            let repository = repository(&folder.path().join("r")).await;
            dumped(&repository, &source, &events).await;
            let manifest = manifest(&repository).await;
            assert_eq!(rows(&manifest, "public.t"), 2, "{change}");
            let has_u = manifest.objects.iter().any(|object| object.name.to_string() == "public.u");
            assert_eq!(has_u, change.starts_with("CREATE"), "{change}");
        });
    }
}

/// Somebody waits for an exclusive lock that the lead is in the way of; other sessions that queued behind would hang for
/// ever, be it with rows or with a definition that the server opens the table for.
#[test]
fn a_queued_exclusive_lock_does_not_stop_it() {
    dumps_behind_a_queued_lock(Step::ReadCatalog);
    dumps_behind_a_queued_lock(Step::Copy);
}

fn dumps_behind_a_queued_lock(at: Step) {
    let source = Server::shared(18).database("queued");
    source.psql(
        "CREATE TABLE t (n int CHECK (n > 0), m int DEFAULT 7); INSERT INTO t SELECT generate_series(1, 1000);
         CREATE VIEW v AS SELECT n + m AS sum FROM t; CREATE RULE r AS ON DELETE TO t DO ALSO SELECT n FROM t;",
    );
    let name = source.name().to_owned();
    let server = source.server().clone();
    let events = when(
        move |event| matches!(event, Event::Step { step } if *step == at),
        move || {
            let waiting = server.existing(&name);
            std::thread::spawn(move || waiting.driver().run("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; COMMIT"));
            let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
            let watched = server.existing(&name);
            while watched.query_one(waits) == "0" {
                std::thread::sleep(Duration::from_millis(20));
            }
        },
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        dumped(&repository, &source, &events).await;
        assert_eq!(rows(&manifest(&repository).await, "public.t"), 1000);
    });
}

/// A worker whose connection is cut comes back to the same server snapshot and repeats its part.
#[test]
fn a_worker_that_loses_its_connection_goes_on() {
    let source = Server::shared(18).database("cut");
    source.psql("CREATE TABLE t (n int, filler text); INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 60000) n");
    let other = source.server().existing(source.name());
    let events = when(
        |event| matches!(event, Event::Moved { .. }),
        move || {
            other.psql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND query LIKE 'COPY %'",
            );
        },
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        let summary = dumped(&repository, &source, &events).await;
        assert_eq!(summary.totals.rows, 60_000);
        assert_eq!(rows(&manifest(&repository).await, "public.t"), 60_000);
    });
}

#[test]
fn a_dump_that_is_cancelled_lists_nothing_and_stops_the_server() {
    let source = Server::shared(18).database("cancelled");
    source.psql("CREATE TABLE t (n int, filler text); INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 60000) n");
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        let options = dump_options(&source);
        let cancellation = options.cancellation.clone();
        let events = when(|event| matches!(event, Event::Moved { .. }), move || cancellation.cancel());
        let error = dump::run(&repository, &options, &events).await.expect_err("it was cancelled");
        assert!(matches!(error, pgkeep::Error::Cancelled), "{}", explained(&error));
        assert!(repository.snapshots().await.expect("the repository can be listed").listed.is_empty());
        // What it had stored is found again, and the next dump is whole.
        let summary = dumped(&repository, &source, &silent()).await;
        assert_eq!(summary.totals.rows, 60_000);
    });
    let left =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgkeep'";
    let gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        source.query_one(left) == "0"
    });
    assert!(gone, "sessions are left on the server");
}

/// Transaction pooling hands out another server connection for every transaction; nothing may rely on a session.
#[test]
fn it_runs_twice_in_a_row_through_a_transaction_pooler() {
    let source = Server::shared(18).database("pooled");
    source.psql("CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)");
    let pooler = Pooler::start(source.server(), 6);
    let target = Server::shared(18).database("pooled_back");
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        let mut options = dump_options(&source);
        let address = pooler.url(source.name());
        let port = address.rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("the address has a port");
        options.source.hosts = vec![Host::tcp("127.0.0.1", port.parse().expect("a port"))];
        for _ in 0..2 {
            let done = dump::run(&repository, &options, &silent()).await;
            let done = done.unwrap_or_else(|error| panic!("{} {}", explained(&error), pooler.log()));
            assert_eq!(done.totals.rows, 1000);
        }
        let reader = latest(&repository).await;
        expect(restore::from_snapshot(&reader, &restore_options(&target), &silent()).await, "restore");
    });
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
}

/// A second dump of an unchanged database stores next to nothing.
#[test]
fn an_unchanged_database_costs_nothing_the_second_time() {
    let source = Server::shared(18).database("unchanged");
    source.psql(
        "CREATE TABLE t AS SELECT n, md5(n::text) AS h, now() + n * interval '1 s' AS at FROM generate_series(1, 200000) n",
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        let first = dumped(&repository, &source, &silent()).await.totals;
        let second = dumped(&repository, &source, &silent()).await.totals;
        assert_eq!(first.rows, second.rows);
        assert!(second.stored_bytes * 100 < first.stored_bytes, "{} of {}", second.stored_bytes, first.stored_bytes);
        source.psql("INSERT INTO t SELECT n, md5(n::text), now() FROM generate_series(200001, 202000) n");
        let third = dumped(&repository, &source, &silent()).await.totals;
        assert_eq!(third.rows, first.rows + 2000);
    });
}

/// Rows that a role may not read stop a dump before it begins, all named at once; or are left out and remembered.
#[test]
fn what_cannot_be_read_is_said_at_once() {
    let source = Server::shared(18).database("unreadable");
    source.psql(
        "CREATE TABLE open (n int); CREATE TABLE closed (n int); CREATE TABLE hidden (n int);
         INSERT INTO open VALUES (1); INSERT INTO hidden VALUES (1);
         ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
         DO $$ BEGIN CREATE ROLE dump_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
         GRANT SELECT ON open, hidden TO dump_reader;",
    );
    let sequences = Server::shared(18).database("unreadable_sequence");
    sequences.psql("CREATE SEQUENCE shut");
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        let mut options = dump_options(&source);
        options.source.user = "dump_reader".into();
        let error = dump::run(&repository, &options, &silent()).await.expect_err("two tables are closed");
        let message = explained(&error);
        assert!(message.contains("public.closed") && message.contains("public.hidden"), "{message}");
        assert!(repository.snapshots().await.expect("a list").listed.is_empty());
        let mut of_sequences = dump_options(&sequences);
        of_sequences.source.user = "dump_reader".into();
        let error = dump::run(&repository, &of_sequences, &silent()).await.expect_err("a sequence is closed");
        assert!(explained(&error).contains("public.shut"), "{}", explained(&error));
        of_sequences.skip_unreadable = true;
        assert_eq!(expect(dump::run(&repository, &of_sequences, &silent()).await, "dump").missing.len(), 1);
        options.skip_unreadable = true;
        let summary = expect(dump::run(&repository, &options, &silent()).await, "dump");
        assert_eq!((summary.totals.rows, summary.missing.len()), (1, 2));
        let listed = repository.resolve("latest").await.expect("a snapshot");
        assert_eq!(listed.snapshot.head.missing, 2);
        assert_eq!(manifest(&repository).await.about.missing.len(), 2);
    });
    source.psql("DROP OWNED BY dump_reader");
}
