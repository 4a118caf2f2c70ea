//! What a restore takes from the server, and what it does side by side, as the server itself sees it.

use crate::cli_session::Keeping;
use crate::harness::{Server, versions};

/// Notes, for every index that is built, the settings that it is built with.
const NOTES: &str = "CREATE TABLE information_schema.notes (memory text, workers text);
    CREATE FUNCTION information_schema.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO information_schema.notes
    VALUES (current_setting('maintenance_work_mem'), current_setting('max_parallel_maintenance_workers')); END $$;
    CREATE EVENT TRIGGER note ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION information_schema.note();
    GRANT USAGE ON SCHEMA information_schema TO plain; GRANT INSERT ON information_schema.notes TO plain;";

#[test]
fn jobs_share_what_the_server_allows() {
    for major in versions() {
        let server = Server::fresh(major, &[("shared_buffers", "400MB"), ("max_parallel_workers", "6")]);
        let (source, target) = (server.database("speed_source"), server.database("speed_target"));
        source.psql("CREATE ROLE plain LOGIN; CREATE TABLE t (id int); CREATE INDEX ON t (id)");
        target.psql(NOTES);
        target.psql(&format!("ALTER DATABASE {} OWNER TO plain; GRANT ALL ON SCHEMA public TO plain", target.name()));
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        for (how, memory, workers) in
            [(&["-j", "2"][..], "200MB", "3"), (&["-j", "9"], "64MB", "2"), (&["-1"], "400MB", "4")]
        {
            let url = target.url_as("plain");
            keeping.ok(&[&["restore", "latest", "-d", &url, "-t", "t", "-c", "-O", "-x"][..], how].concat());
            assert_eq!(
                target.query_rows("SELECT * FROM information_schema.notes"),
                [[memory, workers]],
                "{how:?} on {major}"
            );
            target.psql("TRUNCATE information_schema.notes");
        }
    }
}

/// Two keys to the same table are checked at the same time: each check waits, with its locks, until the other one has
/// come as far. `ADD FOREIGN KEY` in one step would let only one of them in, and this restore would fail.
#[test]
fn keys_to_the_same_table_are_checked_side_by_side() {
    for major in versions() {
        let server = Server::shared(major);
        let (source, target) = (server.database("keys_source"), server.database("keys_target"));
        // Checks of small tables share a transaction.
        source.psql(
            "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 50);
             CREATE TABLE one (p int REFERENCES parent, t text); INSERT INTO one SELECT n % 50 + 1, repeat('x', 1000) FROM generate_series(1, 1300) n;
             CREATE TABLE two (p int REFERENCES parent, t text); INSERT INTO two SELECT * FROM one;",
        );
        target.psql(
            "CREATE TABLE information_schema.met (what text); CREATE FUNCTION information_schema.meet() RETURNS event_trigger LANGUAGE plpgsql AS $$
             DECLARE other int; BEGIN
             IF current_query() !~ 'VALIDATE' THEN RETURN; END IF;
             PERFORM pg_advisory_xact_lock_shared(4711);
             FOR n IN 1 .. 3000 LOOP
               SELECT count(*) INTO other FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
               EXIT WHEN other = 2; PERFORM pg_sleep(0.01);
             END LOOP;
             IF other <> 2 THEN RAISE 'the other check never came'; END IF;
             INSERT INTO information_schema.met VALUES (current_query()); PERFORM pg_sleep(0.1); END $$;
             CREATE EVENT TRIGGER meet ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION information_schema.meet()",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let url = target.url();
        keeping.ok(&["restore", "latest", "-d", &url, "-j", "2", "-t", "parent", "-t", "one", "-t", "two"]);
        let valid = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated";
        assert_eq!(target.query_one(valid), "2");
        assert_eq!(target.query_one("SELECT count(*) FROM information_schema.met"), "2");
    }
}
