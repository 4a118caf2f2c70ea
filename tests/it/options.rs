//! Selection flags of dump and restore, each compared with `pg_dump` and psql under the same flags; whole servers.

use std::io::Write as _;
use std::process::Stdio;

use crate::cli_session::Keeping;
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, versions};

/// A little of everything that a flag chooses.
const OBJECTS: &str = r#"
CREATE SCHEMA a; CREATE SCHEMA "B b";
COMMENT ON SCHEMA a IS 'first';
CREATE TYPE a.mood AS ENUM ('good', 'bad');
CREATE TABLE a.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m a.mood DEFAULT 'good', note text);
COMMENT ON COLUMN a.t.note IS 'a note';
INSERT INTO a.t (note) SELECT i::text FROM generate_series(1, 50) i;
CREATE INDEX t_note ON a.t (note);
ALTER TABLE a.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON a.t USING (note <> 'x');
CREATE FUNCTION a.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION a.f();
CREATE TABLE a.p (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE a.p1 PARTITION OF a.p FOR VALUES FROM (0) TO (10);
CREATE TABLE "B b".p2 PARTITION OF a.p FOR VALUES FROM (10) TO (20);
INSERT INTO a.p SELECT i, 'v' FROM generate_series(0, 19) i;
CREATE TABLE "B b"."Odd, name" (x int PRIMARY KEY);
INSERT INTO "B b"."Odd, name" VALUES (1), (2);
CREATE VIEW "B b".v AS SELECT x FROM "B b"."Odd, name";
CREATE UNLOGGED TABLE a.u (x int);
INSERT INTO a.u VALUES (7);
GRANT SELECT ON a.t TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA a GRANT SELECT ON TABLES TO PUBLIC;
CREATE SEQUENCE a.alone; SELECT setval('a.alone', 42);
CREATE PUBLICATION pub FOR TABLE a.t;
SELECT lo_from_bytea(0, '\x0102');
"#;

/// Dumps with `flags`, restores with `restore_flags` into a new database.
fn through_pgkeep(source: &Database, flags: &[&str], restore_flags: &[&str]) -> Database {
    let keeping = Keeping::new();
    let url = source.url();
    keeping.ok(&[&["dump", "-d", &url, "-j", "2"], flags].concat());
    let target = source.server().database("options_ours");
    let url = target.url();
    keeping.ok(&[&["restore", "latest", "-d", &url, "-j", "2"], restore_flags].concat());
    target
}

/// The same with pg_dump and psql.
fn through_pg_dump(source: &Database, flags: &[&str]) -> Database {
    let dumped = source.client("pg_dump").args(flags).stderr(Stdio::inherit()).output().expect("pg_dump runs");
    assert!(dumped.status.success(), "pg_dump {flags:?}");
    let target = source.server().database("options_theirs");
    target.psql_bytes(&dumped.stdout);
    target
}

#[track_caller]
fn assert_same(flags: &[&str], ours: &Database, theirs: &Database) {
    let (left, right) = (crate::harness::schema_text(ours), crate::harness::schema_text(theirs));
    assert!(left == right, "flags {flags:?}: {}", crate::harness::oracle::schema_differences(&left, &right));
    assert_same_schema(ours, theirs);
    assert_same_data(ours, theirs);
}

fn source(server: &Server) -> Database {
    let source = server.database("options");
    source.psql(OBJECTS);
    source
}

fn server() -> Server {
    Server::fresh(*versions().last().expect("there is a version"), &[("wal_level", "logical")])
}

#[test]
fn each_flag_chooses_what_it_chooses_in_pg_dump() {
    let server = server();
    let source = source(&server);
    let filter = tempfile::NamedTempFile::new().expect("a temporary file");
    let lines = "# a filter\ninclude schema a # and not the other\nexclude table a.u\nexclude table_data a.t\n";
    filter.as_file().write_all(lines.as_bytes()).expect("the file can be written");
    let filter = format!("--filter={}", filter.path().display());
    let all: [&[&str]; 18] = [
        &["-s"],
        &["-s", "--sequence-data"],
        &["--section=pre-data"],
        &["--section=pre-data", "--section=data"],
        &["--section=pre-data", "--section=post-data"],
        &["--exclude-table-data=a.t"],
        &["--exclude-table-data-and-children=a.p"],
        &["--table-and-children=a.p", "-b"],
        &["--exclude-table-and-children=a.p"],
        &["-B", "--no-comments"],
        &["--no-policies"],
        &["--no-publications", "--no-security-labels"],
        &["--no-unlogged-table-data"],
        &["-x"],
        &["-O"],
        &["--exclude-extension=plpgsql", "-N", "*b*"],
        &["-t", "\"B b\".\"Odd, name\"", "-t", "\"B b\".v"],
        &[&filter],
    ];
    for flags in all {
        // pg_dump creates no schema for tables that were chosen one by one, pgkeep does.
        let with_schemas = flags.iter().any(|flag| flag.starts_with("-t") || flag.starts_with("--table"));
        let ours = through_pgkeep(&source, flags, &[]);
        if with_schemas {
            let rows = "SELECT relname, relnamespace::regnamespace FROM pg_class WHERE relnamespace >= 16384 \
                        AND relkind IN ('r', 'p', 'v', 'S') AND relnamespace::regnamespace::text !~ '^pg_' ORDER BY 1, 2";
            let named = if flags[0] == "-t" { ["Odd, name", "v"].as_slice() } else { &["p", "p1", "p2"] };
            let names: Vec<String> = ours.query_rows(rows).into_iter().map(|mut row| row.remove(0)).collect();
            assert_eq!(names, named, "{flags:?}");
            continue;
        }
        assert_same(flags, &ours, &through_pg_dump(&source, flags));
    }
}

#[test]
fn escapes_in_quoted_names_of_a_filter_mean_what_they_mean_in_pg_dump() {
    let server = server();
    let source = server.database("filter_escapes");
    source.psql("CREATE TABLE \"two\nlines\" (a int); CREATE TABLE \"back\\slash\" (a int); CREATE TABLE kept (a int)");
    let filter = tempfile::NamedTempFile::new().expect("a temporary file");
    let lines = "Exclude table \"two\\nlines\" # said with an escape\nexclude TABLE public.\"back\\\\slash\"\n";
    filter.as_file().write_all(lines.as_bytes()).expect("the file can be written");
    let filter = format!("--filter={}", filter.path().display());
    let ours = through_pgkeep(&source, &[&filter], &[]);
    assert_eq!(
        ours.query_one("SELECT string_agg(relname, ',') FROM pg_class WHERE relkind = 'r' AND oid > 16383"),
        "kept"
    );
    assert_same(&[&filter], &ours, &through_pg_dump(&source, &[&filter]));
}

/// Said to the dump or to the restore, with the same effect.
#[test]
fn what_a_target_may_not_have_can_be_left_out() {
    let server = server();
    server.existing("postgres").psql("SET allow_in_place_tablespaces = on; CREATE TABLESPACE fast LOCATION ''");
    let source = server.database("options_omissions");
    source.psql(
        "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
         CREATE TABLE far (a int, note text COMPRESSION pglz) USING heap2 TABLESPACE fast;
         CREATE MATERIALIZED VIEW seen TABLESPACE fast AS SELECT note FROM far;
         ALTER MATERIALIZED VIEW seen ALTER COLUMN note SET COMPRESSION pglz;
         CREATE INDEX far_a ON far (a) TABLESPACE fast;",
    );
    assert_same(&[], &through_pgkeep(&source, &[], &[]), &source);
    for flag in ["--no-tablespaces", "--no-table-access-method", "--no-toast-compression"] {
        let theirs = through_pg_dump(&source, &[flag]);
        assert_same(&[flag], &through_pgkeep(&source, &[flag], &[]), &theirs);
        assert_same(&[flag], &through_pgkeep(&source, &[], &[flag]), &theirs);
    }
}

#[test]
fn rows_alone_are_added_to_tables_that_have_some() {
    let server = server();
    let (source, target) = (source(&server), server.database("options_rows"));
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-s"]);
    assert_same_schema(&source, &target);
    assert_eq!(target.query_one("SELECT count(*) FROM a.u"), "0");
    target.psql("INSERT INTO a.u VALUES (1)");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-a", "-t", "a.u", "-t", "a.alone"]);
    assert_eq!(target.query_rows("SELECT x FROM a.u ORDER BY 1"), [["1"], ["7"]]);
    assert_eq!(target.query_one("SELECT last_value FROM a.alone"), "42");
    // A snapshot of rows alone does the same without being asked.
    target.psql("TRUNCATE a.u");
    keeping.ok(&["dump", "-d", &source.url(), "-a"]);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-B"]);
    assert_eq!(target.query_one("SELECT last_value FROM a.alone"), "42");
    assert_eq!(target.query_one("SELECT count(*) FROM a.t"), "50");
    assert_eq!(target.query_one("SELECT count(*) FROM a.p"), "20");
}

#[test]
fn sections_come_back_one_after_another() {
    let server = server();
    let (source, target) = (source(&server), server.database("options_sections"));
    let keeping = Keeping::new();
    for section in ["pre-data", "data", "post-data"] {
        keeping.ok(&["dump", "-d", &source.url(), "--section", section]);
        keeping.ok(&["restore", "latest", "-d", &target.url()]);
    }
    assert_same_schema(&source, &target);
    assert_same_data(&source, &target);
}

#[test]
fn pieces_come_back_alone() {
    let server = server();
    let (source, target) = (source(&server), server.database("options_pieces"));
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let url = target.url();
    keeping.ok(&["restore", "latest", "-d", &url, "-P", "f"]);
    assert_eq!(target.query_one("SELECT proname FROM pg_proc WHERE pronamespace = 'a'::regnamespace"), "f");
    target.psql("CREATE TABLE a.t (note text)");
    keeping.ok(&["restore", "latest", "-d", &url, "-I", "t_note", "--trigger", "tr"]);
    let found = target.query_one("SELECT count(*) FROM pg_index WHERE indrelid = 'a.t'::regclass");
    let triggers = target.query_one("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'a.t'::regclass");
    assert_eq!((found.as_str(), triggers.as_str()), ("1", "1"));
}

#[test]
fn foreign_rows_come_along_only_on_request() {
    let server = server();
    let source = server.database("options_foreign");
    if source.query_rows("SELECT 1 FROM pg_available_extensions WHERE name = 'file_fdw'").is_empty() {
        panic!("the server has no file_fdw");
    }
    let file = server.folder().join("foreign.csv");
    source.psql(&format!(
        "COPY (VALUES (1, 'a'), (2, 'b')) TO '{0}' CSV; CREATE EXTENSION file_fdw;
         CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
         CREATE FOREIGN TABLE lines (n int, t text) SERVER files OPTIONS (filename '{0}', format 'csv')",
        file.display()
    ));
    let keeping = Keeping::new();
    let rows = |flags: &[&str]| {
        let url = source.url();
        let events = keeping.events(&[&["dump", "-d", &url], flags].concat());
        events.last().expect("a summary")["rows"].as_u64()
    };
    assert_eq!(rows(&[]), Some(0));
    assert_eq!(rows(&["--include-foreign-data", "file*"]), Some(2));
    let refused = keeping.run(&["dump", "-d", &source.url(), "--include-foreign-data", "nobody"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
}

#[test]
fn names_that_must_match_and_snapshots_that_others_took() {
    let server = server();
    let source = source(&server);
    let keeping = Keeping::new();
    let url = source.url();
    keeping.ok(&["dump", "-d", &url, "-t", "a.t", "-t", "a.nothing"]);
    let refused = keeping.run(&["dump", "-d", &url, "-t", "a.t", "-t", "a.nothing", "--strict-names"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    keeping.ok(&["dump", "-d", &url, "--serializable-deferrable", "--lock-wait-timeout", "10s"]);
    // Rows that came after somebody else's snapshot are not in it.
    let mut other = source.driver();
    let name = &other.rows("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot()")[0][0];
    source.psql("INSERT INTO a.u VALUES (8)");
    let events = keeping.events(&["dump", "-d", &url, "-t", "a.u", "--snapshot", name]);
    assert_eq!(events.last().expect("a summary")["rows"], 1);
    // Somebody holds the table for good.
    source.psql("CREATE TABLE held (x int)");
    other.run("COMMIT");
    other.run("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE");
    let refused = keeping.run(&["dump", "-d", &url, "--lock-wait-timeout=50"]);
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
}

#[test]
fn rows_behind_row_security_are_recorded_as_missing() {
    let server = server();
    let source = source(&server);
    source.psql(
        "CREATE ROLE teller LOGIN; GRANT USAGE ON SCHEMA a TO teller; \
         GRANT SELECT ON ALL SEQUENCES IN SCHEMA a TO teller; CREATE POLICY q ON a.t USING (id > 30)",
    );
    let keeping = Keeping::new();
    let url = source.url_as("teller");
    let refused = keeping.run(&["dump", "-d", &url, "-t", "a.t"]);
    assert_eq!(refused.code, Some(8), "{}", refused.stderr);
    for (flag, rows) in [("--skip-unreadable", 0), ("--enable-row-security", 50)] {
        let events = keeping.events(&["dump", "-d", &url, "-t", "a.t", flag]);
        let summary = events.last().expect("a summary");
        assert_eq!(summary["rows"], rows, "{flag}");
        assert_eq!(summary["missing"].as_array().map(Vec::len), Some(1), "{flag}");
        let target = server.database("options_missing");
        let restored = keeping.run(&["restore", "latest", "-d", &target.url(), "-t", "a.t", "-s"]);
        assert!(restored.stderr.contains("are missing in the snapshot"), "{}", restored.stderr);
    }
}

#[test]
fn roles_of_a_server_come_back_on_another() {
    let major = *versions().last().expect("there is a version");
    let cluster = || Server::fresh(major, &[("allow_in_place_tablespaces", "on")]);
    let (source, target) = (cluster(), cluster());
    let fixture = include_str!("../../testdata/globals.sql");
    source.existing("postgres").psql(&pgkeep::pg::sql::for_version(fixture, major));
    let keeping = Keeping::new();
    keeping.ok(&["dump", "--globals", "-d", &source.existing("postgres").url()]);
    let url = target.existing("postgres").url();
    let refused = keeping.run(&["drill", "globals", "-d", &url]);
    assert_eq!(refused.code, Some(8), "{}", refused.stderr);
    keeping.ok(&["restore", "globals", "-d", &url]);
    let dumped = |server: &Server| {
        let output =
            server.existing("postgres").client("pg_dumpall").args(["--globals-only", "--restrict-key=x"]).output();
        String::from_utf8(output.expect("pg_dumpall runs").stdout).expect("names of the fixture are UTF-8")
    };
    assert!(dumped(&source).contains("CREATE ROLE"));
    assert_eq!(dumped(&source), dumped(&target));
    // Roles that exist are changed, not refused.
    let again = keeping.run(&["restore", "globals", "-d", &url]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(dumped(&source), dumped(&target));
    assert!(keeping.ok(&["show", "globals"]).contains("globals on "));
    assert!(keeping.ok(&["sql", "globals"]).contains("CREATE ROLE"));
}

#[test]
fn all_databases_are_dumped_and_one_that_fails_stops_no_other() {
    let server = server();
    let postgres = server.existing("postgres");
    postgres.psql("CREATE ROLE teller LOGIN PASSWORD 'a secret'");
    for (name, rows) in [("pos_small", 1), ("pos_large", 50_000), ("other", 1)] {
        postgres.psql(&format!("CREATE DATABASE {name}"));
        let database = server.existing(name);
        database.psql(&format!("CREATE TABLE t AS SELECT i FROM generate_series(1, {rows}) i"));
    }
    let keeping = Keeping::new();
    let url = postgres.url();
    let names = |events: &[serde_json::Value]| -> Vec<String> {
        let all =
            events.iter().rev().find(|event| event["event"] == "summary").expect("a summary")["snapshots"].clone();
        all.as_array().expect("a list").iter().map(|one| one["database"].as_str().expect("a name").to_owned()).collect()
    };
    let events = keeping.events(&["dump", "-d", &url, "--globals", "--all-databases", "pos_*"]);
    assert_eq!(names(&events), ["globals", "pos_large", "pos_small"]);
    assert_eq!(keeping.snapshots(), 3);
    server.existing("pos_large").psql("REVOKE ALL ON t FROM PUBLIC");
    server.existing("pos_small").psql("GRANT SELECT ON t TO teller");
    let url = postgres.url_as("teller");
    let ran =
        keeping.run(&["dump", "-d", &url, "--all-databases", "pos_*", "--globals", "--no-role-passwords", "--json"]);
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    let events = crate::cli_session::parse(&ran.stdout);
    assert_eq!(names(&events), ["globals", "pos_small"]);
    assert!(!keeping.ok(&["sql", "globals"]).contains("PASSWORD"));
    let none = keeping.run(&["dump", "-d", &url, "--all-databases", "nothing_*"]);
    assert_eq!(none.code, Some(2), "{}", none.stderr);
}

#[test]
fn rows_of_partitions_find_their_way_through_the_root() {
    let server = server();
    let (source, target) = (source(&server), server.database("options_root"));
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url(), "--load-via-partition-root"]);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-s"]);
    // The target cuts the table elsewhere.
    target.psql(
        "DROP TABLE a.p1, \"B b\".p2; CREATE TABLE a.p1 PARTITION OF a.p FOR VALUES FROM (0) TO (5);
         CREATE TABLE \"B b\".p2 PARTITION OF a.p FOR VALUES FROM (5) TO (20)",
    );
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-a", "-t", "a.p"]);
    let counts = "SELECT (SELECT count(*) FROM a.p1), (SELECT count(*) FROM \"B b\".p2)";
    assert_eq!(target.query_rows(counts), [["5", "15"]]);
}
