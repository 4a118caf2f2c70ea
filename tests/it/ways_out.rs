//! Ways out of a repository: the SQL script, the rows of a table, the difference of two snapshots; and the drill.

use futures_util::StreamExt as _;
use pgkeep::cat::{self, Format};
use pgkeep::progress::silent;
use pgkeep::repository::Reader;
use pgkeep::restore::{Rendering, Verdict};
use pgkeep::script::RestrictKey;
use pgkeep::{diff, drill, dump, script};

use crate::harness::{Database, Options, Server, assert_same_data, assert_same_schema, block_on, sample, versions};
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};

async fn dumped(source: &Database, folder: &tempfile::TempDir) -> Reader {
    let repository = repository(&folder.path().join("r")).await;
    expect(dump::run(&repository, &dump_options(source), &silent()).await, "dump");
    latest(&repository).await
}

async fn all(mut pieces: impl futures_util::Stream<Item = pgkeep::Result<bytes::Bytes>> + Unpin) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&expect(piece, "a piece"));
    }
    bytes
}

/// The script, run by psql into an empty database, makes the same database.
#[test]
fn the_script_makes_the_same_database() {
    for major in versions() {
        let source = Server::shared(major).database("pos");
        sample::load(&source, 1);
        source.psql("COMMENT ON SCHEMA ord IS E'\\n\\\\! touch /tmp/owned\\n'; CREATE TABLE \"a\n\\! b\" (x int)");
        let target = Server::shared(major).database("scripted");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = block_on(async {
            let reader = dumped(&source, &folder).await;
            let options = script::Options {
                selection: restore_options(&target).selection,
                rendering: Rendering::default(),
                restrict_key: RestrictKey::random(),
            };
            let script = expect(script::write(&reader, &options, &silent()).await, "script");
            all(Box::pin(script)).await
        });
        target.psql_bytes(&text);
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
    }
}

#[test]
fn rows_of_one_table() {
    let source = Server::shared(18).database("rows");
    source.psql(
        "CREATE TABLE t (a int, \"b c\" text); INSERT INTO t VALUES (1, E'x\\ty'), (2, NULL), (3, ''), (4, '\"')",
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let reader = dumped(&source, &folder).await;
        let read = async |format, columns: &[&str], limit| {
            let columns = columns.iter().map(|c| (*c).into()).collect();
            let options = cat::Options { format, columns, limit, encoding: None };
            let rows = expect(cat::rows(&reader, "public.t", &options).await, "cat");
            String::from_utf8(all(rows).await).expect("UTF-8")
        };
        let csv = String::from_utf8(source.psql_output("COPY t TO STDOUT WITH (FORMAT csv, HEADER)")).unwrap();
        assert_eq!(read(Format::Csv, &[], None).await, csv);
        let copy = String::from_utf8(source.psql_output("COPY t TO STDOUT")).unwrap();
        assert_eq!(read(Format::Copy, &[], None).await, copy);
        let lines = read(Format::JsonLines, &["b c"], Some(2)).await;
        assert_eq!(lines, "{\"b c\":\"x\\ty\"}\n{\"b c\":null}\n");
        let unknown = cat::Options { format: Format::Copy, columns: vec!["z".into()], limit: None, encoding: None };
        assert!(cat::rows(&reader, "public.t", &unknown).await.is_err());
        assert!(cat::rows(&reader, "public.none", &unknown).await.is_err());
    });
}

