//! What a restore leaves after failures, crashes and kills, and that the run which continues it doubles and loses no row.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::cli_session::{Keeping, Ran, parse, until};
use crate::harness::{Database, Pooler, Server, assert_same_data, assert_same_schema, cli::cli, versions};

/// Event triggers that make what is tagged so fail, from where a restore does not look for objects of the user.
fn forbid(target: &Database, tag: &str) {
    target.psql(&format!(
        "CREATE FUNCTION information_schema.stop() RETURNS event_trigger LANGUAGE plpgsql
         AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
         CREATE EVENT TRIGGER stop ON ddl_command_start WHEN TAG IN ({tag}) EXECUTE FUNCTION information_schema.stop()"
    ));
}

fn allow(target: &Database) {
    target.psql("DROP EVENT TRIGGER stop; DROP FUNCTION information_schema.stop()");
}

fn ledgers(target: &Database) -> String {
    target.query_one("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgkeep_restore'")
}

/// Starts the program and goes on.
pub(crate) fn spawn(keeping: &Keeping, arguments: &[&str]) -> Child {
    let environment = keeping.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut command = cli(arguments, &environment);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

const SHOP: &str = "CREATE SCHEMA s; CREATE SEQUENCE s.numbers; SELECT setval('s.numbers', 70);
    CREATE TABLE s.a (id serial PRIMARY KEY, t text); INSERT INTO s.a (t) SELECT n::text FROM generate_series(1, 500) n;
    CREATE VIEW s.v AS SELECT * FROM s.a; CREATE VIEW s.w AS SELECT * FROM s.v; GRANT SELECT ON s.v, s.numbers TO PUBLIC;
    CREATE INDEX i ON s.a (t); CREATE TABLE s.b (a int REFERENCES s.a); INSERT INTO s.b SELECT id FROM s.a;
    CREATE MATERIALIZED VIEW s.m AS SELECT count(*) FROM s.w;";

#[test]
fn what_failed_and_nothing_else_is_tried_again() {
    for major in versions() {
        let server = Server::shared(major);
        let (source, target) = (server.database("again_source"), server.database("again_target"));
        source.psql(SHOP);
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let restore = ["restore", "latest", "-d", &target.url(), "--keep-going"];
        forbid(&target, "'CREATE VIEW', 'CREATE SEQUENCE', 'CREATE INDEX', 'GRANT'");
        let ran = keeping.run(&[&restore[..], &["--json"]].concat());
        assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
        let events = parse(&ran.stdout);
        let summary = events.iter().find(|event| event["event"] == "summary").unwrap();
        let failures = summary["failures"].as_array().unwrap();
        assert!(failures.len() >= 6, "on {major}: {summary}");

        // Somebody works with what is there; no row of theirs is lost and no position set back.
        target.psql("INSERT INTO s.b VALUES (1)");
        target.psql("DROP EVENT TRIGGER stop");
        forbid_again(&target);
        let ran = keeping.run(&[&restore[..], &["--resume"]].concat());
        assert_eq!(ran.code, Some(9), "on {major}: {}{}", ran.stdout, ran.stderr);
        for words in ["index s.a.i: ", "--resume tries these again and nothing else"] {
            assert!(ran.stdout.contains(words), "on {major}: no {words:?} in {}", ran.stdout);
        }
        assert!(!ran.stdout.contains("view s.v"), "on {major}: {}", ran.stdout);
        assert_eq!(ledgers(&target), "1");

        allow(&target);
        let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "--resume"]);
        assert_eq!(ran.code, Some(0), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ledgers(&target), "0");
        source.psql("INSERT INTO s.b VALUES (1)");
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
    }
}

/// Only indexes fail from now on.
fn forbid_again(target: &Database) {
    target.psql("DROP FUNCTION information_schema.stop()");
    forbid(target, "'CREATE INDEX'");
}

