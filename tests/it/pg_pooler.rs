//! Everything a dump does on a session works through a transaction pooler, twice in a row and after a crash.

use pgkeep::pg::{Config, Session, settings, snapshot};

use crate::harness::{Pooler, Server, block_on};

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
            let name = snapshot::lead(&mut lead, &snapshot::Taking::default(), &["public.t".into()]).await.unwrap();
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

            lead.run(format!("BEGIN; {}", settings::loading(lead.version(), "UTF8"))).await.unwrap();
            let mut copy = lead.copy_in("COPY public.u FROM STDIN").await.unwrap();
            for block in blocks {
                copy.send(block).await.unwrap();
            }
            assert_eq!(copy.finish().await.unwrap(), 50_000);
            lead.run("COMMIT").await.unwrap();
            let path = lead.query("SHOW search_path").await.unwrap();
            assert_ne!(path.one().unwrap().text("search_path").unwrap(), "\"\"", "no setting is left behind");
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

async fn connect(config: &Config) -> Session {
    Session::connect(config).await.expect("the pooler lets us in")
}
