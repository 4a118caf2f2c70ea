//! Servers whose table of locks is small: a dump takes no more locks than one session of `pg_dump`, a restore takes a
//! bounded number at a time.

use pgkeep::dump;
use pgkeep::pg::Session;
use pgkeep::progress::silent;

use crate::cli_session::Keeping;
use crate::harness::{Server, block_on, versions};
use crate::roundtrip::{dump_options, expect, repository};

/// How many locks the server has room for, by taking them all.
const ROOM: &str = "CREATE FUNCTION room() RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int := 0;
BEGIN
    BEGIN
        LOOP
            PERFORM pg_catalog.pg_advisory_xact_lock(n);
            n := n + 1;
        END LOOP;
    EXCEPTION WHEN out_of_memory THEN NULL; END;
    RETURN n;
END $$";

#[test]
fn workers_of_a_dump_keep_no_locks() {
    for major in versions() {
        let server = Server::fresh(major, &[("max_connections", "20"), ("max_locks_per_transaction", "64")]);
        let source = server.database("locks");
        source.psql(ROOM);
        source.psql(
            "DO $$ BEGIN FOR i IN 1..600 LOOP
                 EXECUTE format('CREATE TABLE t%s (n int PRIMARY KEY)', i);
                 EXECUTE format('INSERT INTO t%s VALUES (1)', i);
             END LOOP; END $$",
        );
        let room: u32 = source.query_one("SELECT room()").parse().expect("a number");
        let folder = tempfile::tempdir().expect("a temporary folder");
        block_on(async {
            // What is left is enough for the tables once, and far from enough for them twice.
            let mut other = Session::connect(&source.config()).await.expect("the server lets us in");
            let taken = room - 600 - 150;
            other
                .run(format!("BEGIN; SELECT count(pg_advisory_xact_lock(n)) FROM generate_series(1, {taken}) n"))
                .await
                .expect("room for them");
            let repository = repository(&folder.path().join("r")).await;
            let options = dump::Options { jobs: 4, ..dump_options(&source) };
            let done = expect(dump::run(&repository, &options, &silent()).await, "dump");
            assert_eq!(done.totals.rows, 600, "on {major}");
            other.run("ROLLBACK").await.expect("the end");
        });
    }
}

#[test]
fn thousands_of_large_objects_come_back_to_a_server_with_default_settings() {
    let major = *versions().last().expect("there is a version");
    let defaults =
        [("max_connections", "100"), ("max_locks_per_transaction", "64"), ("max_prepared_transactions", "0")];
    let server = Server::fresh(major, &defaults);
    let (source, target) = (server.database("large"), server.database("large_back"));
    source.psql(
        "CREATE ROLE large_owner; CREATE ROLE large_reader;
         CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ DECLARE o oid; BEGIN
             FOR i IN 1..30000 LOOP
                 o := lo_from_bytea(0, convert_to(i::text, 'UTF8'));
                 EXECUTE format('ALTER LARGE OBJECT %s OWNER TO large_owner', o);
                 EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO large_reader', o);
                 IF i % 10 = 0 THEN EXECUTE format('COMMENT ON LARGE OBJECT %s IS ''tenth''', o); END IF;
                 IF i % 500 = 0 THEN COMMIT; END IF;
             END LOOP; END $$;
         CALL fill(); DROP PROCEDURE fill();",
    );
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let state = "SELECT count(*), count(DISTINCT lomowner), count(DISTINCT lomacl::text), sum(length(lo_get(oid))),
                        count(obj_description(oid, 'pg_largeobject')) FROM pg_largeobject_metadata";
    let expected = source.query_rows(state);
    assert_eq!(expected[0][0], "30000");
    for more in [&[][..], &["--clean"]] {
        let ran = keeping.run(&[&["restore", "latest", "-d", &target.url()], more].concat());
        assert_eq!(ran.code, Some(0), "{more:?}: {}", ran.stderr);
        assert_eq!(target.query_rows(state), expected, "{more:?}");
    }
    let one = server.database("large_one");
    let told = keeping.run(&["restore", "latest", "-d", &one.url(), "-1", "--plan"]);
    assert!(told.stdout.contains("max_locks_per_transaction"), "{}{}", told.stdout, told.stderr);
}
