//! What the planner knows goes with a dump and comes back, compared by `pg_dump --statistics-only`.

use crate::cli_session::Keeping;
use crate::harness::database::shown;
use crate::harness::{Database, Server, versions};
use pgkeep::pg::sql;

const SCHEMA: &str = "S'; DROP TABLE x; --";

/// What `pg_dump --statistics-only` says.
fn known(database: &Database) -> Vec<String> {
    calls(database, &["--statistics-only"])
}

/// The calls that set statistics in what pg_dump says with these flags, a call a line, sorted. The version of the server stands in every call, and
/// servers before 18 do not count frozen pages.
fn calls(database: &Database, flags: &[&str]) -> Vec<String> {
    let output = database.client("pg_dump").args(flags).output().expect("pg_dump runs");
    assert!(output.status.success(), "pg_dump of {}: {}", database.name(), shown(&output.stderr));
    let script = shown(&output.stdout);
    let calls = script.split("SELECT * FROM pg_catalog.pg_restore_").skip(1);
    let told = |line: &&str| !line.starts_with("\t'version', ") && !line.starts_with("\t'relallfrozen', ");
    let call = |call: &str| {
        let call = call.split_once("\n);\n").expect("a call ends").0;
        call.lines().filter(told).map(|line| line.trim_end_matches(',')).collect::<Vec<_>>().join("\n")
    };
    let mut calls: Vec<String> = calls.map(call).collect();
    calls.sort();
    calls
}

#[track_caller]
fn assert_same_known(a: &[String], b: &[String]) {
    let only = |one: &[String], other: &[String]| {
        one.iter().filter(|call| !other.contains(call)).take(5).cloned().collect::<Vec<_>>().join("\n\n")
    };
    assert!(a == b, "statistics differ:\nonly left:\n{}\nonly right:\n{}", only(a, b), only(b, a));
}

fn source(server: &Server) -> Database {
    let source = server.database("known");
    source.psql(&sql::for_version(include_str!("../../testdata/statistics.sql"), server.major()));
    source
}

fn columns(calls: &[String]) -> usize {
    calls.iter().filter(|call| call.starts_with("attribute_stats(")).count()
}

#[test]
fn what_the_planner_knows_comes_back_from_every_version() {
    let target = Server::shared(18);
    for major in versions() {
        let server = Server::shared(major);
        let source = source(server);
        let before = known(&source);
        assert!(columns(&before) > 30, "{before:#?}");
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url(), "--statistics"]);
        let restored = target.database("known_back");
        let ran = keeping.run(&["restore", "latest", "-d", &restored.url(), "--no-analyze"]);
        assert_eq!((ran.code, ran.stderr.contains("warning")), (Some(0), false), "{major}: {}", ran.stderr);
        assert_same_known(&before, &known(&restored));
        let script = keeping.ok(&["sql", "latest", "--statistics"]);
        let by_psql = target.database("known_script");
        by_psql.psql(&script);
        assert_same_known(&before, &known(&by_psql));
    }
}

#[test]
fn flags_choose_the_statistics_that_they_choose_in_pg_dump() {
    let server = Server::shared(18);
    let source = source(server);
    source.psql(
        "CREATE SCHEMA other; CREATE TABLE other.o AS SELECT 1 AS a; ANALYZE other.o;
        CREATE EXTENSION hstore; CREATE TABLE public.ours (h hstore); INSERT INTO ours VALUES ('a=>1'); ANALYZE ours;",
    );
    let schema = format!("-n\"{SCHEMA}\"");
    let all: [&[&str]; 7] = [
        &["--statistics-only"],
        // With --statistics-only pg_dump takes most materialized views for data, although they are refreshed after it.
        &["--section=data", "--statistics"],
        &["--section=post-data", "--statistics"],
        &["--section=pre-data", "--statistics"],
        &["--statistics-only", &schema],
        &["--statistics-only", "-T", "*.tree_1", "-T", "*.\"m'v\""],
        &["--statistics-only", "-t", "other.o"],
    ];
    for flags in all {
        let keeping = Keeping::new();
        keeping.ok(&[&["dump", "-d", &source.url()], flags].concat());
        let target = server.database("known_only");
        let definitions = source.client("pg_dump").arg("-s").output().expect("pg_dump runs");
        target.psql_bytes(&definitions.stdout);
        let untouched = known(&target);
        keeping.ok(&["restore", "latest", "-d", &target.url(), "--no-analyze", "--statistics-only"]);
        let chosen = calls(&source, flags);
        let set: Vec<String> = known(&target).into_iter().filter(|call| !untouched.contains(call)).collect();
        let missed: Vec<_> = set.iter().filter(|call| !chosen.contains(call)).collect();
        assert!(missed.is_empty(), "{flags:?} brought {missed:#?}");
        // What is as it is in a new table cannot be told from what was not set.
        let lacking: Vec<_> = chosen.iter().filter(|c| !set.contains(c) && !untouched.contains(c)).collect();
        assert!(lacking.is_empty(), "{flags:?} lacks {lacking:#?}");
        assert_eq!(columns(&set), columns(&chosen), "{flags:?}");
    }
}

