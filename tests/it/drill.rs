//! Drills: they find what differs, say it in writing, and leave nothing on the server whatever happens.

use std::sync::Arc;

use pgkeep::progress::{Event, Events, Step, silent};
use pgkeep::restore::Verdict;
use pgkeep::{drill, dump};

use crate::cli_session::{Keeping, Ran, signal, until};
use crate::harness::{Database, Server, block_on, versions};
use crate::restore_survives::spawn;
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};

const SHOP: &str = "CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY, t text);
    INSERT INTO s.a SELECT n, md5(n::text) FROM generate_series(1, 2000) n; CREATE TABLE s.b (id int REFERENCES s.a);
    INSERT INTO s.b SELECT id FROM s.a; CREATE TABLE other (id int); SELECT lo_from_bytea(70000, repeat('x', 5000)::bytea);
    SELECT lo_from_bytea(70001, '')";

fn scratch(server: &Server) -> Vec<String> {
    let sql = "SELECT datname FROM pg_database WHERE datname LIKE 'pgkeep\\_%' ORDER BY 1";
    server.existing("postgres").query_rows(sql).into_iter().flatten().collect()
}

fn options(source: &Database) -> drill::Options {
    drill::Options { restore: restore_options(source), max_bytes: None, checks: Vec::new(), keep: false }
}

/// Whatever happens to a row between its restore and the reading back is found.
#[test]
fn a_row_that_was_changed_in_the_scratch_database_is_found() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let source = server.database("drill_source");
        source.psql(SHOP);
        let folder = tempfile::tempdir().expect("a temporary folder");
        block_on(async {
            let repository = repository(&folder.path().join("r")).await;
            expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
            let reader = latest(&repository).await;
            for (damage, table) in [
                ("UPDATE s.a SET t = t || 'x' WHERE id = 777", Some("s.a")),
                ("DELETE FROM s.b WHERE id = 5; INSERT INTO s.b VALUES (6)", Some("s.b")),
                ("INSERT INTO other VALUES (NULL)", Some("public.other")),
                ("SELECT lo_put(70000, 4000, 'y')", Some("70000..70001")),
                ("SELECT 1", None),
            ] {
                let damaged = server.clone();
                let events: Events = Arc::new(move |event| {
                    if matches!(event, Event::Step { step: Step::ReadBack }) {
                        let name = scratch(&damaged).pop().expect("there is a scratch database");
                        damaged.existing(&name).psql(damage);
                    }
                });
                let report = expect(drill::run(&reader, &options(&source), &events).await, "drill");
                let differs = report.tables.iter().filter(|table| table.verdict != Verdict::Same);
                let differs: Vec<&str> = differs.map(|table| table.table.as_str()).collect();
                assert_eq!(differs, table.into_iter().collect::<Vec<_>>(), "{damage} on {major}");
                assert_eq!(report.passed, table.is_none(), "{damage} on {major}");
                assert_eq!(report.tables.len(), 4, "{report:?}");
                assert!(scratch(&server).is_empty());
            }
        });
    }
}

