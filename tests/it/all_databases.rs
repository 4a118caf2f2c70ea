//! `dump --all-databases`: databases side by side, and what an earlier run had that this one has not.

use std::sync::Arc;

use object_store::local::LocalFileSystem;
use pgkeep::dump::all;
use pgkeep::plan::Pattern;
use pgkeep::progress::silent;
use pgkeep::repository::Repository;
use pgkeep::store::Store;

use crate::cli_session::{Keeping, parse};
use crate::harness::store::Faulty;
use crate::harness::{Server, versions};
use crate::repository::{Place, runtime};
use crate::roundtrip::dump_options;

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
    // One that is closed is there, and one that could not be dumped is not said to be gone.
    let close = "UPDATE pg_database SET datallowconn = false WHERE datname = 'x_2'; DROP DATABASE x_4";
    postgres.psql(close);
    server.existing("x_1").psql("CREATE ROLE nobody; CREATE TABLE closed (n int); ALTER TABLE closed OWNER TO nobody");
    server.existing("x_1").psql("ALTER DATABASE x_1 SET role = nobody; REVOKE ALL ON t FROM nobody");
    let text: Vec<&str> = dump.iter().copied().filter(|flag| *flag != "--json").collect();
    let ran = keeping.run(&text);
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    for said in [
        "database x_2 was in an earlier run for x_*, and takes no connections now or is a template",
        "database x_4 was in an earlier run for x_*, and there is no database of that name any more: it was dropped or",
        "database x_1 was not dumped",
    ] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("x_1 was in an earlier run"), "{}", ran.stderr);
}

#[test]
fn packs_are_listed_once_a_database_and_twice_more() {
    let server = Server::shared(*versions().last().expect("there is a version"));
    let databases = [1, 2, 3, 4].map(|_| server.database("listings"));
    databases.iter().for_each(|one| one.psql("CREATE TABLE t AS SELECT n FROM generate_series(1, 100) n"));
    runtime().block_on(async {
        let (place, _) = Place::new().await;
        let run = async || {
            let folder = LocalFileSystem::new_with_prefix(place.path()).unwrap();
            let counting = Faulty::new(Arc::new(folder), |_, _| None);
            let listings = counting.listings();
            let store = Store::over(Arc::new(counting), "counting");
            let repository = Repository::open(store, std::slice::from_ref(&place.identity), None).await.unwrap();
            let options = all::Options {
                dump: dump_options(&databases[0]),
                pattern: Some(Pattern::of_plain("listings_*").unwrap()),
                at_once: 2,
                globals: None,
            };
            let summary = all::run(&repository, &options, &silent()).await.unwrap();
            assert_eq!((summary.snapshots.len(), summary.failed.len()), (4, 0));
            listings.lock().unwrap().clone()
        };
        // In the second run rows of all are there already, which must be so at its end as well.
        for listings in [run().await, run().await] {
            let of = |name: &str| listings.iter().filter(|folder| *folder == name).count();
            assert!(of("packs") <= 4 + 2, "{listings:?}");
            assert_eq!((of("snapshots"), of("index")), (1, 1), "{listings:?}");
        }
    });
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
