//! What is read from one database and created in another is the same: every fixture of `testdata/schema` on every
//! server, judged by pg_dump, by queries where pg_dump is blind, and by reading the copy again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pgkeep::object::{Grant, Kind, Object, Pass};
use pgkeep::pg::settings::Purpose;
use pgkeep::pg::{Config, Host, Session, snapshot, sql};
use pgkeep::restore::Rendering;
use pgkeep::text::Text;

use crate::harness::server::SUPERUSER;
use crate::harness::{Database, Server, assert_same_blind_spots, assert_same_schema, block_on, versions};

#[test]
fn every_family_comes_back_as_it_was() {
    // The longest test of all, and no server waits for another.
    let failed: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = versions().into_iter().map(|major| scope.spawn(move || failures_on(major))).collect();
        running.into_iter().flat_map(|one| one.join().expect("faults are caught")).collect()
    });
    assert!(failed.is_empty(), "did not come back: {}", failed.join(", "));
}

/// Fixtures that differ on this server. One fault must not hide another.
fn failures_on(major: u32) -> Vec<String> {
    let mut failed = Vec::new();
    for fixture in fixtures() {
        let name = fixture.file_stem().expect("a fixture has a name").to_string_lossy().into_owned();
        let statements = std::fs::read_to_string(&fixture).expect("a fixture is readable");
        let attempt = || comes_back(Server::shared(major), &name, &sql::for_version(&statements, major));
        if std::panic::catch_unwind(attempt).is_err() {
            failed.push(format!("{name} on {major}"));
        }
    }
    failed
}

/// More types and operators than any fixture has.
#[test]
fn what_extensions_consist_of_comes_back() {
    for major in versions() {
        comes_back(Server::shared(major), "contrib", include_str!("../../testdata/contrib.sql"));
    }
}

/// Everything but secrets can be read by everybody: what a role may not do is told before, by its rights on tables.
#[test]
fn a_role_without_rights_reads_the_same_catalog() {
    for major in versions() {
        let server = Server::shared(major);
        let role = "DO $$ BEGIN CREATE ROLE stranger LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$";
        server.existing("postgres").psql(role);
        // The fixture of grants takes a catalog away from everybody.
        for fixture in fixtures().into_iter().filter(|fixture| !fixture.ends_with("grants.sql")) {
            let source = server.database("stranger");
            source.psql(&sql::for_version(&std::fs::read_to_string(&fixture).expect("a fixture is readable"), major));
            let lines = |mut objects: Vec<Object>| {
                objects.retain(|object| !matches!(object.kind, Kind::UserMapping | Kind::Subscription));
                statements(&objects)
            };
            let (own, strange) = (block_on(read(&source)), block_on(read_as(&source, "stranger")));
            assert_eq!(lines(own), lines(strange), "{} on {major}", fixture.display());
        }
    }
}

/// All fixtures, or those whose names are in `PGKEEP_TEST_FIXTURES`.
pub(crate) fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/schema");
    let wanted = std::env::var_os("PGKEEP_TEST_FIXTURES").unwrap_or_default();
    let wanted = wanted.to_string_lossy();
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
    // Whatever their owners have set, both databases are read and written the same way.
    source.make_hostile();
    target.make_hostile();
    copy_is_equal(name, &source, &target);
}

/// Creates in `target` what is in `source`, and ends the test unless both are equal then.
pub(crate) fn copy_is_equal(name: &str, source: &Database, target: &Database) {
    let server = source.server();
    let objects = copy_is_made(name, source, target);
    assert_same_blind_spots(source, target);
    let (before, after) = (statements(&objects), statements(&block_on(read(target))));
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

/// Creates in `target` what is in `source`, and ends the test unless pg_dump says the same of both.
pub(crate) fn copy_is_made(name: &str, source: &Database, target: &Database) -> Vec<Object> {
    let objects = block_on(read(source));
    let failures = block_on(create(target, &objects));
    assert!(failures.is_empty(), "{name} on {}:\n{}", source.server().major(), failures.join("\n\n"));
    assert_same_schema(source, target);
    objects
}

async fn session(database: &Database, user: &str) -> Session {
    let (host, port) = (database.server().host(), database.server().port());
    let config = Config { hosts: vec![Host::tcp(host, port)], user: user.into(), ..Config::default() };
    Session::connect(&config.with_database(database.name())).await.expect("the server lets us in")
}

pub(crate) async fn read(database: &Database) -> Vec<Object> {
    read_as(database, SUPERUSER).await
}

/// Reads as a dump does.
async fn read_as(database: &Database, user: &str) -> Vec<Object> {
    let mut session = session(database, user).await;
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.expect("settings");
    let objects = pgkeep::catalog::load(&mut session, Vec::new(), &(Arc::new(|_| ()) as _)).await;
    objects.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error))).objects
}

