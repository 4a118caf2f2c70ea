//! What a restore calls done survives a crash of the server in the next moment.

use crate::cli_session::Keeping;
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, versions};

/// The server writes to disk what a COMMIT waits for, and nothing else for a while.
fn lazy(major: u32) -> Server {
    Server::fresh(major, &[("wal_writer_delay", "10s"), ("synchronous_commit", "off"), ("bgwriter_delay", "10s")])
}

fn crash(server: &Server) {
    server.stop("QUIT");
    server.start_again();
}

fn dumped(server: &Server, sql: &str) -> (Database, Keeping) {
    let source = server.database("durable_source");
    source.psql(sql);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    source.psql("CHECKPOINT");
    (source, keeping)
}

const SHOP: &str = "CREATE SCHEMA s; CREATE TABLE s.a (id serial PRIMARY KEY, t text); CREATE INDEX i ON s.a (t);
    INSERT INTO s.a (t) SELECT n::text FROM generate_series(1, 300) n; CREATE VIEW s.v AS SELECT * FROM s.a";

#[test]
fn what_is_called_done_is_on_disk() {
    for major in versions() {
        let server = lazy(major);
        let (source, keeping) = dumped(&server, SHOP);
        for how in
            [&["-1"][..], &["-1", "--no-analyze"], &["-1", "-a"], &["-j", "2"], &["--keep-going", "--no-analyze"]]
        {
            let target = server.database("durable_target");
            if how.contains(&"-a") {
                keeping.ok(&["restore", "latest", "-d", &target.url(), "-s"]);
            }
            keeping.ok(&[&["restore", "latest", "-d", &target.url()], how].concat());
            crash(&server);
            assert_same_schema(&source, &target);
            assert_same_data(&source, &target);
        }
    }
}

/// What is left to a later run is left as it was said.
#[test]
fn what_failed_and_what_did_not_is_on_disk() {
    let server = lazy(18);
    let (source, keeping) = dumped(&server, SHOP);
    let target = server.database("durable_again");
    target.psql(
        "CREATE FUNCTION information_schema.stop() RETURNS event_trigger LANGUAGE plpgsql
         AS $$BEGIN RAISE EXCEPTION 'not today'; END$$; CREATE EVENT TRIGGER stop ON ddl_command_start
         WHEN TAG IN ('CREATE INDEX', 'DROP TABLE') EXECUTE FUNCTION information_schema.stop(); CHECKPOINT",
    );
    let restore = ["restore", "latest", "-d", &target.url(), "--keep-going", "--no-analyze"];
    let ran = keeping.run(&restore);
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    crash(&server);
    assert_eq!(target.query_one("SELECT count(*) FROM s.a"), "300");
    target.psql("DROP EVENT TRIGGER stop; DROP FUNCTION information_schema.stop()");
    keeping.ok(&[&restore[..], &["--resume"]].concat());
    crash(&server);
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
}

#[test]
fn roles_are_on_disk() {
    let server = lazy(18);
    let source = server.existing("postgres");
    source.psql("CREATE ROLE kept PASSWORD 'x'");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "--globals", "-d", &source.url()]);
    source.psql("DROP ROLE kept; CHECKPOINT");
    keeping.ok(&["restore", "globals", "-d", &source.url()]);
    crash(&server);
    assert_eq!(source.query_one("SELECT count(*) FROM pg_roles WHERE rolname = 'kept'"), "1");
}
