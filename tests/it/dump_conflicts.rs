//! Dumps and restores that the server interrupts: for the sake of another transaction, or of what its primary did; and a
//! server that counts wrongly.

use std::thread;
use std::time::Duration;

use crate::cli_session::{Keeping, Ran};
use crate::harness::proxy::{Gate, Proxy};
use crate::harness::{Database, Server, versions};

/// Locks `b` until somebody waits for it, and then `a` as well: whoever waits has a lock on `a` and is the one that the
/// server finds to be in a deadlock.
const CROSSING: &str = "SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE b;
DO $$ BEGIN
    FOR i IN 1..3000 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE relation = 'b'::regclass AND NOT granted);
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
LOCK TABLE a; COMMIT";

fn during(work: &str, database: &Database, run: impl FnOnce() -> Ran) -> Ran {
    thread::scope(|scope| {
        let other = scope.spawn(|| database.psql(work));
        let locked = "SELECT count(*) FROM pg_locks WHERE relation = 'b'::regclass AND granted";
        while database.query_one(locked) == "0" {
            thread::sleep(Duration::from_millis(10));
        }
        let ran = run();
        other.join().expect("the other one ran");
        ran
    })
}

#[test]
fn a_deadlock_is_told_and_tried_again() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("deadlock");
        source.psql("CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE b AS SELECT 2 AS n");
        let keeping = Keeping::new();
        let url = source.url();
        let ran = during(CROSSING, &source, || keeping.run(&["dump", "-d", &url]));
        assert_eq!(ran.code, Some(0), "on {major}: {}", ran.stderr);
        for said in
            ["cannot lock the tables: ERROR: deadlock detected", "starting over with a new server snapshot, try 2"]
        {
            assert!(ran.stderr.contains(said), "on {major}: {}", ran.stderr);
        }

        let target = server.database("deadlock_target");
        target.psql(
            "CREATE TABLE a (n int); CREATE TABLE b (n int);
             CREATE FUNCTION lock_b() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE public.b; RETURN NEW; END';
             CREATE TRIGGER lock_b BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION lock_b()",
        );
        let restore = ["restore", "latest", "-d", &target.url(), "-a", "-t", "a"];
        let ran = during(CROSSING, &target, || keeping.run(&restore));
        assert_eq!(ran.code, Some(0), "on {major}: {}", ran.stderr);
        for said in ["was interrupted during", "deadlock detected", "once more, try 1"] {
            assert!(ran.stderr.contains(said), "on {major}: {}", ran.stderr);
        }
        assert_eq!(target.query_one("SELECT count(*) FROM a"), "1", "on {major}");
    }
}

#[test]
fn a_standby_that_must_go_on_is_told_with_what_to_do() {
    let major = *versions().last().expect("there is a version");
    let primary = Server::fresh(major, &[("max_standby_streaming_delay", "0")]);
    let database = primary.database("conflict");
    database.psql(
        "CREATE TABLE kept AS SELECT n, 'gate in rows' AS t FROM generate_series(1, 1000) n;
         CREATE TABLE spoiled (n int); CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'gate in catalog'$$",
    );
    let standby = primary.standby();
    let copy = standby.existing(database.name());
    let keeping = Keeping::new();
    let meanwhile = |gate: Gate, change: &str| {
        let proxy = {
            let gate = gate.clone();
            Proxy::new(&copy, move |piece| gate.pass(piece))
        };
        thread::scope(|scope| {
            let dump = scope.spawn(|| keeping.run(&["dump", "-d", &proxy.url(&copy), "-j", "1"]));
            gate.wait();
            database.psql(change);
            let written = database.query_one("SELECT pg_current_wal_lsn()");
            let reached = format!("SELECT CASE WHEN pg_last_wal_replay_lsn() >= '{written}' THEN 'reached' END");
            let replayed = || copy.query_one(&reached) == "reached";
            let came = (0..3000).any(|_| {
                thread::sleep(Duration::from_millis(10));
                replayed()
            });
            assert!(came, "the standby does not follow: {}", standby.log());
            gate.open();
            dump.join().expect("it ran")
        })
    };
    // Before there are rows, the dump takes another server snapshot.
    let ran = meanwhile(Gate::at("gate in catalog"), "DROP TABLE spoiled; CREATE TABLE also (n int)");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("conflict with recovery") && ran.stderr.contains("try 2 of"), "{}", ran.stderr);
    // Afterwards it is gone for all workers.
    let ran = meanwhile(Gate::at("gate in rows"), "DROP TABLE also");
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    for said in ["cannot keep the server snapshot", "conflict with recovery", "set hot_standby_feedback = on"] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    assert_eq!(keeping.snapshots(), 1);
}

#[test]
fn a_server_that_counts_wrongly_is_at_fault_and_not_the_repository() {
    let source = Server::shared(*versions().last().expect("there is a version")).database("count");
    source.psql("CREATE TABLE counted AS SELECT n FROM generate_series(1, 12) n");
    let (says, instead) = (b"COPY 12\0", b"COPY 13\0");
    let proxy = Proxy::new(&source, move |piece| {
        if let Some(at) = piece.windows(says.len()).position(|window| window == says) {
            piece[at..at + says.len()].copy_from_slice(instead);
        }
    });
    let keeping = Keeping::new();
    let ran = keeping.run(&["dump", "-d", &proxy.url(&source)]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let (_, said) = ran.stderr.split_once("error: ").expect("an error");
    assert_eq!(
        said.trim(),
        "cannot copy public.counted\n  caused by: the server says that it sent 13 rows, and 12 came"
    );
    assert_eq!(keeping.snapshots(), 0);
}
