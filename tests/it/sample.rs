//! The sample database loads on every server, always with the same rows, and grows with its scale.

use pgkeep::progress::silent;
use pgkeep::{dump, restore};

use crate::harness::{
    Database, Server, assert_same_blind_spots, assert_same_data, assert_same_schema, block_on, sample, versions,
};
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};

fn bytes(database: &Database) -> i64 {
    let sizes = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND oid >= 16384
        AND relnamespace::regnamespace::text IN ('ord', 'payments')";
    database.query_one(sizes).parse().expect("a number")
}

#[test]
fn the_sample_is_the_same_every_time() {
    for major in versions() {
        let server = Server::shared(major);
        let (a, b) = (server.database("pos"), server.database("pos"));
        for database in [&a, &b] {
            sample::load(database, 1);
            sample::sell_for_a_day(database, 1);
            sample::sell_for_a_day(database, 1);
        }
        assert_same_schema(&a, &b);
        assert_same_data(&a, &b);
        assert_eq!(a.query_one("SELECT count(*) FROM ord.\"Order\""), "1020");
        assert_eq!(a.query_one("SELECT count(*) FROM payments.audit"), "22");
    }
}

/// Without any client: the files hold nothing but statements.
#[test]
fn the_sample_loads_through_our_own_session() {
    for major in versions() {
        let server = Server::shared(major);
        let (a, b) = (server.database("pos"), server.database("pos"));
        sample::load(&a, 1);
        block_on(async {
            let mut session = b.session().await;
            for file in sample::files() {
                session.run(sample::statements(&file, major, 1)).await.expect("statements that psql takes too");
            }
        });
        assert_same_schema(&a, &b);
        assert_same_data(&a, &b);
    }
}

#[test]
fn the_sample_grows_with_its_scale() {
    let server = Server::shared(18);
    let (one, ten) = (server.database("pos"), server.database("pos"));
    sample::load(&one, 1);
    sample::load(&ten, 10);
    let growth = bytes(&ten) as f64 / bytes(&one) as f64;
    assert!((6.0..12.0).contains(&growth), "{growth}");
}

/// The main job, end to end.
#[test]
fn the_sample_comes_back() {
    for major in versions() {
        let (source, target) = (Server::shared(major).database("pos"), Server::shared(major).database("back"));
        sample::load(&source, 1);
        let folder = tempfile::tempdir().unwrap();
        block_on(async {
            let repository = repository(&folder.path().join("repository")).await;
            expect(dump::run(&repository, &dump_options(&source), &silent()).await, "dump");
            let restored = restore::run(&latest(&repository).await, &restore_options(&target), &silent()).await;
            assert_eq!(expect(restored, "restore").left_out, Vec::<String>::new());
        });
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
        assert_same_blind_spots(&source, &target);
    }
}
