//! From an older server into a newer one: every fixture of `testdata/schema` comes back as pg_dump and psql bring it
//! back, so that what servers print differently plays no part.
//!
//! The few differences that are no fault stand in [`DIFFERENCES`], and nowhere else.

use std::process::Command;

use pgkeep::pg::sql;
use pgkeep::progress::silent;
use pgkeep::restore::Failure;
use pgkeep::{dump, restore};

use crate::harness::database::quoted;
use crate::harness::oracle::schema_differences;
use crate::harness::{Database, Server, block_on, schema_text, versions};
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};
use crate::schema::fixtures;

/// What may differ: fixture; start of a line with its sign (`-` is what pg_dump brings back), or of the title of an
/// entry; and why.
const DIFFERENCES: [(&str, &str, &str); 10] = [
    // GRANT ALL of a server before 17 had no MAINTAIN in it, and what was not granted is not given.
    ("default_privileges", "- ALTER DEFAULT PRIVILEGES", "pg_dump adds MAINTAIN"),
    ("default_privileges", "+ ALTER DEFAULT PRIVILEGES", "pg_dump adds MAINTAIN"),
    ("grants", "- GRANT ", "pg_dump adds MAINTAIN"),
    ("grants", "+ GRANT ", "pg_dump adds MAINTAIN"),
    ("sequences", "-     LOGGED", "newer servers let the sequence of an identity share the fate of its unlogged table"),
    ("subscriptions", "@@ Sub's \"slot\"", "pg_dump's statement fails: its slot's name is none"),
    ("tables", "- ALTER TABLE ONLY t.adopted ALTER COLUMN s SET STORAGE", "pg_dump gives it the storage of its parent"),
    (
        "tables",
        "- ALTER TABLE ONLY t.grandchild ALTER COLUMN s SET STORAGE",
        "pg_dump gives it the storage of its parent",
    ),
    ("types", "@@ fixed; Type: TYPE;", "pg_dump's statement fails: its subscript handler has no ELEMENT yet"),
    ("types", "@@ fixed; Type: SHELL TYPE;", "what is left of it then"),
];

/// The same where the newer server is older than pg_dump, whose element `NOT NULL column` only 18 reads.
const BEFORE_18: [(&str, &str, &str); 2] = [
    ("not_nulls", "@@ child_stricter;", "pg_dump's statement fails"),
    ("tables", "@@ grandchild", "pg_dump's statement fails"),
];

/// Objects that cannot be there on a newer server: fixture, object, why.
const GONE: [(&str, &str, &str); 4] = [
    ("aggregates", "aggregate a.gather(", "array_append takes other polymorphic types from 14 on"),
    ("aggregates", "grants on aggregate a.gather(", "it is not there"),
    ("operators", "operator o.@#@", "postfix operators went with 14"),
    ("extensions", "grants on", "functions of the extension have other arguments in its newer version"),
];

/// The oldest into the newest; and one step in the middle, where the tests have both servers.
#[test]
fn every_family_comes_back_on_a_newer_server() {
    let all = versions();
    let oldest = all.iter().copied().min().expect("there is a version");
    let mut pairs = vec![(oldest, 18)];
    pairs.extend([(15, 16)].into_iter().filter(|(from, to)| all.contains(from) && all.contains(to)));
    for (from, to) in pairs {
        comes_back(from, to);
    }
}

fn comes_back(from: u32, to: u32) {
    let mut failed = Vec::new();
    for fixture in fixtures() {
        let name = fixture.file_stem().expect("a fixture has a name").to_string_lossy().into_owned();
        let source = Server::shared(from).database(&name);
        let (target, reference) = (Server::shared(to).database(&name), Server::shared(to).database(&name));
        source.psql(&sql::for_version(&std::fs::read_to_string(&fixture).expect("a fixture is readable"), from));
        surroundings(&source, &target);
        let mut failures = restored(&source, &target);
        failures
            .retain(|failure| !GONE.iter().any(|(of, object, _)| *of == name && failure.object.starts_with(object)));
        let said = bring_back(&source, &reference);
        let differences = schema_differences(&schema_text(&reference), &schema_text(&target));
        let left = unknown(&name, to, &differences);
        if !failures.is_empty() || left.iter().any(|line| !line.starts_with("@@")) {
            failed.push(format!("== {name}\n{failures:#?}\n{}\npsql says: {said}", left.join("\n")));
        }
    }
    assert!(failed.is_empty(), "{from} into {to}:\n{}", failed.join("\n\n"));
}

/// The lines of differences that are not among the known ones.
fn unknown<'a>(fixture: &str, to: u32, differences: &'a str) -> Vec<&'a str> {
    let listed = || DIFFERENCES.iter().chain(BEFORE_18.iter().filter(|_| to < 18));
    let known = |line: &str| listed().any(|(of, start, _)| *of == fixture && line.starts_with(start));
    let mut skip = false;
    let lines = differences.lines().filter(|line| {
        if line.starts_with("@@") {
            skip = known(line);
        }
        !skip && !known(line)
    });
    lines.collect()
}

/// Dumps one database and restores it into the other; what failed.
fn restored(source: &Database, target: &Database) -> Vec<Failure> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("r")).await;
        expect(dump::run(&repository, &dump_options(source), &silent()).await, "dump");
        let mut options = restore_options(target);
        options.course = restore::Course::Steps { keep_going: true };
        let done = expect(restore::from_snapshot(&latest(&repository).await, &options, &silent()).await, source.name());
        // It goes on to keep track of what failed.
        target.psql("DROP SCHEMA IF EXISTS pgkeep_restore CASCADE");
        done.failures
    })
}

/// By pg_dump and psql; what fails there, such as a comment that only its owner may make, is no affair of ours.
fn bring_back(source: &Database, reference: &Database) -> String {
    let output = source.client("pg_dump").args(["--schema-only", "--restrict-key=x"]).output().expect("pg_dump runs");
    assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
    let mut psql: Command = reference.client("psql");
    psql.args(["-X", "-q", "-f", "-"]);
    String::from_utf8_lossy(&crate::harness::database::feed(&mut psql, &output.stdout).stderr).into_owned()
}

/// Roles and tablespaces belong to the server and are no part of a database's dump.
fn surroundings(source: &Database, target: &Database) {
    let names =
        |database: &Database, sql: &str| -> Vec<String> { database.query_rows(sql).into_iter().flatten().collect() };
    let missing = |sql: &str| {
        let there = names(target, sql);
        names(source, sql).into_iter().filter(|name| !there.contains(name)).collect::<Vec<_>>()
    };
    for role in missing("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'") {
        // Event triggers belong to superusers.
        drop(target.try_psql(format!("CREATE ROLE {} SUPERUSER", quoted(&role)).as_bytes()));
    }
    for (number, space) in missing("SELECT spcname FROM pg_tablespace").into_iter().enumerate() {
        let folder = target.server().folder().join(format!("data/from_{}_{number}", source.server().major()));
        let folder = folder.display();
        drop(target.try_psql(format!("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; mkdir \"{folder}\"'").as_bytes()));
        drop(target.try_psql(format!("CREATE TABLESPACE {} LOCATION '{folder}'", quoted(&space)).as_bytes()));
    }
}