#[test]
fn a_drill_writes_its_report_and_tells_by_its_code() {
    let server = Server::fresh(18, &[]);
    let source = server.database("drill_report");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let postgres = server.existing("postgres").url();
    let path = |name: &str| keeping.folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (checks, report) = (path("checks.sql"), path("drill.txt"));
    let read = |name: &str| std::fs::read_to_string(path(name)).expect("it was written");
    let json = || serde_json::from_str::<serde_json::Value>(&read("drill.txt.json")).expect("JSON");
    let drill = ["drill", "latest", "-d", &postgres, "--check", &checks, "--report", &report, "--quiet"];

    std::fs::write(&checks, "-- all of them\nSELECT count(*) = 2000 FROM s.a;\r\nSELECT true;\n-- the end\n")
        .expect("a file");
    let ran = keeping.run(&drill);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
    assert!(read("drill.txt").contains("all as it was dumped"), "{}", read("drill.txt"));
    let written = json();
    assert_eq!((&written["passed"], written["checks"].as_array().map(Vec::len)), (&true.into(), Some(2)), "{written}");
    assert_eq!(written["restored"]["rows"], 4001, "{written}");
    assert!(written["seconds"].as_f64() > written["restored"]["seconds"].as_f64(), "{written}");

    std::fs::write(
        &checks,
        "SELECT count(*) = 1 FROM s.a;\nSELECT nonsense;\nSELECT NULL;\nSELECT true WHERE false;\n",
    )
    .expect("a file");
    let ran = keeping.run(&drill);
    assert_eq!(ran.code, Some(10), "{}{}", ran.stdout, ran.stderr);
    for words in ["SELECT count(*) = 1 FROM s.a: f", "nonsense", "null", "0 rows", "not as it was dumped"] {
        assert!(ran.stdout.contains(words) && read("drill.txt").contains(words), "no {words} in {}", ran.stdout);
    }
    assert_eq!(json()["passed"], false);

    std::fs::write(&checks, "-- nothing\n").expect("a file");
    assert_eq!(keeping.run(&drill).code, Some(2), "a file without a check proves nothing");

    let said = keeping.ok(&["drill", "latest", "-d", &postgres, "--tables", "s.b"]);
    assert!(said.contains("restored 4,000 rows in 2 tables"), "the table and what it refers to: {said}");

    // A restore that fails is reported too, and leaves nothing.
    let ran = keeping.run(&["drill", "latest", "-d", &postgres, "--report", &report, "--role", "x"]);
    assert_eq!(ran.code, Some(2), "there is no such flag: {}", ran.stderr);
    server.existing("template1").psql("ALTER DATABASE template0 ALLOW_CONNECTIONS true");
    server.existing("template0").psql(
        "CREATE FUNCTION information_schema.stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
         CREATE EVENT TRIGGER stop ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION information_schema.stop()",
    );
    let ran = keeping.run(&["drill", "latest", "-d", &postgres, "--report", &report]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    assert!(
        read("drill.txt").contains("not today") && json()["error"].as_str().is_some_and(|e| e.contains("not today"))
    );
    assert_eq!(json()["passed"], false);
    assert_eq!(scratch(&server), Vec::<String>::new());
}

/// Stopped, killed, or told to keep it: a scratch database stays only where it should.
#[test]
fn scratch_databases_go_away() {
    let server = Server::fresh(18, &[]);
    let source = server.database("drill_stopped");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let postgres = server.existing("postgres").url();
    let slow = keeping.folder.path().join("slow.sql").to_str().expect("UTF-8").to_owned();
    std::fs::write(&slow, "SELECT pg_sleep(60) IS NULL;\n").expect("a file");
    let drill = ["drill", "latest", "-d", &postgres, "--check", &slow];
    let sleeping = || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'";
        server.existing("postgres").query_one(sql) == "1"
    };

    let stopped = spawn(&keeping, &drill);
    until("the check runs", sleeping);
    assert_eq!(scratch(&server).len(), 1);
    signal("INT", stopped.id());
    let ran = Ran::of(stopped.wait_with_output().expect("a child"));
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("what was made for the drill is dropped"), "{}", ran.stderr);
    assert_eq!(scratch(&server), Vec::<String>::new());

    let mut killed = spawn(&keeping, &drill);
    until("the check runs", sleeping);
    // Of a drill that lives nothing is dropped.
    keeping.ok(&["drill", "latest", "-d", &postgres, "-t", "other"]);
    assert_eq!(scratch(&server).len(), 1);
    killed.kill().expect("it runs");
    drop(killed.wait());
    let left = scratch(&server);
    assert_eq!(left.len(), 1);
    let sleeps = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'";
    server.existing("postgres").psql(sleeps);
    let ran = keeping.run(&["drill", "latest", "-d", &postgres, "-t", "other", "--keep"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("dropped scratch database {}", left[0])), "{}", ran.stderr);
    let kept = scratch(&server);
    assert!(kept.len() == 1 && kept != left, "{kept:?}");
    keeping.ok(&["drill", "latest", "-d", &postgres, "-t", "other"]);
    assert_eq!(scratch(&server), kept, "what was to be kept is kept");
    server.existing("postgres").psql(&format!("DROP DATABASE {}", kept[0]));
}

