//! Every query that stands in a file of its own is one that every server takes, without any object to read.

use std::path::{Path, PathBuf};

use pgkeep::pg::sql;

use crate::harness::{Database, Server, versions};

/// What takes the place of parameters, which are pieces of SQL.
const PARAMETERS: [(&str, &str); 10] = [
    ("$1", "pg_catalog.pg_authid"),
    ("$2", "r.rolpassword"),
    ("$tables", "(1, 'schema', 'table')"),
    // After the longer name that it begins.
    ("$table", "'pg_catalog.pg_class'"),
    ("$roles", "current_user"),
    ("$oids", "(1::pg_catalog.oid)"),
    ("$objects", "('relation', 'schema', 'name')"),
    ("$places", "('schema', 'name')"),
    ("$things", "(1, 2, 'schema', 'name')"),
    ("$process", "1"),
];

#[test]
fn every_query_is_prepared() {
    let files = queries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(files.len() > 70, "the queries are not where this test looks: {files:?}");
    for major in versions() {
        let database = Server::shared(major).existing("postgres");
        let refused: Vec<String> = files.iter().filter_map(|file| refusal(&database, file, major)).collect();
        assert!(refused.is_empty(), "{major} refuses:\n{}", refused.join("\n"));
    }
}

/// Also for versions that this run has no servers of: marks are of the notation, and on the newest nothing is left out.
#[test]
fn every_mark_of_a_version_is_understood() {
    for file in queries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let asks = |major| statement(&file, major).lines().any(|line| !line.starts_with("--"));
        assert!((13..=18).filter(|&major| asks(major)).max() == Some(18), "{} asks nothing", file.display());
    }
}

/// What the server says against a query; a file may have none for this version.
fn refusal(database: &Database, file: &Path, major: u32) -> Option<String> {
    let statement = statement(file, major);
    if statement.lines().all(|line| line.starts_with("--")) {
        return None;
    }
    let prepared = database.try_psql(format!("PREPARE query AS {statement};").as_bytes());
    let said = String::from_utf8_lossy(&prepared.stderr).into_owned();
    (!prepared.status.success()).then(|| format!("{}: {said}", file.display()))
}

fn statement(file: &Path, major: u32) -> String {
    let text = std::fs::read_to_string(file).expect("a source file is readable");
    let text = sql::for_version(&text, major);
    // These are values, which the server takes as parameters of its own.
    if file.ends_with("catalog/planner_statistics.sql") {
        return text;
    }
    PARAMETERS.iter().fold(text, |text, (parameter, value)| text.replace(parameter, value))
}

/// All `.sql` files below a folder.
fn queries(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(queries(&path));
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
    found.sort();
    found
}
