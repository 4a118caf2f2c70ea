//! The sample database loads on every server, always with the same rows, and grows with its scale.

use pgkeep::pg::Session;

use crate::harness::{Database, Server, assert_same_data, assert_same_schema, block_on, sample, versions};

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
            let mut session = Session::connect(&b.config()).await.expect("the server lets everybody in");
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
