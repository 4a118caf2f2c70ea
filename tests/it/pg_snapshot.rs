//! The shared server snapshot and the settings under which databases are read and written.

use std::time::Duration;

use pgkeep::pg::settings::Purpose;
use pgkeep::pg::{Config, Session, snapshot};
use pgkeep::text::Text;

use crate::harness::{Database, Options, Server, block_on, versions};

async fn connect(database: &Database) -> Session {
    Session::connect(&Config::parse(database.url()).unwrap()).await.unwrap()
}

async fn one(session: &mut Session, sql: &str) -> String {
    session.query(format!("{sql} AS v")).await.unwrap().one().unwrap().text("v").unwrap().lossy().into_owned()
}

#[test]
fn settings_are_known_to_every_server() {
    for major in versions() {
        for encoding in ["UTF8", "SQL_ASCII", "LATIN1"] {
            let options = Options { encoding: Some(encoding), locale: Some("C"), more: None };
            let database = Server::shared(major).database_with("settings", &options);
            database.psql(&format!("ALTER DATABASE \"{}\" SET default_transaction_read_only = on", database.name()));
            block_on(async {
                let mut session = connect(&database).await;
                for (purpose, path) in [(Purpose::Reading, "pg_catalog, pg_temp"), (Purpose::Loading, "\"\"")] {
                    session.pin(purpose, encoding);
                    session.run("BEGIN").await.unwrap_or_else(|error| panic!("{major} {encoding}: {error:?}"));
                    let expected = if encoding == "SQL_ASCII" { "SQL_ASCII" } else { "UTF8" };
                    assert_eq!(one(&mut session, "SELECT current_setting('client_encoding')").await, expected);
                    assert_eq!(one(&mut session, "SELECT current_setting('search_path')").await, path);
                    let read_only = one(&mut session, "SELECT current_setting('transaction_read_only')").await;
                    assert_eq!(read_only == "off", purpose == Purpose::Loading);
                    session.run("ROLLBACK").await.unwrap();
                }
            });
        }
    }
}

async fn number(session: &mut Session, sql: &str) -> String {
    let rows = session.query(format!("SELECT ({sql}) AS v")).await.unwrap();
    rows.one().unwrap().text("v").unwrap().lossy().into_owned()
}

#[test]
fn all_sessions_see_the_moment_after_the_locks() {
    for major in versions() {
        let database = Server::shared(major).database("moment");
        database.psql("CREATE TABLE t (a int); CREATE TABLE held (a int); INSERT INTO t VALUES (1)");
        block_on(async {
            let (mut lead, mut worker, mut other) =
                (connect(&database).await, connect(&database).await, connect(&database).await);
            other
                .run("BEGIN; LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE; INSERT INTO public.t VALUES (2)")
                .await
                .unwrap();
            let tables: Vec<Text> = vec!["public.t".into(), "public.held".into()];
            let options = snapshot::SnapshotOptions::default();
            let finish = async {
                // The lead waits for the lock meanwhile; what is committed before it gets it must be seen.
                tokio::time::sleep(Duration::from_millis(300)).await;
                other.run("COMMIT").await.unwrap();
            };
            let (name, ()) = tokio::join!(snapshot::lead(&mut lead, &options, &tables), finish);
            let name = name.unwrap();
            other.run("INSERT INTO public.t VALUES (3)").await.unwrap();
            snapshot::join(&mut worker, &name).await.unwrap();
            assert!(other.run("SET lock_timeout = '100ms'; DROP TABLE public.t").await.is_err(), "it is locked");
            for session in [&mut lead, &mut worker] {
                assert_eq!(number(session, "SELECT count(*)::text FROM public.t").await, "2");
                assert!(session.run("INSERT INTO public.t VALUES (4)").await.is_err(), "a dump only reads");
            }
            lead.run("ROLLBACK").await.unwrap();
            worker.run("ROLLBACK").await.unwrap();
            let gone = snapshot::join(&mut worker, &name).await.unwrap_err();
            assert!(gone.to_string().contains("join the server snapshot"), "{gone}");
        });
    }
}

#[test]
fn a_lock_that_cannot_be_had_ends_the_wait() {
    let database = Server::shared(18).database("wait");
    database.psql("CREATE TABLE t (a int)");
    block_on(async {
        let (mut lead, mut other) = (connect(&database).await, connect(&database).await);
        other.run("BEGIN; LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let options =
            snapshot::SnapshotOptions { lock_timeout: Some(Duration::from_millis(200)), ..Default::default() };
        let error = snapshot::lead(&mut lead, &options, &["public.t".into()]).await.unwrap_err();
        assert_eq!(error.sqlstate(), Some("55P03"));
        other.run("ROLLBACK").await.unwrap();
        lead.run("ROLLBACK").await.unwrap();
        let options = snapshot::SnapshotOptions { serializable_deferrable: true, ..Default::default() };
        let name = snapshot::lead(&mut lead, &options, &["public.t".into()]).await.unwrap();
        let imported = snapshot::SnapshotOptions { imported: Some(name.clone()), ..Default::default() };
        let mut second = connect(&database).await;
        assert_eq!(snapshot::lead(&mut second, &imported, &[]).await.unwrap(), name);
    });
}