/// Creates as a restore does, and returns what failed.
pub(crate) async fn create(database: &Database, objects: &[Object]) -> Vec<String> {
    let mut session = session(database, SUPERUSER).await;
    let encoding = snapshot::encoding(&session);
    session.pin(Purpose::Loading, &encoding);
    session.run("BEGIN").await.expect("settings");
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
    let rendering = Rendering::default();
    let mut statements = Vec::new();
    if object.kind.pass() == pass && object.kind != Kind::Database {
        statements = rendering.create(object);
    }
    if pass == Pass::Grants {
        statements.extend(rendering.grants(object));
    }
    statements
}

/// Everything that two equal databases have in common: not the numbers of objects, which follow their oids.
fn statements(objects: &[Object]) -> Vec<String> {
    let mut all = Vec::new();
    // The databases have different names.
    for object in objects.iter().filter(|object| object.kind != Kind::Database) {
        let title = format!("{} {}", object.kind.noun(), object.name);
        let grants: Vec<Text> = object.grants.iter().map(Grant::sql).collect();
        let lists = [&object.create, &object.drop, &object.finish, &object.comments, &object.labels, &grants];
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

#[test]
fn of_an_extension_only_the_rows_of_configuration_tables_are_kept() {
    for major in versions() {
        let database = Server::shared(major).database("configuration");
        database.psql(
            "CREATE SCHEMA c; CREATE EXTENSION hstore SCHEMA c; CREATE TABLE c.some (id serial, a int); \
             CREATE TABLE c.whole (a int); CREATE TABLE c.inner (a int CHECK (a > 0) DEFAULT 1 PRIMARY KEY); \
             CREATE INDEX ON c.inner (a); COMMENT ON TABLE c.inner IS 'lost, as with pg_dump'; \
             ALTER EXTENSION hstore ADD TABLE c.some; ALTER EXTENSION hstore ADD TABLE c.whole; \
             ALTER EXTENSION hstore ADD TABLE c.inner; ALTER EXTENSION hstore ADD SEQUENCE c.some_id_seq; \
             UPDATE pg_extension SET extconfig = ARRAY['c.some'::regclass, 'c.some_id_seq', 'c.whole'], \
             extcondition = ARRAY['WHERE a > 1', '', ''] WHERE extname = 'hstore'",
        );
        let objects = block_on(read(&database));
        let kept = |name: &str| objects.iter().find(|object| object.name.name == *name);
        let condition = |name: &str| kept(name).and_then(|object| object.table.as_ref()?.condition.clone());
        assert_eq!(condition("some"), Some("WHERE a > 1".into()), "on {major}");
        assert_eq!(condition("whole"), Some(Text::new()), "on {major}");
        assert!(kept("some_id_seq").is_some_and(|object| object.create.is_empty()), "on {major}");
        let names = objects.iter().map(|object| object.name.to_string()).filter(|name| name.starts_with("c."));
        let expected = ["c.some", "c.some_id_seq", "c.whole"];
        let unexpected: Vec<String> = names.filter(|name| !expected.contains(&name.as_str())).collect();
        assert_eq!(unexpected, Vec::<String>::new(), "on {major}");
    }
}

#[test]
fn rows_of_partitions_by_the_hash_of_an_enum_go_to_the_top() {
    for major in versions() {
        let database = Server::shared(major).database("by_enum");
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/schema/enum_partitions.sql");
        database.psql(&sql::for_version(&std::fs::read_to_string(fixture).expect("the fixture"), major));
        let objects = block_on(read(&database));
        let root = |name: &str| {
            let object = objects.iter().find(|object| object.name.name == *name).expect("the table is there");
            object.table.as_ref().and_then(|table| table.root.clone())
        };
        for hashed in ["hashed_0", "hashed_1"] {
            assert_eq!(root(hashed), Some(r#""e"."top""#.into()), "on {major}");
        }
        assert_eq!(root("listed_sad"), None, "on {major}");
    }
}
