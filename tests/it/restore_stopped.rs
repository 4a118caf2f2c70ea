//! What a restore says about the target when it is stopped or fails, and that it is so.

use std::os::unix::process::ExitStatusExt as _;

use crate::cli_session::{Keeping, Ran, signal, until};
use crate::harness::driver::Driver;
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, schema_text};
use crate::restore_survives::spawn;

const SHOP: &str =
    "CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY); INSERT INTO s.a SELECT generate_series(1, 5000);
    CREATE TABLE s.b (id int REFERENCES s.a); INSERT INTO s.b SELECT id FROM s.a; CREATE INDEX late ON s.b (id)";

/// A target where statements of this tag wait until the lock is let go.
fn slow(target: &Database, tag: &str) {
    target.psql(&format!(
        "CREATE FUNCTION information_schema.wait() RETURNS event_trigger LANGUAGE plpgsql
         AS $$ BEGIN PERFORM pg_advisory_xact_lock(1, 1); END $$;
         CREATE EVENT TRIGGER wait ON ddl_command_start WHEN TAG IN ('{tag}') EXECUTE FUNCTION information_schema.wait()"
    ));
}

fn block(target: &Database) -> Driver {
    let mut blocker = target.driver();
    blocker.run("SELECT pg_advisory_lock(1, 1)");
    blocker
}

fn unblock(mut blocker: Driver) {
    blocker.run("SELECT pg_advisory_unlock(1, 1); DROP EVENT TRIGGER wait; DROP FUNCTION information_schema.wait()");
}

/// Stops a restore by Ctrl-C while a statement waits for the lock.
fn interrupted(keeping: &Keeping, target: &Database, arguments: &[&str]) -> Ran {
    let url = target.url();
    let child = spawn(keeping, &[&["restore", "latest", "-d", &url][..], arguments].concat());
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1 AND NOT granted";
    until("the restore waits", || target.query_one(waits) != "0");
    signal("INT", child.id());
    Ran::of(child.wait_with_output().expect("a child"))
}

#[test]
fn ctrl_c_says_what_the_target_holds() {
    let server = Server::shared(18);
    let source = server.database("stopped_source");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);

    let target = server.database("stopped_target");
    slow(&target, "CREATE INDEX");
    let before = schema_text(&target);
    let blocker = block(&target);
    let ran = interrupted(&keeping, &target, &["-1"]);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("cancelled: nothing was changed"), "{}", ran.stderr);
    assert_eq!(schema_text(&target), before);

    let ran = interrupted(&keeping, &target, &[]);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("same command with --resume continues"), "{}", ran.stderr);
    unblock(blocker);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "--resume"]);
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);

    // While it only looks: a target that is locked where the restore reads.
    let target = server.database("stopped_looking");
    let mut blocker = target.driver();
    blocker.run("BEGIN; LOCK TABLE pg_catalog.pg_type");
    let admin = server.existing("postgres");
    let name = target.name();
    let child = spawn(&keeping, &["restore", "latest", "-d", &target.url()]);
    let waits = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND wait_event_type = 'Lock'");
    until("the restore waits", || admin.query_one(&waits) == "1");
    signal("INT", child.id());
    let ran = Ran::of(child.wait_with_output().expect("a child"));
    drop(blocker);
    assert!(ran.stderr.contains("cancelled: nothing was changed"), "{}", ran.stderr);
}

#[test]
fn a_second_ctrl_c_ends_the_process_at_once() {
    let server = Server::fresh(18, &[]);
    let source = server.database("twice_source");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let target = server.database("twice_target");
    slow(&target, "CREATE INDEX");
    let blocker = block(&target);
    let mut child = spawn(&keeping, &["restore", "latest", "-d", &target.url()]);
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1 AND NOT granted";
    until("the restore waits", || target.query_one(waits) != "0");
    // A server that takes no request to cancel any more, so that the clean end does not come.
    let pid = std::fs::read_to_string(server.folder().join("data/postmaster.pid")).expect("it runs");
    let postmaster: u32 = pid.lines().next().expect("a line").parse().expect("a process");
    signal("STOP", postmaster);
    signal("INT", child.id());
    std::thread::sleep(std::time::Duration::from_secs(1));
    let waited = child.try_wait().expect("a child").is_none();
    signal("INT", child.id());
    let ended = child.wait_with_output().expect("a child");
    signal("CONT", postmaster);
    assert!(waited, "the first one is taken as a request to end cleanly");
    assert_eq!((ended.status.code(), ended.status.signal()), (Some(130), None));
    unblock(blocker);
}

/// A failure says the same as a stop.
#[test]
fn a_failure_says_what_the_target_holds() {
    let server = Server::shared(18);
    let source = server.database("failed_source");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let target = server.database("failed_target");
    target.psql(
        "CREATE FUNCTION information_schema.stop() RETURNS event_trigger LANGUAGE plpgsql
         AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
         CREATE EVENT TRIGGER stop ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION information_schema.stop()",
    );
    let before = schema_text(&target);
    for (how, words) in [("-1", "nothing was changed"), ("-j2", "the same command with --resume continues")] {
        let ran = keeping.run(&["restore", "latest", "-d", &target.url(), how]);
        assert_eq!(ran.code, Some(4), "{}", ran.stderr);
        assert!(ran.stderr.contains("not today") && ran.stderr.contains(words), "{}", ran.stderr);
        assert_eq!(schema_text(&target) == before, how == "-1");
    }
}

/// Whoever restores may not see all rows of what is restored; that is an error and never taken for a difference.
#[test]
fn row_security_cannot_hide_rows_from_the_proof() {
    for major in crate::harness::versions() {
        let server = Server::fresh(major, &[]);
        let source = server.database("hidden_source");
        source.psql(
            "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 100); ALTER TABLE t ENABLE ROW LEVEL SECURITY;
             ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY few ON t USING (id < 10)",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let postgres = server.existing("postgres");
        postgres.psql("CREATE ROLE plain NOINHERIT LOGIN; CREATE ROLE owner; GRANT owner TO plain");
        for (user, role) in [("plain", None), ("plain", Some("owner")), ("postgres", None)] {
            let target = server.database("hidden_target");
            let owner = role.unwrap_or(user);
            postgres.psql(&format!("GRANT ALL ON DATABASE {} TO {owner}", target.name()));
            target.psql(&format!("GRANT ALL ON SCHEMA public TO {owner}"));
            let url = target.url_as(user);
            let mut restore = vec!["restore", "latest", "-d", &url, "-O", "-x", "--verify-target"];
            restore.extend(role.map(|_| "--role=owner"));
            let ran = keeping.run(&restore);
            assert_eq!(target.query_one("SELECT count(*) FROM t"), "100", "{}", ran.stderr);
            if user == "postgres" {
                assert_eq!(ran.code, Some(0), "{}", ran.stderr);
                continue;
            }
            assert_eq!(ran.code, Some(4), "on {major}: {}{}", ran.stdout, ran.stderr);
            for words in ["read back public.t", "row-level security", "everything was restored"] {
                assert!(ran.stderr.contains(words), "on {major}: no {words} in {}", ran.stderr);
            }
        }
    }
}
