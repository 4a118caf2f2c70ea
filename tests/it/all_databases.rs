//! `dump --all-databases`: databases side by side, and what an earlier run had that this one has not.

use crate::cli_session::{Keeping, parse};
use crate::harness::{Server, versions};

#[test]
fn databases_and_rows_that_vanish_are_told() {
    let server = Server::fresh(*versions().last().expect("there is a version"), &[]);
    let postgres = server.existing("postgres");
    for n in 1..=6 {
        postgres.psql(&format!("CREATE DATABASE x_{n}"));
        server.existing(&format!("x_{n}")).psql("CREATE TABLE t AS SELECT 1 AS n; CREATE TABLE empty (n int)");
    }
    let keeping = Keeping::new();
    let url = postgres.url();
    let dump = ["dump", "-d", &url, "--all-databases", "x_*", "--databases-at-once", "3", "-j", "3", "--json"];
    for _ in 0..2 {
        let ran = keeping.run(&dump);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        let events = parse(&ran.stdout);
        let summary = events.last().expect("a summary");
        assert!(summary.get("vanished").is_none(), "{summary}");
        assert_eq!(summary["snapshots"].as_array().map(Vec::len), Some(6));
    }
    postgres.psql("DROP DATABASE x_3");
    server.existing("x_5").psql("TRUNCATE t");
    let ran = keeping.run(&dump);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let events = parse(&ran.stdout);
    let vanished = &events.last().expect("a summary")["vanished"];
    assert_eq!((vanished.as_array().map(Vec::len), &vanished[0]["database"]), (Some(2), &"x_3".into()), "{vanished}");
    assert_eq!((&vanished[1]["database"], &vanished[1]["table"]), (&"x_5".into(), &"public.t".into()));
    let warnings = events.iter().filter(|event| event["event"] == "warning").count();
    assert_eq!(warnings, 2);
    // Another pattern expects nothing of it.
    let other = keeping.run(&["dump", "-d", &url, "--all-databases", "x_?"]);
    assert_eq!(other.code, Some(0), "{}", other.stderr);
    assert!(!other.stderr.contains("x_3"), "{}", other.stderr);
}

#[test]
fn databases_side_by_side_share_the_jobs() {
    let limits = [("max_connections", "10"), ("superuser_reserved_connections", "0")];
    let server = Server::fresh(*versions().last().expect("there is a version"), &limits);
    let postgres = server.existing("postgres");
    for n in 1..=8 {
        postgres.psql(&format!("CREATE DATABASE many_{n}"));
        let tables =
            "DO $$ BEGIN FOR i IN 1..20 LOOP EXECUTE format('CREATE TABLE t%s AS SELECT 1 AS n', i); END LOOP; END $$";
        server.existing(&format!("many_{n}")).psql(tables);
    }
    let keeping = Keeping::new();
    // Four of each, and two connections are left.
    let ran = keeping.run(&["dump", "-d", &postgres.url(), "--all-databases", "many_*", "-j", "4"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert_eq!(keeping.snapshots(), 8);
    assert!(ran.stdout.contains("20 rows in 20 tables"), "{}", ran.stdout);
}

#[test]
fn a_dump_takes_the_role_that_it_is_given() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("role");
        source.psql(
            "DO $$ BEGIN CREATE ROLE role_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
             DO $$ BEGIN CREATE ROLE role_login LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
             ALTER ROLE role_login NOINHERIT; GRANT role_reader TO role_login;
             CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO role_reader;
             CREATE TABLE s.t AS SELECT 1 AS n; GRANT SELECT ON s.t TO role_reader;",
        );
        let keeping = Keeping::new();
        let url = source.url_as("role_login");
        let refused = keeping.run(&["dump", "-d", &url]);
        assert_eq!(refused.code, Some(8), "on {major}: {}", refused.stderr);
        let said = keeping.ok(&["dump", "-d", &url, "--role", "role_reader"]);
        assert!(said.contains("1 row in 1 table"), "on {major}: {said}");
        let unknown = keeping.run(&["dump", "-d", &source.url(), "--role", "no_such_role"]);
        assert_eq!(unknown.code, Some(4), "on {major}: {}", unknown.stderr);
        assert!(unknown.stderr.contains("no_such_role"), "{}", unknown.stderr);
        source.psql("DROP OWNED BY role_reader");
    }
}

#[test]
fn an_empty_schema_public_can_be_dumped() {
    let source = Server::shared(*versions().last().expect("there is a version")).database("nothing");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url(), "-n", "public"]);
    assert_eq!(keeping.run(&["dump", "-d", &source.url(), "-n", "nowhere"]).code, Some(2));
    source.psql("DROP SCHEMA public");
    assert_eq!(keeping.run(&["dump", "-d", &source.url(), "-n", "public"]).code, Some(2));
}
