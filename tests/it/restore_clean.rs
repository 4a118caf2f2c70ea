//! A restore over what an earlier one left: everything that it creates is removed first, whatever needs it.

use std::path::Path;

use crate::cli_session::Keeping;
use crate::harness::{Server, assert_same_blind_spots, assert_same_schema, versions};
use pgkeep::pg::sql;

/// Fixtures whose objects need each other in every way that the order of their removal has to respect. Their schemas have
/// different names.
const FIXTURES: [&str; 12] = [
    "default_privileges",
    "domains",
    "loops",
    "materialized_views",
    "not_nulls",
    "operators",
    "partitions",
    "policies",
    "rules",
    "subscriptions",
    "types",
    "views",
];

#[test]
fn everything_is_removed_and_comes_back() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let (source, target) = (server.database("clean_source"), server.database("clean_target"));
        for fixture in FIXTURES {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/schema/{fixture}.sql"));
            source.psql(&sql::for_version(&std::fs::read_to_string(path).expect("the fixture"), major));
        }
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        for _ in 0..2 {
            keeping.ok(&["restore", "latest", "-d", &target.url(), "-c"]);
            assert_same_schema(&source, &target);
            assert_same_blind_spots(&source, &target);
        }
        // A view that somebody gave other columns since cannot be emptied and has to go.
        target.psql(
            "DROP VIEW v.mutual_b CASCADE; CREATE VIEW v.mutual_b AS SELECT 'other' AS columns, 2 AS than_before",
        );
        keeping.ok(&["restore", "latest", "-d", &target.url(), "-c"]);
        assert_same_schema(&source, &target);
        let drill = keeping.ok(&["drill", "latest", "-d", &server.existing("postgres").url()]);
        assert!(drill.contains("all as it was dumped"), "{drill}");
        assert_eq!(
            server.existing("postgres").query_one("SELECT count(*) FROM pg_database WHERE datname ~ 'drill'"),
            "0"
        );
    }
}

#[test]
fn a_subscription_that_works_is_not_removed() {
    let server = Server::fresh(18, &[]);
    let (source, target) = (server.database("works_source"), server.database("works_target"));
    source.psql("CREATE SUBSCRIPTION \"My s\" CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false); CREATE TABLE t ()");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    source.psql("ALTER SUBSCRIPTION \"My s\" SET (slot_name = NONE); DROP SUBSCRIPTION \"My s\"");
    keeping.ok(&["restore", "latest", "-d", &target.url()]);
    target.psql("ALTER SUBSCRIPTION \"My s\" ENABLE; INSERT INTO t DEFAULT VALUES");
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-c"]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("subscription \"My s\" is enabled"), "{}", ran.stderr);
    assert_eq!(target.query_one("SELECT count(*) FROM t"), "1");
    target.psql("DROP SCHEMA pgkeep_restore CASCADE; ALTER SUBSCRIPTION \"My s\" DISABLE");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-c"]);
    assert_eq!(target.query_one("SELECT count(*) FROM t"), "0");
}

#[test]
fn what_cannot_be_analyzed_stops_nothing() {
    let server = Server::shared(18);
    let (source, target) = (server.database("analyze_source"), server.database("analyze_target"));
    source.psql(
        "CREATE FOREIGN DATA WRAPPER without_handler; CREATE SERVER nowhere FOREIGN DATA WRAPPER without_handler;
         CREATE TABLE top (a int) PARTITION BY LIST (a); CREATE TABLE plain AS SELECT 1 AS a;
         CREATE FOREIGN TABLE far PARTITION OF top FOR VALUES IN (1) SERVER nowhere",
    );
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    for one in ["--no-comments", "-1"] {
        let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-c", one]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("cannot analyze table public.top"), "{}", ran.stderr);
        assert_eq!(target.query_one("SELECT reltuples FROM pg_class WHERE relname = 'plain'"), "1");
    }
}

#[test]
fn what_would_not_come_back_is_in_the_way() {
    for major in versions() {
        let live = Server::shared(major).database("clean_dependents");
        live.psql(
            r#"CREATE SCHEMA "a ""b"; CREATE TABLE "a ""b"."T;" (id int PRIMARY KEY); INSERT INTO "a ""b"."T;" SELECT generate_series(1, 9);
            CREATE TYPE "a ""b".state AS ENUM ('x'); CREATE FUNCTION "a ""b".one() RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE VIEW "a ""b".own AS SELECT * FROM "a ""b"."T;"; CREATE EXTENSION citext; CREATE TABLE kept (id int)"#,
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &live.url()]);
        live.psql(
            r#"CREATE TABLE "a ""b".newer (s "a ""b".state, one int DEFAULT "a ""b".one(), t int REFERENCES "a ""b"."T;", c citext);
            CREATE VIEW over AS SELECT * FROM "a ""b".own; CREATE FUNCTION uses("a ""b"."T;") RETURNS int LANGUAGE sql AS 'SELECT 1'"#,
        );
        let url = live.url();
        let command = ["restore", "latest", "-d", &url, "-c"];
        for more in [&["--plan"][..], &["-1"]] {
            let ran = keeping.run(&[&command[..], more].concat());
            assert_eq!(ran.code, Some(8), "{}{}", ran.stdout, ran.stderr);
            for part in [
                r#"view "public"."over" needs view "a ""b"."own", which -c would remove"#,
                r#"constraint newer_t_fkey on table "a ""b"."newer" needs"#,
                r#"column s of table "a ""b"."newer" needs type"#,
                r#"column c of table "a ""b"."newer" needs type "public"."citext""#,
                r#"default value for column one of table "a ""b"."newer" needs function"#,
                r#"table "a ""b"."newer" needs schema a "b, which"#,
                r#"function "public"."uses"("a ""b"."T;") needs type"#,
            ] {
                assert!((ran.stdout.clone() + &ran.stderr).contains(part), "{part} in {}{}", ran.stdout, ran.stderr);
            }
        }
        assert_eq!(live.query_one("SELECT count(*) FROM over"), "9");
        let ran = keeping.run(&[&command[..], &["-t", "\"T;\""]].concat());
        assert!(ran.stderr.contains(r#"view "a ""b"."own" needs"#), "one that is not selected: {}", ran.stderr);
        live.psql(r#"DROP TABLE "a ""b".newer; DROP VIEW over; DROP FUNCTION uses; DELETE FROM "a ""b"."T;""#);
        keeping.ok(&[&command[..], &["-1", "-t", "\"T;\"", "-t", "own"]].concat());
        assert_eq!(live.query_one(r#"SELECT count(*) FROM "a ""b".own"#), "9");
        keeping.ok(&command);
    }
}
