//! Dump and restore of whole databases: what came back is what was there, by oracles that know nothing of pgkeep.

use std::path::Path;

use pgkeep::cancel::Cancellation;
use pgkeep::codec::seal::Identity;
use pgkeep::pg::snapshot::SnapshotOptions;
use pgkeep::pg::{Config, Host};
use pgkeep::plan::Pattern;
use pgkeep::plan::select::Selection;
use pgkeep::progress::silent;
use pgkeep::repository::{Reader, Repository};
use pgkeep::store::Store;
use pgkeep::{dump, restore};

use crate::harness::oracle::{assert_same_rows, tables as tables_of};
use crate::harness::{
    Database, Server, assert_same_blind_spots, assert_same_data, assert_same_schema, block_on, sample, versions,
};

/// Where pgkeep connects to reach a test's database.
pub(crate) fn config(database: &Database) -> Config {
    let server = database.server();
    Config {
        hosts: vec![Host::tcp(server.host(), server.port())],
        database: database.name().into(),
        ..Config::default()
    }
}

pub(crate) fn dump_options(database: &Database) -> dump::Options {
    dump::Options {
        source: config(database),
        jobs: 3,
        selection: Selection::default(),
        patterns: Vec::new(),
        label: None,
        snapshot: SnapshotOptions::default(),
        skip_unreadable: false,
        enable_row_security: false,
        extra_float_digits: None,
        among: None,
        writing: Default::default(),
        cancellation: Cancellation::default(),
    }
}

pub(crate) fn restore_options(database: &Database) -> restore::Options {
    restore::Options { jobs: 3, ..restore::Options::new(config(database)) }
}

/// A new repository in a folder, and one who owns it.
pub(crate) async fn repository(folder: &Path) -> Repository {
    let owner = Identity::generate();
    let store = Store::create(folder.to_str().expect("test folders are UTF-8")).expect("the folder can be made");
    Repository::init(store, &[owner.recipient()], None).await.expect("a repository can be made")
}

/// The latest snapshot.
pub(crate) async fn latest(repository: &Repository) -> Reader {
    let snapshot = repository.resolve("latest").await.expect("there is a snapshot");
    repository.reader(&snapshot).await.expect("it can be read")
}

/// Shows an error with its causes.
pub(crate) fn explained(error: &pgkeep::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

pub(crate) fn expect<T>(done: pgkeep::Result<T>, what: &str) -> T {
    done.unwrap_or_else(|error| panic!("{what}: {}", explained(&error)))
}

#[test]
fn a_small_database_comes_back() {
    for major in versions() {
        let source = Server::shared(major).database("source");
        source.psql(
            "CREATE SCHEMA s; CREATE TABLE s.\"a \"\"b\" (id int PRIMARY KEY, t text DEFAULT 'x', g int GENERATED ALWAYS AS (id * 2) STORED);
             INSERT INTO s.\"a \"\"b\" (id, t) SELECT n, CASE WHEN n % 7 = 0 THEN NULL ELSE E'tab\\tnew\\nline' || n END FROM generate_series(1, 5000) n;
             CREATE TABLE s.child (id bigserial, a int REFERENCES s.\"a \"\"b\"); INSERT INTO s.child (a) SELECT id FROM s.\"a \"\"b\";
             CREATE TABLE empty (); CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES;
             CREATE INDEX ON s.child (a) WHERE a > 10;",
        );
        let target = Server::shared(major).database("target");
        let folder = tempfile::tempdir().expect("a temporary folder");
        block_on(async {
            let repository = repository(&folder.path().join("repository")).await;
            let dumped = expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
            assert_eq!(dumped.totals.rows, 10_001);
            let reader = latest(&repository).await;
            let restored =
                expect(restore::from_snapshot(&reader, &restore_options(&target), &silent()).await, "restore");
            assert_eq!(restored.rows, 10_001);
            assert!(restored.left_out.is_empty(), "{:?}", restored.left_out);
        });
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
    }
}

#[test]
fn the_sample_database_comes_back() {
    for major in versions() {
        let source = Server::shared(major).database("pos");
        sample::load(&source, 1);
        let target = Server::shared(major).database("pos_back");
        source.make_hostile();
        target.make_hostile();
        let folder = tempfile::tempdir().expect("a temporary folder");
        block_on(async {
            let repository = repository(&folder.path().join("repository")).await;
            expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
            let reader = latest(&repository).await;
            let restored =
                expect(restore::from_snapshot(&reader, &restore_options(&target), &silent()).await, "restore");
            assert!(restored.left_out.is_empty(), "{:?}", restored.left_out);
        });
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
        assert_same_blind_spots(&source, &target);
    }
}

/// A schema alone comes back with its tables, rows, indexes, constraints and triggers; what needs other schemas is
/// named.
#[test]
fn one_schema_comes_back_and_says_what_it_lacks() {
    let source = Server::shared(18).database("pos");
    sample::load(&source, 1);
    let target = Server::shared(18).database("payments");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let restored = block_on(async {
        let repository = repository(&folder.path().join("repository")).await;
        expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
        let reader = latest(&repository).await;
        let mut options = restore_options(&target);
        options.selection.schemas = vec![Pattern::of_schema("payments").expect("a pattern")];
        expect(restore::from_snapshot(&reader, &options, &silent()).await, "restore")
    });
    let left_out = restored.left_out.join("\n");
    assert!(left_out.contains("foreign key payments"), "{left_out}");
    let tables = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'payments' AND relkind = ";
    for kind in ["'r'", "'i'", "'S'"] {
        let count = |database: &Database| database.query_one(&format!("{tables}{kind}"));
        assert_eq!(count(&source), count(&target), "{kind}");
    }
    let others = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('ord', 'menu', 'inventory')";
    assert_eq!(target.query_one(others), "0");
    let mine: Vec<String> = tables_of(&source).into_iter().filter(|table| table.starts_with("payments.")).collect();
    assert!(!mine.is_empty());
    assert_same_rows(&source, &target, &mine);
}

/// A dump of one schema alone goes back into the database that it came from, with the keys into other schemas.
#[test]
fn a_dump_of_one_schema_goes_back_with_its_keys() {
    let source = Server::shared(18).database("pos");
    sample::load(&source, 1);
    let keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text LIKE 'payments.%'";
    let before = source.query_one(keys);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let restored = block_on(async {
        let repository = repository(&folder.path().join("repository")).await;
        let schemas = vec![Pattern::of_schema("payments").expect("a pattern")];
        let mut options = dump_options(&source);
        options.selection.schemas = schemas.clone();
        expect(dump::run(&repository, &options, &silent()).await, "dump");
        source.psql("DROP SCHEMA payments CASCADE");
        let mut options = restore_options(&source);
        options.selection.schemas = schemas;
        expect(restore::from_snapshot(&latest(&repository).await, &options, &silent()).await, "restore")
    });
    assert!(restored.left_out.is_empty(), "{:?}", restored.left_out);
    assert_eq!(source.query_one(keys), before);
}
