//! Event triggers see what a restore does for the user, and nothing of what it does for itself.

use crate::cli_session::Keeping;
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, versions};

/// Notes all that is created and dropped.
const AUDIT: &str = "CREATE SCHEMA audit; CREATE TABLE audit.log (what text);
    CREATE FUNCTION audit.made() RETURNS event_trigger LANGUAGE plpgsql AS
        $$BEGIN INSERT INTO audit.log SELECT 'made ' || object_identity FROM pg_event_trigger_ddl_commands(); END$$;
    CREATE FUNCTION audit.gone() RETURNS event_trigger LANGUAGE plpgsql AS
        $$BEGIN INSERT INTO audit.log SELECT 'gone ' || object_identity FROM pg_event_trigger_dropped_objects(); END$$;
    CREATE EVENT TRIGGER made ON ddl_command_end EXECUTE FUNCTION audit.made();
    CREATE EVENT TRIGGER gone ON sql_drop EXECUTE FUNCTION audit.gone();";

/// Forbids whatever is a drop.
const FORBID: &str = "CREATE SCHEMA guard; CREATE FUNCTION guard.no() RETURNS event_trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'nothing is dropped here'; END$$;
    CREATE EVENT TRIGGER no ON sql_drop EXECUTE FUNCTION guard.no();";

const SHOP: &str =
    "CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY); INSERT INTO s.a SELECT generate_series(1, 50);
    CREATE MATERIALIZED VIEW s.m AS SELECT count(*) FROM s.a; SELECT lo_from_bytea(4711, 'large');";

fn dumped(source: &Database) -> Keeping {
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    keeping
}

#[test]
fn event_triggers_of_the_snapshot_do_not_see_its_restore() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("audited_source");
        source.psql(&format!(
            "{AUDIT} {FORBID} {SHOP} ALTER EVENT TRIGGER made ENABLE ALWAYS; ALTER EVENT TRIGGER no ENABLE ALWAYS;
             COMMENT ON EVENT TRIGGER no IS 'never'"
        ));
        let keeping = dumped(&source);
        for how in [&["-j", "2"][..], &["-1"], &["--keep-going"]] {
            let target = server.database("audited_target");
            let ran = keeping.run(&[&["restore", "latest", "-d", &target.url()], how].concat());
            assert_eq!((ran.code, ran.stderr.contains("cannot drop")), (Some(0), false), "on {major}: {}", ran.stderr);
            assert_same_schema(&source, &target);
            assert_same_data(&source, &target);
            let ledgers = "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgkeep_restore'";
            assert_eq!(target.query_one(ledgers), "0", "on {major}");
        }
        // Where one fails the others come, and the rest can be tried again.
        let target = server.database("audited_failing");
        target.psql(
            "CREATE FUNCTION information_schema.taken() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER made ON table_rewrite EXECUTE FUNCTION information_schema.taken()",
        );
        let restore = ["restore", "latest", "-d", &target.url(), "--keep-going"];
        let ran = keeping.run(&[&restore[..], &["-N", "nothing"]].concat());
        assert_eq!(ran.code, Some(9), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("event trigger made: "), "on {major}: {}", ran.stdout);
        target.psql(
            "DROP EVENT TRIGGER made; ALTER EVENT TRIGGER no DISABLE; ALTER EVENT TRIGGER gone DISABLE;
             DROP FUNCTION information_schema.taken(); ALTER EVENT TRIGGER no ENABLE; ALTER EVENT TRIGGER gone ENABLE",
        );
        let before = target.query_one("SELECT count(*) FROM audit.log");
        keeping.ok(&["restore", "latest", "-d", &target.url(), "--resume", "-N", "nothing"]);
        assert_eq!(target.query_one("SELECT count(*) FROM audit.log"), before, "on {major}");
    }
}

#[test]
fn event_triggers_of_the_target_see_what_the_user_gets_and_nothing_else() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("watched_source");
        source.psql(SHOP);
        let keeping = dumped(&source);
        for how in [&["-j", "2"][..], &["-1"], &["--keep-going"]] {
            let target = server.database("watched_target");
            target.psql(&format!("{AUDIT} {FORBID}"));
            keeping.ok(&[&["restore", "latest", "-d", &target.url(), "-n", "s", "--large-objects"], how].concat());
            target.psql("DELETE FROM s.a WHERE id < 20");
            keeping.ok(&["restore", "latest", "-d", &target.url(), "-t", "s.a", "--on-conflict-do-nothing"]);
            let log = target.query_rows("SELECT what FROM audit.log ORDER BY what");
            assert!(!log.iter().any(|row| row[0].contains("pgkeep") || row[0].contains("gone")), "on {major}: {log:?}");
            assert!(log.iter().any(|row| row[0] == "made s.a"), "on {major}: {log:?}");
            assert_eq!(target.query_one("SELECT count(*) FROM s.a"), "50");
        }
    }
}

/// Whoever may not keep them quiet is not kept from restoring.
#[test]
fn a_ledger_that_may_not_be_dropped_is_emptied() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let source = server.database("kept_source");
        source.psql(
            "CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY); INSERT INTO s.a SELECT generate_series(1, 50);
             CREATE TABLE s.b (id int); INSERT INTO s.b VALUES (1)",
        );
        let keeping = dumped(&source);
        let target = server.database("kept_target");
        target.psql(&format!(
            "CREATE ROLE keeper LOGIN; ALTER DATABASE {} OWNER TO keeper; {FORBID}
             GRANT USAGE ON SCHEMA guard TO keeper",
            target.name()
        ));
        for table in ["s.a", "s.b"] {
            let ran = keeping.run(&["restore", "latest", "-d", &target.url_as("keeper"), "-O", "-x", "-t", table]);
            assert_eq!(ran.code, Some(0), "on {major}: {}{}", ran.stdout, ran.stderr);
            for words in ["cannot drop schema pgkeep_restore", "nothing is dropped here"] {
                assert!(ran.stderr.contains(words), "on {major}: no {words} in {}", ran.stderr);
            }
            assert_eq!(target.query_one("SELECT count(*) FROM pgkeep_restore.ledger"), "0", "on {major}");
        }
        assert_eq!(target.query_one("SELECT count(*) FROM s.a, s.b"), "50");
    }
}
