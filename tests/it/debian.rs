//! The newest minor release that Debian has: what servers of this month keep in their catalogs does not get into dumps.

use pgkeep::pg::sql::for_version;
use pgkeep::progress::silent;
use pgkeep::{dump, restore};

use crate::harness::{Server, assert_same_data, assert_same_schema, block_on, sample};
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};
use crate::schema::{copy_is_made, fixtures};

/// Security releases of November 2026 keep a version of each column among its options, which no other server takes.
#[test]
fn versions_of_columns_stay_behind() {
    let source = Server::debian().database("column_versions");
    sample::load(&source, 1);
    source.psql(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
         CREATE FOREIGN TABLE public.far (a int OPTIONS (pg_attver '1'), b text) SERVER s;
         CREATE TABLE public.near (a int, b text); ALTER TABLE public.near ALTER b SET (n_distinct = 5);
         CREATE TYPE public.pair AS (a int, b text); CREATE VIEW public.seen AS SELECT * FROM public.near;
         CREATE MATERIALIZED VIEW public.kept AS SELECT * FROM public.near;",
    );
    let (same, older) = (Server::debian().database("same_release"), Server::beside_debian().database("older_release"));
    // Roles belong to the server.
    older.psql("CREATE ROLE pos_app; CREATE ROLE pos_report");
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("repository")).await;
        expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
        for target in [&same, &older] {
            let reader = latest(&repository).await;
            let restored =
                expect(restore::from_snapshot(&reader, &restore_options(target), &silent()).await, "restore");
            assert!(restored.left_out.is_empty(), "{:?}", restored.left_out);
        }
    });
    for target in [&same, &older] {
        assert_same_schema(&source, target);
        assert_same_data(&source, target);
        let stated =
            "SELECT o FROM pg_attribute, unnest(attoptions) o WHERE attrelid = 'near'::regclass AND o !~ '^pg_'";
        assert_eq!(target.query_one(stated), "n_distinct=5");
    }
}

#[test]
fn every_family_goes_from_the_newest_release_to_the_pinned_one() {
    let (newest, pinned) = (Server::debian(), Server::beside_debian());
    let mut failed = Vec::new();
    for fixture in fixtures() {
        let name = fixture.file_stem().expect("a fixture has a name").to_string_lossy().into_owned();
        let statements = std::fs::read_to_string(&fixture).expect("a fixture is readable");
        let statements = for_version(&statements, newest.major());
        let attempt = || {
            // Its roles belong to the server.
            pinned.database("roles").psql(&statements);
            let source = newest.database(&name);
            source.psql(&statements);
            copy_is_made(&name, &source, &pinned.database(&name));
        };
        // One fault must not hide another.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "did not come back: {}", failed.join(", "));
}