/// A crash of the server empties unlogged tables, and the ledger must know.
#[test]
fn rows_that_a_crash_of_the_server_takes_are_loaded_again() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let (source, target) = (server.database("crash_source"), server.database("crash_target"));
        source.psql(
            "CREATE UNLOGGED TABLE u (id serial PRIMARY KEY, t text); INSERT INTO u (t) SELECT 'x' FROM generate_series(1, 900);
             CREATE TABLE l (id int); INSERT INTO l SELECT generate_series(1, 700); CREATE INDEX late ON l (id)",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let before = source.query_one("SELECT md5(string_agg(t::text, '' ORDER BY id)) || count(*) FROM u t");
        for crash in [true, false] {
            target.psql("DROP TABLE IF EXISTS u, l");
            forbid(&target, "'CREATE INDEX'");
            let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "--keep-going"]);
            assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
            allow(&target);
            assert_eq!(target.query_one("SELECT count(*) FROM u"), "900");
            target.psql("CHECKPOINT");
            server.stop(if crash { "QUIT" } else { "INT" });
            server.start_again();
            let left = target.query_one("SELECT count(*) FROM u");
            assert_eq!(left, if crash { "0" } else { "900" }, "{}", server.log());
            let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "--resume", "--json"]);
            assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
            let planned = parse(&ran.stdout).into_iter().find(|event| event["event"] == "planned").expect("a plan");
            assert_eq!(planned["rows"], if crash { 900 } else { 0 }, "{planned}");
            assert_eq!(target.query_one("SELECT count(*) FROM l"), "700");
            let after = target.query_one("SELECT md5(string_agg(t::text, '' ORDER BY id)) || count(*) FROM u t");
            assert_eq!(before, after, "on {major}");
            assert_eq!(target.query_one("SELECT nextval('u_id_seq')"), "901", "on {major}");
            assert_eq!(ledgers(&target), "0");
        }
    }
}