/// What the server itself converts is the oracle.
#[test]
fn text_of_every_encoding_is_utf8_unless_told_otherwise() {
    let cases = [
        ("LATIN1", "café ¤", "café ¤"),
        ("WIN1251", "имя €", "слово №"),
        ("KOI8U", "ім'я", "ґ ╝ ╬"),
        ("EUC_JP", "列", "日本 ￤ ｱ ～ －"),
        ("EUC_CN", "列", "中 ・ ―"),
        ("SQL_ASCII", "é", "日"),
    ];
    for (encoding, column, value) in cases {
        let options = Options { encoding: Some(encoding), locale: Some("C"), more: None };
        let source = Server::shared(18).database_with("cat_encoding", &options);
        let client = if encoding == "SQL_ASCII" { "SQL_ASCII" } else { "UTF8" };
        let set = format!("SET client_encoding = {client}; ");
        source.psql(&format!("{set}CREATE TABLE t (\"{column}\" text); INSERT INTO t VALUES ('a'), ('{value}')"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        block_on(async {
            let reader = dumped(&source, &folder).await;
            let read = async |format, encoding: Option<&str>| {
                let options =
                    cat::Options { format, columns: Vec::new(), limit: None, encoding: encoding.map(Into::into) };
                all(expect(cat::rows(&reader, "t", &options).await, "cat")).await
            };
            let copied = |more: &str, encoding: &str| {
                let copy = format!("SET client_encoding = {encoding}; COPY t TO STDOUT {more}");
                source.psql_output(&copy)
            };
            let csv = "WITH (FORMAT csv, HEADER)";
            assert_eq!(read(Format::Csv, None).await, copied(csv, client), "{encoding}");
            assert_eq!(read(Format::Csv, Some(encoding)).await, copied(csv, encoding), "{encoding}");
            assert_eq!(read(Format::Copy, None).await, copied("", encoding), "{encoding}");
            assert_eq!(read(Format::Copy, Some("utf-8")).await, copied("", client), "{encoding}");
            let lines = format!("{{\"{column}\":\"a\"}}\n{{\"{column}\":\"{value}\"}}\n");
            assert_eq!(String::from_utf8(read(Format::JsonLines, None).await).expect("UTF-8"), lines, "{encoding}");
        });
    }
}

#[test]
fn bytes_that_are_no_text_are_an_error_that_names_the_row() {
    let options = Options { encoding: Some("SQL_ASCII"), locale: Some("C"), more: None };
    let source = Server::shared(18).database_with("cat_ascii", &options);
    source.psql_bytes(b"CREATE TABLE t (a text, b text); INSERT INTO t VALUES ('x', 'y'), ('x', 'caf\xe9')");
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let reader = dumped(&source, &folder).await;
        for format in [Format::Csv, Format::JsonLines] {
            let options = cat::Options { format, columns: Vec::new(), limit: None, encoding: None };
            let mut rows = expect(cat::rows(&reader, "t", &options).await, "cat");
            let mut last = Ok(bytes::Bytes::new());
            while let Some(piece) = rows.next().await {
                last = piece;
            }
            let refused = last.expect_err("LATIN1 is not UTF-8").to_string();
            assert_eq!(refused, "row 2 of public.t: bytes of column b are no text in UTF-8");
        }
    });
}

#[test]
fn what_changed_between_two_snapshots() {
    let source = Server::shared(18).database("changing");
    source.psql("CREATE TABLE same (a int); CREATE TABLE t (a int); CREATE TABLE gone (); INSERT INTO t VALUES (1)");
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
        let before = latest(&repository).await;
        source.psql(
            "DROP TABLE gone; CREATE VIEW v AS SELECT 1 AS x; ALTER TABLE t ADD b text; INSERT INTO t VALUES (2, 'x')",
        );
        expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
        let found = expect(diff::run(&before, &latest(&repository).await).await, "diff");
        let names = |changes: &[diff::Change]| changes.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&found.added), ["public.v"]);
        assert_eq!(names(&found.dropped), ["public.gone"]);
        assert_eq!(names(&found.changed), ["public.t"]);
        assert_eq!(found.tables.len(), 1);
        assert_eq!((found.tables[0].before, found.tables[0].after), (1, 2));
        assert!(expect(diff::run(&before, &before).await, "diff").is_empty());
    });
}

#[test]
fn a_drill_proves_and_leaves_nothing_behind() {
    let source = Server::shared(18).database("drilled");
    sample::load(&source, 1);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let databases = "SELECT count(*) FROM pg_database WHERE datname LIKE 'pgkeep_drill%'";
    block_on(async {
        let reader = dumped(&source, &folder).await;
        let mut options = drill::Options {
            restore: restore_options(&source),
            max_bytes: None,
            checks: vec![("file".into(), "SELECT count(*) > 0 FROM payments.payment".into())],
            keep: false,
        };
        let report = expect(drill::run(&reader, &options, &silent()).await, "drill");
        assert!(report.passed, "{report:?}");
        assert!(report.tables.iter().all(|table| table.verdict == Verdict::Same && table.rows == table.rows_found));
        assert!(report.tables.len() > 5);
        options.checks = vec![("file".into(), "SELECT false".into()), ("file".into(), "SELECT nonsense".into())];
        options.max_bytes = Some(100_000);
        let report = expect(drill::run(&reader, &options, &silent()).await, "drill of a sample");
        assert!(!report.passed);
        assert_eq!(report.checks.iter().filter(|check| check.passed).count(), 0);
    });
    assert_eq!(source.query_one(databases), "0");
}