/// A table of every kind of value that all versions print alike, one that they do not, and one without anything special.
const ALIKE: &str = r#"CREATE TABLE a (id int PRIMARY KEY, f float8, i interval, m money, j jsonb, n numeric, x xml, v tsvector,
        q tsquery, l pg_lsn, acl aclitem, k regclass, ty regtype, pr regprocedure, ts timestamptz, r numrange, b box[], t text[]);
    INSERT INTO a SELECT n, n / 7.0, make_interval(secs => n * 1.1), n * 1.5, jsonb_build_object('a', n), n / 3.0, '<a/>', 'x:1A',
        'x & !y <2> z', '1/2', 'postgres=r*/postgres', 'pg_class', 'varchar', 'abs(int4)', now(), numrange(n, NULL),
        ARRAY[box(point(n, n), point(0, 0))], ARRAY[chr(11), 'x y', NULL] FROM generate_series(1, 500) n;
    CREATE DOMAIN way AS jsonpath; CREATE TYPE pair AS (name text, way way);
    CREATE TABLE b (id int, p pair[], t text);
    INSERT INTO b SELECT n, ARRAY[('x', '1.5.type()')::pair], 't' || n FROM generate_series(1, 300) n"#;

/// Versions print few types differently: everything else is compared between them, and what cannot be is named.
#[test]
fn between_versions_only_what_prints_differently_is_not_compared() {
    let (old, new) = (Server::fresh(13, &[]), Server::fresh(18, &[]));
    let source = old.database("drill_old");
    source.psql(ALIKE);
    let target = new.existing("postgres");
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
        let reader = latest(&repository).await;
        for (damage, a, b) in [
            ("SELECT 1", Verdict::Same, Verdict::NotComparable),
            ("UPDATE a SET f = f + 1e-14", Verdict::Differs, Verdict::NotComparable),
            ("UPDATE b SET t = t || 'x' WHERE id = 299", Verdict::Same, Verdict::Differs),
            ("DELETE FROM b WHERE id = 299", Verdict::Same, Verdict::Differs),
        ] {
            let damaged = new.clone();
            let events: Events = Arc::new(move |event| {
                if matches!(event, Event::Step { step: Step::ReadBack }) {
                    let name = scratch(&damaged).pop().expect("there is a scratch database");
                    damaged.existing(&name).psql(damage);
                }
            });
            let report = expect(drill::run(&reader, &options(&target), &events).await, "drill");
            let verdicts: Vec<Verdict> = report.tables.iter().map(|table| table.verdict).collect();
            assert_eq!(verdicts, [a, b], "{damage}: {:?}", report.tables);
            assert!(!report.passed, "{damage}");
            assert_eq!(report.differs(), a == Verdict::Differs || b == Verdict::Differs, "{damage}");
            let named = if b == Verdict::NotComparable { vec!["p"] } else { vec![] };
            assert_eq!(report.tables[1].not_compared, named, "{damage}");
        }
    });
}

#[test]
fn a_drill_on_another_version_tells_by_its_code() {
    let (old, new) = (Server::fresh(13, &[]), Server::fresh(18, &[]));
    let source = old.database("drill_codes");
    source.psql(ALIKE);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let postgres = new.existing("postgres").url();
    let said = keeping.ok(&["drill", "latest", "-d", &postgres, "-t", "a"]);
    assert!(said.contains("1 equal table read back") && said.contains("all as it was dumped"), "{said}");
    let ran = keeping.run(&["drill", "latest", "-d", &postgres, "--quiet"]);
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("public.b: ") && ran.stdout.contains("values of p differently"), "{}", ran.stdout);

    // Rows that a trigger of the target changes on their way in.
    let target = new.database("drill_changed");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-s"]);
    target.psql(
        "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := NEW.n + 1; RETURN NEW; END $$;
         CREATE TRIGGER change BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION change()",
    );
    let restore =
        |table| keeping.run(&["restore", "latest", "-d", &target.url(), "-a", "-t", table, "--verify-target"]);
    let ran = restore("a");
    assert_eq!(ran.code, Some(10), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("public.a (500 of 500 rows)"), "{}", ran.stderr);
    let ran = restore("b");
    assert_eq!(ran.code, Some(9), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("public.b: ") && ran.stderr.contains("values of p"), "{}", ran.stderr);
    target.psql("DROP TRIGGER change ON a; TRUNCATE a");
    assert_eq!(restore("a").code, Some(0));
}