/// A client was killed while the server commits its rows: the run that continues waits for the outcome.
#[test]
fn a_resume_waits_for_what_still_commits() {
    for major in versions() {
        let server = Server::shared(major);
        let (source, target) = (server.database("late_source"), server.database("late_target"));
        source.psql("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 300)");
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        // Rows alone, into a table whose commit takes its time.
        target.psql(
            "CREATE TABLE t (id int); CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN IF new.id = 300 THEN PERFORM pg_sleep(4); END IF; RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION slowly()",
        );
        let restore = ["restore", "latest", "-d", &target.url(), "-a", "--no-analyze"];
        let mut killed = spawn(&keeping, &restore);
        let committing = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                          AND query = 'COMMIT' AND state = 'active'";
        until("the rows are being committed", || target.query_one(committing) == "1");
        killed.kill().expect("it runs");
        drop(killed.wait());
        let ran = keeping.run(&[&restore[..], &["--resume"]].concat());
        assert_eq!(ran.code, Some(0), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(
            target.query_one("SELECT count(*) || ' of ' || count(DISTINCT id) FROM t"),
            "300 of 300",
            "on {major}"
        );
        assert_eq!(ledgers(&target), "0");
    }
}

/// A run that still lives is told to stop by the one that continues its restore, and neither doubles a row.
#[test]
fn a_run_that_was_taken_over_stops() {
    let server = Server::shared(18);
    let (source, target) = (server.database("two_source"), server.database("two_target"));
    // Each too large to share a transaction with another.
    source.psql("CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 250000); CREATE TABLE b AS SELECT * FROM a; CREATE TABLE c AS SELECT * FROM a");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    target.psql("CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int)");
    let restore = ["restore", "latest", "-d", &target.url(), "-a", "-j1", "--no-analyze"];
    // The first waits for a lock on a table in the middle.
    let mut blocker = target.driver();
    blocker.run("BEGIN; LOCK TABLE b IN SHARE MODE");
    let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'b'::regclass AND NOT granted";
    let first = spawn(&keeping, &restore);
    until("the first run waits", || target.query_one(waits) == "1");
    let second = spawn(&keeping, &[&restore[..], &["--resume"]].concat());
    let ours = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 0";
    until("the second run waits for the first", || target.query_one(ours) != "0");
    blocker.run("ROLLBACK");
    let (first, second) = (Ran::of(first.wait_with_output().unwrap()), Ran::of(second.wait_with_output().unwrap()));
    assert_eq!(second.code, Some(0), "{}{}", second.stdout, second.stderr);
    assert_eq!(first.code, Some(8), "{}{}", first.stdout, first.stderr);
    assert!(first.stderr.contains("another run of pgkeep has taken over this restore"), "{}", first.stderr);
    assert_same_data(&source, &target);
    assert_eq!(ledgers(&target), "0");
}

/// Killed again and again at other moments, and continued each time.
#[test]
fn a_restore_that_is_killed_again_and_again_ends_with_exactly_what_was_dumped() {
    let server = Server::shared(18);
    let (source, target) = (server.database("kill_source"), server.database("kill_target"));
    source.psql(
        "CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY, t text UNIQUE); CREATE TABLE s.b (id int REFERENCES s.a, t text);
         INSERT INTO s.a SELECT n, md5(n::text) FROM generate_series(1, 60000) n; INSERT INTO s.b SELECT id, t FROM s.a;
         CREATE INDEX ON s.b (t); CREATE TABLE s.c AS SELECT * FROM s.a; CREATE TABLE s.d AS SELECT * FROM s.b;
         CREATE INDEX ON s.c (t); CREATE INDEX ON s.d (t); CREATE VIEW s.v AS SELECT * FROM s.a;",
    );
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let url = target.url();
    let restore = ["restore", "latest", "-d", &url, "-j2", "--no-analyze", "--quiet"];
    let (mut kills, mut wait) = (0, Duration::from_millis(60));
    let ran = loop {
        let resume: &[&str] = if ledgers(&target) == "1" { &["--resume"] } else { &[] };
        let started = Instant::now();
        let mut child = spawn(&keeping, &[&restore[..], resume].concat());
        while started.elapsed() < wait && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        if child.try_wait().expect("a child").is_some() {
            break Ran::of(child.wait_with_output().expect("it has ended"));
        }
        child.kill().expect("it runs");
        drop(child.wait());
        kills += 1;
        wait += Duration::from_millis(35);
    };
    assert_eq!(ran.code, Some(0), "after {kills} kills: {}{}", ran.stdout, ran.stderr);
    assert!(kills >= 3, "{kills} kills");
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
    assert_eq!(ledgers(&target), "0");
}

/// The ledger and its locks live in transactions, so that all of it works behind a transaction pooler.
#[test]
fn a_restore_behind_a_pooler_is_continued() {
    let server = Server::shared(18);
    let (source, target) = (server.database("pooled_source"), server.database("pooled_target"));
    source.psql(SHOP);
    let pooler = Pooler::start(server, 6);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &pooler.url(source.name())]);
    let url = pooler.url(target.name());
    for _ in 0..2 {
        target.psql("DROP SCHEMA IF EXISTS s CASCADE");
        forbid(&target, "'CREATE INDEX'");
        let ran = keeping.run(&["restore", "latest", "-d", &url, "--keep-going"]);
        assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
        allow(&target);
        keeping.ok(&["restore", "latest", "-d", &url, "--resume", "--verify-target"]);
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
        assert_eq!(ledgers(&target), "0");
    }
}

/// A server that is alive says in the words of class 08 that another one is not: the rows are there, and only the
/// planner misses something.
#[test]
fn a_table_that_cannot_be_analyzed_is_a_warning() {
    for major in versions() {
        let server = Server::shared(major);
        let (source, target) = (server.database("away"), server.database("away_back"));
        source.psql(
            "CREATE EXTENSION postgres_fdw;
             CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
             CREATE USER MAPPING FOR PUBLIC SERVER away OPTIONS (user 'nobody');
             CREATE TABLE p (n int) PARTITION BY RANGE (n);
             CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
             CREATE FOREIGN TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) SERVER away;
             INSERT INTO p VALUES (1), (2); CREATE TABLE other AS SELECT 1 AS n;",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
        assert_eq!(ran.code, Some(0), "on {major}: {}", ran.stderr);
        assert!(ran.stderr.contains("cannot analyze table public.p"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("lost the connection"), "{}", ran.stderr);
        assert_eq!(target.query_one("SELECT count(*) FROM p1"), "2");
        assert_eq!(target.query_one("SELECT reltuples >= 1 FROM pg_class WHERE relname = 'other'"), "t");
    }
}