#[test]
fn restore_takes_them_by_the_flags_of_pg_restore() {
    let server = Server::shared(18);
    let source = source(server);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url(), "--statistics"]);
    let before = columns(&known(&source));
    let folder = keeping.folder.path().join("theirs");
    let archive = folder.to_str().expect("UTF-8");
    let dumped = source.client("pg_dump").args(["-Fc", "--statistics", "-f", archive]).output().expect("pg_dump runs");
    assert!(dumped.status.success());
    let all: [(&[&str], bool); 5] = [
        (&[], true),
        (&["--no-statistics"], false),
        (&["-s"], false),
        (&["--no-data", "--statistics"], true),
        (&["--section=pre-data"], false),
    ];
    for (flags, expected) in all {
        let theirs = source.client("pg_restore").args(flags).args(["-f", "-", archive]).output().expect("it runs");
        assert_eq!(shown(&theirs.stdout).contains("pg_restore_attribute_stats"), expected, "pg_restore {flags:?}");
        let target = server.database("known_flags");
        keeping.ok(&[&["restore", "latest", "-d", &target.url(), "--no-analyze"], flags].concat());
        assert_eq!(columns(&known(&target)), if expected { before } else { 0 }, "{flags:?}");
    }
    let renamed = server.database("known_renamed");
    let into = format!("{SCHEMA}=other");
    keeping.ok(&["restore", "latest", "-d", &renamed.url(), "--no-analyze", "-t", "*.above", "--into-schema", &into]);
    let calls = known(&renamed);
    assert!(calls.iter().all(|call| call.contains("'schemaname', 'other'")), "{calls:#?}");
    assert_eq!(columns(&calls), 4, "two columns, alone and with those of children: {calls:#?}");
}

#[test]
fn analyze_counts_only_what_the_snapshot_does_not_know() {
    let server = Server::shared(18);
    let source = source(server);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url(), "--statistics"]);
    let restored = server.database("known_analyzed");
    keeping.ok(&["restore", "latest", "-d", &restored.url()]);
    let of_unknown = |call: &String| call.contains("'relname', 'unknown");
    let (before, after) = (known(&source), known(&restored));
    assert!(after.iter().any(|call| call.starts_with("attribute") && of_unknown(call)), "{after:#?}");
    let rest = |calls: Vec<String>| calls.into_iter().filter(|call| !of_unknown(call)).collect::<Vec<_>>();
    assert_same_known(&rest(before), &rest(after));
}

#[test]
fn a_server_that_takes_none_is_said_and_analyzed() {
    let server = Server::shared(versions()[0]);
    let source = source(server);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url(), "--statistics"]);
    let restored = server.database("known_old");
    let ran = keeping.run(&["restore", "latest", "-d", &restored.url()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let told = ran.stderr.contains("takes no statistics of the snapshot");
    assert_eq!(told, server.major() < 18, "{}", ran.stderr);
    let analyzed = format!("SELECT count(*) > 0 FROM pg_stats WHERE schemaname = $${SCHEMA}$$");
    assert_eq!(restored.query_one(&analyzed), "t");
}

#[test]
fn a_role_stores_no_values_that_it_may_not_read() {
    let server = Server::shared(18);
    let source = server.database("known_role");
    source.psql(
        "CREATE TABLE secret (a text, b int); INSERT INTO secret SELECT 'hidden value', i FROM generate_series(1, 99) i;
         ANALYZE secret; CREATE ROLE known_curious LOGIN; GRANT SELECT (b) ON secret TO known_curious;",
    );
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url_as("known_curious"), "-s", "--statistics"]);
    let script = keeping.ok(&["sql", "latest", "--statistics"]);
    assert!(script.contains("'attname', 'b'") && script.contains("'relpages'"), "{script}");
    assert!(!script.contains("'attname', 'a'") && !script.contains("hidden"), "{script}");
    assert!(
        !keeping.ok(&["sql", "latest"]).contains("pg_restore_"),
        "a script is for any server unless told otherwise"
    );
}

#[test]
fn show_tells_of_them_and_diff_does_not() {
    let server = Server::shared(18);
    let source = server.database("known_shown");
    source.psql("CREATE TABLE t AS SELECT 1 AS a");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    assert!(keeping.ok(&["show", "latest"]).contains("statistics  none\n"));
    source.psql("ANALYZE t");
    keeping.ok(&["dump", "-d", &source.url(), "--statistics"]);
    assert!(keeping.ok(&["show", "latest"]).contains(" for the planner\n"));
    let shown = keeping.events(&["show", "latest"]);
    assert_eq!(shown.last().expect("a summary")["statistics"], true);
    let changed = keeping.run(&["diff", "latest~1", "latest"]);
    assert_eq!((changed.code, changed.stdout.contains("tatistics")), (Some(0), false), "{}", changed.stdout);
    assert!(keeping.ok(&["verify"]).contains("all is as it was stored"));
    let plan = keeping.ok(&["restore", "latest", "--plan", "-d", &server.database("known_plan").url()]);
    assert!(plan.contains(", statistics for the planner\n"), "{plan}");
}

#[test]
fn a_relation_that_cannot_take_its_statistics_is_named() {
    let server = Server::shared(18);
    let source = server.database("known_failing");
    source.psql(
        "CREATE TABLE a (x int, y int); CREATE TABLE b (z int); INSERT INTO b VALUES (1), (2); ANALYZE b;
        INSERT INTO a SELECT i, i % 3 FROM generate_series(1, 99) i; ANALYZE a;",
    );
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url(), "--statistics-only"]);
    let target = server.database("known_failed");
    target.psql("CREATE TABLE a (y int); CREATE TABLE b (z int)");
    let url = target.url();
    let restore = ["restore", "latest", "-d", &url, "--no-analyze"];
    let ran = keeping.run(&restore);
    assert_eq!((ran.code, ran.stderr.contains("set statistics of table public.a")), (Some(4), true), "{}", ran.stderr);
    let ran = keeping.run(&[&restore[..], &["--resume", "--keep-going"]].concat());
    assert_eq!((ran.code, ran.stdout.contains("statistics of table public.a: ")), (Some(9), true), "{}", ran.stdout);
    let columns: Vec<String> = target.query_rows("SELECT attname FROM pg_stats WHERE schemaname = 'public'").concat();
    assert_eq!(columns, ["y", "z"], "all others are set");
}
