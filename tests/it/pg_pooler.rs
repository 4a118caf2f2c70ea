//! Everything a dump does on a session works through a transaction pooler, twice in a row and after a crash.

use pgkeep::pg::settings::Purpose;
use pgkeep::pg::{Config, Session, snapshot};

use crate::harness::database::shown;
use crate::harness::{Database, Pooler, Server, block_on};

#[test]
fn a_transaction_pooler_is_as_good_as_a_server() {
    let server = Server::shared(18);
    let database = server.database("pooled");
    database.psql("CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 50000) g; CREATE TABLE u (LIKE t)");
    let pooler = Pooler::start(server, 2);
    let config = Config::parse(pooler.url(database.name())).unwrap();
    block_on(async {
        for round in 0..3 {
            let (mut lead, mut worker) = (connect(&config).await, connect(&config).await);
            assert_eq!(lead.major(), 18);
            let name =
                snapshot::lead(&mut lead, &snapshot::SnapshotOptions::default(), &["public.t".into()]).await.unwrap();
            snapshot::join(&mut worker, &name).await.unwrap();
            worker.run("LOCK TABLE public.t IN ACCESS SHARE MODE NOWAIT").await.unwrap();
            let mut copy = worker.copy_out("COPY public.t TO STDOUT").await.unwrap();
            let mut blocks = Vec::new();
            while let Some(block) = copy.block().await.unwrap() {
                blocks.push(block);
            }
            assert_eq!(copy.rows(), Some(50_000));
            if round == 1 {
                // A crash: both vanish in the middle of their transactions.
                drop((lead, worker));
                continue;
            }
            worker.run("COMMIT").await.unwrap();
            lead.run("COMMIT").await.unwrap();

            lead.pin(Purpose::Loading, "UTF8");
            lead.run("BEGIN").await.unwrap();
            let mut copy = lead.copy_in("COPY public.u FROM STDIN").await.unwrap();
            for block in blocks {
                copy.send(block).await.unwrap();
            }
            assert_eq!(copy.finish().await.unwrap(), 50_000);
            lead.run("COMMIT").await.unwrap();
            assert!(!lead.settle().await.unwrap(), "the connection is not ours alone");
            let left = pooled(&database, &pooler, "SHOW search_path; SHOW statement_timeout; SHOW timezone");
            assert_eq!(left, "\"$user\", public\n0\nUTC\n", "no setting is left behind");
        }
    });
    assert_eq!(database.query_one("SELECT count(*) FROM u"), "100000");
}

#[test]
fn work_behind_a_pooler_is_cancelled() {
    let server = Server::shared(18);
    let database = server.database("pooled_cancel");
    let pooler = Pooler::start(server, 2);
    let config = Config::parse(pooler.url(database.name())).unwrap();
    block_on(async {
        let mut session = connect(&config).await;
        let token = session.cancel_token();
        let cancel = async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            token.cancel().await
        };
        let (statement, cancelled) = tokio::join!(session.run("SELECT pg_sleep(30)"), cancel);
        cancelled.unwrap();
        assert_eq!(statement.unwrap_err().sqlstate(), Some("57014"));
    });
}

/// Each lone statement may meet another connection, whose settings somebody else has made.
#[test]
fn lone_statements_through_a_pooler_bring_their_settings() {
    let server = Server::shared(18);
    let database = server.database("pooled_alone");
    database.psql("CREATE SCHEMA evil");
    database.make_hostile();
    let pooler = Pooler::start(server, 3);
    let config = Config::parse(pooler.url(database.name())).unwrap();
    block_on(async {
        let (mut one, mut two) = (connect(&config).await, connect(&config).await);
        one.run("BEGIN").await.unwrap();
        for purpose in [Purpose::Reading, Purpose::Loading] {
            two.pin(purpose, "UTF8");
            let path = "SELECT pg_catalog.current_setting('search_path') AS v";
            let path = two.query(path).await.unwrap().one().unwrap().text("v").unwrap();
            assert_eq!(path, if purpose == Purpose::Reading { "\"pg_catalog\", \"pg_temp\"" } else { "\"\"" });
            two.run("SELECT pg_catalog.pg_sleep(0.4)").await.expect("no timeout of the database's");
            let mut copy = two.copy_out("COPY (SELECT now() > '2020-01-01') TO STDOUT").await.unwrap();
            assert_eq!(copy.block().await.unwrap().as_deref(), Some(&b"t\n"[..]));
            assert_eq!(copy.block().await.unwrap(), None);
        }
        one.run("COMMIT").await.unwrap();
    });
}

/// What psql prints through the pooler, with the settings that it finds there.
fn pooled(database: &Database, pooler: &Pooler, sql: &str) -> String {
    let mut psql = database.client("psql");
    psql.env_remove("PGOPTIONS").args(["-X", "-q", "-A", "-t", &pooler.url(database.name()), "-c", sql]);
    shown(&psql.output().expect("psql runs").stdout)
}

async fn connect(config: &Config) -> Session {
    Session::connect(config).await.expect("the pooler lets us in")
}
