//! What is read from one database and created in another is the same: every fixture of `testdata/schema` on every
//! server, judged by pg_dump, by queries where pg_dump is blind, and by reading the copy again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pgkeep::object::{Kind, Object, Pass};
use pgkeep::pg::{Config, Host, Session, settings, sql};
use pgkeep::text;
use pgkeep::text::Text;

use crate::harness::{Database, Server, assert_same_blind_spots, assert_same_schema, block_on, versions};

#[test]
fn every_family_comes_back_as_it_was() {
    let mut failed = Vec::new();
    for (major, fixture) in versions().into_iter().flat_map(|major| fixtures().into_iter().map(move |f| (major, f))) {
        let name = fixture.file_stem().expect("a fixture has a name").to_string_lossy().into_owned();
        let statements = std::fs::read_to_string(&fixture).expect("a fixture is readable");
        let attempt = || comes_back(Server::shared(major), &name, &sql::for_version(&statements, major));
        // One fault must not hide another.
        if std::panic::catch_unwind(attempt).is_err() {
            failed.push(format!("{name} on {major}"));
        }
    }
    assert!(failed.is_empty(), "did not come back: {}", failed.join(", "));
}

/// All fixtures, or those whose names are in `PGKEEP_TEST_FIXTURES`.
fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/schema");
    let wanted = std::env::var("PGKEEP_TEST_FIXTURES").unwrap_or_default();
    let files = std::fs::read_dir(folder).expect("the fixtures are there").map(|file| file.expect("a file").path());
    let mut fixtures: Vec<PathBuf> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "sql"))
        .filter(|file| {
            wanted.is_empty() || wanted.split(',').any(|name| file.file_stem().is_some_and(|stem| stem == name))
        })
        .collect();
    fixtures.sort();
    assert!(!fixtures.is_empty(), "there is no fixture");
    fixtures
}

fn comes_back(server: &Server, name: &str, fixture: &str) {
    let (source, target) = (server.database(name), server.database(name));
    source.psql(fixture);
    let objects = block_on(read(&source));
    let failures = block_on(create(&target, &objects));
    assert!(failures.is_empty(), "{name} on {}:\n{}", server.major(), failures.join("\n\n"));
    assert_same_schema(&source, &target);
    assert_same_blind_spots(&source, &target);
    let (before, after) = (statements(&objects), statements(&block_on(read(&target))));
    let differences: Vec<_> =
        before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}")).collect();
    let differences =
        [differences, after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}")).collect()];
    assert!(
        differences.iter().all(Vec::is_empty),
        "{name} on {}:\n{}",
        server.major(),
        differences.concat().join("\n")
    );
}

async fn session(database: &Database) -> Session {
    let (host, port) = (database.server().host(), database.server().port());
    let config = Config { hosts: vec![Host::tcp(host, port)], ..Config::default() };
    Session::connect(&config.with_database(database.name())).await.expect("the server lets us in")
}

/// Reads as a dump does.
async fn read(database: &Database) -> Vec<Object> {
    let mut session = session(database).await;
    let settings = settings::reading(session.version(), "UTF8");
    session.run(format!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {settings}")).await.expect("settings");
    let objects = pgkeep::catalog::load(&mut session, &(Arc::new(|_| ()) as _)).await;
    objects.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)))
}

/// Creates as a restore does, and returns what failed.
async fn create(database: &Database, objects: &[Object]) -> Vec<String> {
    let mut session = session(database).await;
    let settings = settings::loading(session.version(), "UTF8");
    session.run(format!("BEGIN; {settings}")).await.expect("settings");
    let mut failures = Vec::new();
    for pass in [Pass::Main, Pass::Grants, Pass::Last] {
        for statement in objects.iter().flat_map(|object| of_pass(object, pass)) {
            // On its own: a statement that cannot be parsed would take it along.
            session.run("SAVEPOINT attempt").await.expect("a savepoint");
            let done = session.run(&statement).await;
            if let Err(error) = &done {
                let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
                failures.push(format!("{statement}\n  {why}"));
            }
            let end = if done.is_ok() { "RELEASE attempt" } else { "ROLLBACK TO attempt" };
            session.run(end).await.expect("the savepoint is there");
        }
    }
    session.run("COMMIT").await.expect("everything is kept");
    failures
}

fn of_pass(object: &Object, pass: Pass) -> Vec<Text> {
    let mut statements = Vec::new();
    if object.kind.pass() == pass && object.kind != Kind::Database {
        if let Some(tablespace) = &object.tablespace {
            statements.push(text!["SET LOCAL default_tablespace = ", tablespace.literal()]);
        }
        if let Some(method) = &object.access_method {
            statements.push(text!["SET LOCAL default_table_access_method = ", method.literal()]);
        }
        statements.extend(object.create.iter().cloned());
        statements.extend(object.owner.iter().filter_map(|role| object.give_to(role)));
        for more in [&object.finish, &object.comments, &object.labels] {
            statements.extend(more.iter().cloned());
        }
    }
    if pass == Pass::Grants && object.kind != Kind::Database {
        statements.extend(object.grants.iter().cloned());
    }
    statements
}

/// Everything that two equal databases have in common: not the numbers of objects, which follow their oids.
fn statements(objects: &[Object]) -> Vec<String> {
    let mut all = Vec::new();
    // The databases have different names.
    for object in objects.iter().filter(|object| object.kind != Kind::Database) {
        let title = format!("{} {}", object.kind.noun(), object.name);
        let lists = [&object.create, &object.drop, &object.finish, &object.comments, &object.labels, &object.grants];
        all.extend(lists.into_iter().flatten().map(|statement| format!("{title}: {statement}")));
        // Inherited columns come first in a new child; nobody can restore another order.
        let mut table = object.table.clone();
        table.iter_mut().for_each(|table| table.columns.sort_by(|a, b| a.name.cmp(&b.name)));
        let settings = (&object.owner, &object.tablespace, &object.access_method, &table, object.section);
        all.push(format!("{title}: {settings:?}"));
    }
    all.sort();
    all
}
