//! The SQL script against psql: what an origin that somebody else owns can do to whoever runs it, and what a script that
//! ends in the middle leaves behind. Under psql 18 and the one of the machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cli_session::Keeping;
use crate::harness::programs::installed;
use crate::harness::{Database, Options, Server, assert_same_data, assert_same_schema, database::feed, versions};

/// psql 18, which knows `\restrict`, and Debian's.
fn psqls(target: &Database) -> [Command; 2] {
    let mut other = Command::new(installed("psql", "postgresql-client"));
    let oracle = target.client("psql");
    other.env_clear().envs(oracle.get_envs().filter_map(|(name, value)| Some((name, value?))));
    other.env("PATH", "/usr/bin:/bin");
    [oracle, other]
}

fn run(psql: &mut Command, flags: &[&str], script: &str) -> Output {
    feed(psql.args(["-X", "-q"]).args(flags).args(["-f", "-"]), script.as_bytes())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn keeping(source: &Database) -> Keeping {
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    keeping
}

/// Names, words and strings that psql reads in a way of its own.
const ODD: &str = r#"
    CREATE TABLE "a
\! touch owned
b" ("HOST" int, begin int, copy int, "x
\.
y" text);
    INSERT INTO "a
\! touch owned
b" VALUES (1, 2, 3, E'\\.\n\\! touch owned'), (NULL, NULL, NULL, E'\t `touch owned`');
    COMMENT ON TABLE "a
\! touch owned
b" IS E'it''s \\\n\\.\n\\! touch owned\n';
    CREATE FUNCTION begin() RETURNS text LANGUAGE sql AS $$ SELECT E'\\' /*
\! touch owned
    */ $$;
    CREATE VIEW slices AS SELECT (ARRAY[1, 2, 3])[t.begin:t."HOST"] AS some, E'\\''' AS quoted
        FROM "a
\! touch owned
b" AS t (begin, "HOST", copy, d);
    CREATE TABLE checked (a text CHECK (a <> '\' AND a !~ E'^\\d\\.$'), b text DEFAULT '\');
"#;

const ATOMIC: &str = r#"
    CREATE TABLE t (begin int, copy int, "end" int);
    CREATE FUNCTION summed(n int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC
        SELECT CASE WHEN n > 0 THEN (SELECT sum(begin + copy + "end") FROM t WHERE begin < n) ELSE 0 END; SELECT 1; END;
    CREATE PROCEDURE begin(n int) LANGUAGE sql BEGIN ATOMIC INSERT INTO t (begin, copy) VALUES (n, n); END;
"#;

#[test]
fn a_script_of_odd_names_and_words_makes_the_same_database_under_every_psql() {
    for major in versions() {
        let source = Server::shared(major).database("script_odd");
        source.psql(ODD);
        if major >= 14 {
            source.psql(ATOMIC);
        }
        let script = keeping(&source).ok(&["sql", "latest"]);
        for number in 0..2 {
            let target = Server::shared(major).database("script_target");
            let mut psql = psqls(&target);
            let done = run(&mut psql[number], &["-1", "-v", "ON_ERROR_STOP=1"], &script);
            assert!(done.status.success(), "{}", said(&done));
            assert_same_schema(&source, &target);
            assert_same_data(&source, &target);
        }
        assert!(!Path::new("owned").exists());
    }
}

#[test]
fn equal_snapshots_give_equal_scripts_with_a_key_of_ones_own() {
    let source = Server::shared(18).database("script_key");
    source.psql("CREATE TABLE t (a int)");
    let keeping = keeping(&source);
    let script = |key: &[&str]| keeping.ok(&[&["sql", "latest"], key].concat());
    assert_eq!(script(&["--restrict-key", "k1"]), script(&["--restrict-key", "k1"]));
    assert!(script(&["--restrict-key", "k1"]).contains("\n\\restrict k1\n"));
    assert_ne!(script(&[]), script(&[]));
    assert_eq!(keeping.run(&["sql", "latest", "--restrict-key", "a b"]).code, Some(2));
}

/// The origin is taken over: what its server deparses is what its owner wants.
#[test]
fn what_an_origin_deparses_never_becomes_a_command_of_psql() {
    let folder = tempfile::tempdir().unwrap();
    let owned = folder.path().join("owned").display().to_string();
    for text in [
        format!(" SELECT 1 AS a\n\\! touch {owned}\n"),
        format!(" SELECT 1 AS a \\! touch {owned}"),
        format!(" SELECT 'open\n\\! touch {owned}\n"),
        format!(" SELECT 1E'\\' AS a\n\\! touch {owned}\n"),
        format!(" SELECT 1 AS a; COPY pg_temp.x FROM STDIN; SELECT '\n\\.\n\\! touch {owned}\n'"),
    ] {
        let source = Server::shared(18).database("script_hostile");
        source.psql("CREATE VIEW v AS SELECT 1 AS a; COMMENT ON VIEW v IS E'\\n\\\\.\\n'");
        let literal = text.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n");
        source.psql(&format!(
            "SET allow_system_table_mods = on;
             UPDATE pg_proc SET proname = 'own_viewdef' WHERE oid = 'pg_get_viewdef(oid)'::regprocedure;
             CREATE FUNCTION pg_catalog.pg_get_viewdef(oid) RETURNS text LANGUAGE sql STABLE STRICT
             AS $f$ SELECT E'{literal}'::text $f$"
        ));
        let keeping = keeping(&source);
        let ran = keeping.run(&["sql", "latest"]);
        assert_eq!(ran.code, Some(8), "{text}: {}", ran.stderr);
        assert!(ran.stderr.contains("view public.v") && !ran.stdout.contains("touch"), "{}", ran.stderr);
        let target = Server::shared(18).database("script_hostile_target");
        for psql in &mut psqls(&target) {
            run(psql, &[], &ran.stdout);
        }
        assert!(!Path::new(&owned).exists(), "{text}");
    }
}

fn big(server: &Server) -> Database {
    let source = server.database("script_broken");
    source.psql(
        "CREATE TABLE first (a int); INSERT INTO first VALUES (1);
         CREATE TABLE rows (a text, b text);
         INSERT INTO rows SELECT md5(i::text), md5((-i)::text) FROM generate_series(1, 60000) i",
    );
    source
}

fn tables(target: &Database) -> String {
    target.query_one("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
}

/// Killed in the middle, wherever that was: psql takes the end of its input for the end of the rows.
#[test]
fn a_script_that_ends_in_the_middle_commits_nothing() {
    for major in versions() {
        let source = big(Server::shared(major));
        let script = keeping(&source).ok(&["sql", "latest"]);
        let copy = script.find("COPY \"public\".\"rows\"").unwrap();
        let inside = copy + script[copy..].find('\n').unwrap() + 1;
        let row = inside + script[inside..].find('\n').unwrap() + 1;
        let end = script.find("\\unrestrict").unwrap() - 50;
        for cut in
            [script.find("CREATE TABLE").unwrap() + 4, copy, inside, row, row + 40, (copy + script.len()) / 2, end]
        {
            let target = Server::shared(major).database("script_cut");
            for psql in &mut psqls(&target) {
                let done = run(psql, &["-1", "-v", "ON_ERROR_STOP=1"], &script[..cut]);
                assert_eq!(done.status.code(), Some(3), "{cut} of {}: {}", script.len(), said(&done));
                assert_eq!(tables(&target), "0", "{cut} of {}", script.len());
            }
        }
        let target = Server::shared(major).database("script_whole");
        let [mut psql, mut other] = psqls(&target);
        let done = run(&mut psql, &["-v", "ON_ERROR_STOP=1"], &script);
        assert!(done.status.success() && done.stderr.is_empty(), "{}", said(&done));
        assert_same_data(&source, &target);
        target.psql("DROP TABLE first, rows");
        let done = run(&mut other, &["-1", "-v", "ON_ERROR_STOP=1"], &script);
        assert!(done.status.success() && done.stderr.is_empty(), "{}", said(&done));
        assert_same_data(&source, &target);
    }
}

/// The files of a repository, the largest first.
fn packs(repository: &Path) -> Vec<PathBuf> {
    let mut open = vec![repository.join("packs")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort_by_key(|path| std::cmp::Reverse(path.metadata().unwrap().len()));
    files
}

#[test]
fn a_damaged_snapshot_through_psql_commits_nothing() {
    let source = big(Server::shared(18));
    let keeping = keeping(&source);
    let whole = keeping.ok(&["sql", "latest"]);
    let pack = packs(&keeping.repository()).remove(0);
    let mut bytes = std::fs::read(&pack).unwrap();
    // The last rows: what comes before them is written before the damage is met.
    let damage = (0..bytes.len()).rev().step_by(bytes.len() / 16).find_map(|at| {
        bytes[at] ^= 1;
        std::fs::write(&pack, &bytes).unwrap();
        bytes[at] ^= 1;
        let ran = keeping.run(&["sql", "latest"]);
        (ran.code == Some(6) && ran.stdout.matches('\n').count() > 1000).then_some(ran)
    });
    let broken = damage.expect("damage in the middle of the rows").stdout;
    assert!(broken.len() < whole.len() && broken.contains("COPY \"public\".\"rows\""));
    let target = Server::shared(18).database("script_damaged");
    for psql in &mut psqls(&target) {
        for flags in [&["-1", "-v", "ON_ERROR_STOP=1"][..], &["-1"]] {
            let done = run(psql, flags, &broken);
            assert!(!said(&done).is_empty());
            assert!(flags.len() == 1 || done.status.code() == Some(3), "{}", said(&done));
            assert_eq!(tables(&target), "0");
        }
    }
    let [mut psql, _] = psqls(&target);
    assert_eq!(run(&mut psql, &["-v", "ON_ERROR_STOP=1"], &broken).status.code(), Some(3));
    assert_eq!(target.query_one("SELECT count(*) FROM rows"), "0");
}

/// Under psql as it was before `\restrict`, and in a database of another encoding.
#[test]
fn broken_rows_are_refused_in_every_encoding() {
    for encoding in ["SQL_ASCII", "LATIN1", "UTF8"] {
        let options = Options { encoding: Some(encoding), locale: Some("C"), more: None };
        let target = Server::shared(18).database_with("script_encoding", &options);
        for columns in ["", "a text", "a text, b bytea"] {
            target.psql(&format!("CREATE TABLE t ({columns})"));
            for rows in ["", "x", "x\\", "x\ty\\\\"] {
                let script = format!("COPY t FROM STDIN;\n{rows}{}", pgkeep::script::BROKEN_OFF);
                let done = run(&mut psqls(&target)[0], &["-v", "ON_ERROR_STOP=1"], &script);
                assert_eq!(done.status.code(), Some(3), "{encoding} {columns}: {}", said(&done));
                assert_eq!(target.query_one("SELECT count(*) FROM t"), "0", "{encoding} {columns} {rows}");
            }
            target.psql("DROP TABLE t");
        }
    }
}

#[test]
fn rows_alone_come_in_the_order_of_foreign_keys() {
    for major in versions() {
        let tables = "CREATE TABLE c (id int PRIMARY KEY) PARTITION BY RANGE (id);
             CREATE TABLE c1 PARTITION OF c FOR VALUES FROM (0) TO (100);
             CREATE TABLE b (id int PRIMARY KEY, c int REFERENCES c, boss int REFERENCES b);
             CREATE TABLE a (b int REFERENCES b, c int REFERENCES c)";
        let source = Server::shared(major).database("script_keys");
        source.psql(&format!(
            "{tables}; INSERT INTO c VALUES (1); INSERT INTO b VALUES (2, 1, 2); INSERT INTO a VALUES (2, 1)"
        ));
        let keeping = keeping(&source);
        let ran = keeping.run(&["sql", "latest", "-a"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        let target = Server::shared(major).database("script_keys_target");
        target.psql(tables);
        target.psql(&ran.stdout);
        assert_same_data(&source, &target);
        source.psql("ALTER TABLE c ADD a int; ALTER TABLE a ADD PRIMARY KEY (b); ALTER TABLE c ADD FOREIGN KEY (a) REFERENCES a");
        keeping.ok(&["dump", "-d", &source.url()]);
        let ran = keeping.run(&["sql", "latest", "-a"]);
        let circle = "foreign keys let none of these tables be filled first: public.a, public.b, public.c1";
        assert!(ran.code == Some(0) && ran.stderr.contains(circle), "{}", ran.stderr);
        assert_eq!(keeping.run(&["sql", "latest"]).stderr, "");
    }
}
