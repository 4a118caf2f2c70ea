//! Sessions against real servers: statements, COPY both ways, what happens when somebody stops half-way.

use std::io::{self, Write};
use std::net::{Shutdown, TcpListener};
use std::time::{Duration, Instant};

use bytes::Bytes;
use pgkeep::pg::{Config, CopyOut, Host, Session};
use pgkeep::{Error, limits};
use proptest::prelude::*;

use crate::harness::{Database, Options, Server, block_on, versions};

async fn connect(database: &Database) -> Session {
    let config = Config::parse(database.url()).expect("the harness writes URLs");
    Session::connect(&config).await.expect("the server lets us in")
}

async fn all(copy: &mut CopyOut<'_>) -> Vec<Bytes> {
    let mut blocks = Vec::new();
    while let Some(block) = copy.block().await.expect("rows come") {
        assert!(!block.is_empty() && block.len() <= limits::BLOCK_BYTES, "a block of {} bytes", block.len());
        blocks.push(block);
    }
    blocks
}

async fn number(session: &mut Session, sql: &str) -> u64 {
    session.query(format!("SELECT ({sql}) AS n")).await.unwrap().one().unwrap().number("n").unwrap()
}

#[test]
fn statements_and_answers() {
    for major in versions() {
        let database = Server::shared(major).database("statements");
        block_on(async {
            let mut session = connect(&database).await;
            assert_eq!(session.major(), major);
            assert_eq!(session.parameter("server_encoding").unwrap().as_str(), Some("UTF8"));
            session
                .run("CREATE TABLE public.t (a int, b text); INSERT INTO public.t VALUES (1, 'x;'), (2, NULL)")
                .await
                .unwrap();
            let rows = session.query("SELECT a, b FROM public.t ORDER BY a").await.unwrap();
            let read: Vec<_> = rows.iter().map(|r| (r.number::<i32>("a").unwrap(), r.maybe("b").unwrap())).collect();
            assert_eq!(read, [(1, Some("x;".into())), (2, None)]);
            let last = session.query("SELECT 6 AS a; SET jit = off; SELECT 7 AS n").await.unwrap();
            assert_eq!(last.one().unwrap().number::<i32>("n").unwrap(), 7);
            assert!(session.query("SELECT 1 WHERE false").await.unwrap().is_empty());
            session.run("").await.unwrap();

            let error = session.run("SELECT 1/0 -- secret").await.unwrap_err();
            assert_eq!((error.to_string().as_str(), error.sqlstate()), ("cannot run SELECT", Some("22012")));
            assert!(!error.is_disconnect());
            let many = session.run("INSERT INTO public.t VALUES (3, NULL); SELECT nothing").await.unwrap_err();
            assert_eq!(many.sqlstate(), Some("42703"));
            assert_eq!(number(&mut session, "SELECT count(*)").await, 1);
            assert_eq!(
                number(&mut session, "SELECT count(*) FROM public.t").await - 1,
                1,
                "statements of one call are atomic"
            );
        });
    }
}

#[test]
fn notices_are_kept_and_bounded() {
    let database = Server::shared(18).database("notices");
    block_on(async {
        let mut session = connect(&database).await;
        session.run("DO $$BEGIN FOR i IN 1..1000 LOOP RAISE WARNING 'number %', i; END LOOP; END$$").await.unwrap();
        let notices = session.take_notices();
        assert_eq!((notices.len(), notices[255].message.as_str()), (256, "number 1000"));
        assert_eq!(notices[0].severity, "WARNING");
        assert!(session.take_notices().is_empty());
    });
}

#[test]
fn rows_go_out_and_come_in_again() {
    for major in versions() {
        let database = Server::shared(major).database("copy");
        block_on(async {
            let mut session = connect(&database).await;
            session
                .run("CREATE TABLE public.t AS SELECT g AS a, repeat('é\t', g % 40) AS b FROM generate_series(1, 100000) g")
                .await
                .unwrap();
            session
                .run("CREATE TABLE public.u (LIKE public.t); CREATE TABLE public.none (LIKE public.t)")
                .await
                .unwrap();
            let mut copy = session.copy_out("COPY public.t TO STDOUT").await.unwrap();
            assert_eq!(copy.rows(), None);
            let blocks = all(&mut copy).await;
            assert_eq!(copy.rows(), Some(100_000));
            assert_eq!(copy.block().await.unwrap(), None, "asking again gives nothing again");
            assert_eq!(database.psql_output("COPY public.t TO STDOUT"), blocks.concat());

            let mut copy = session.copy_in("COPY public.u FROM STDIN").await.unwrap();
            for block in blocks {
                copy.send(block).await.unwrap();
            }
            assert_eq!(copy.finish().await.unwrap(), 100_000);
            assert_eq!(
                number(&mut session, "SELECT count(*) FROM (TABLE public.t EXCEPT ALL TABLE public.u) d").await,
                0
            );

            let mut copy = session.copy_out("COPY public.none TO STDOUT").await.unwrap();
            assert_eq!((copy.block().await.unwrap(), copy.rows()), (None, Some(0)));
            assert_eq!(session.copy_in("COPY public.none FROM STDIN").await.unwrap().finish().await.unwrap(), 0);
        });
    }
}

#[test]
fn a_row_may_be_longer_than_any_buffer() {
    let database = Server::shared(18).database("wide");
    block_on(async {
        let mut session = connect(&database).await;
        let mut copy = session
            .copy_out("COPY (SELECT 1, repeat('x', 300000000) UNION ALL SELECT 2, 'y') TO STDOUT")
            .await
            .unwrap();
        let (mut bytes, mut last) = (0, Bytes::new());
        while let Some(block) = copy.block().await.unwrap() {
            bytes += block.len();
            last = block;
        }
        assert_eq!((bytes, copy.rows()), (300_000_000 + 3 + 4, Some(2)));
        assert!(last.ends_with(b"xx\n2\ty\n"));
        let wide = session.query("SELECT repeat('z', 50000000) AS v").await.unwrap();
        assert_eq!(wide.one().unwrap().text("v").unwrap().as_bytes().len(), 50_000_000);
    });
}

#[test]
fn bytes_of_any_encoding_pass() {
    for (encoding, sent) in [("SQL_ASCII", &b"caf\xe9"[..]), ("LATIN1", "café".as_bytes())] {
        let options = Options { encoding: Some(encoding), locale: Some("C"), more: None };
        let database = Server::shared(18).database_with("bytes", &options);
        block_on(async {
            let mut session = connect(&database).await;
            session
                .run(
                    [b"CREATE TABLE public.\"", sent, b"\" (a text); COMMENT ON TABLE public.\"", sent, b"\" IS 'x'"]
                        .concat(),
                )
                .await
                .unwrap();
            let rows = session.query("SELECT relname FROM pg_class WHERE relname LIKE 'caf%'").await.unwrap();
            assert_eq!(rows.one().unwrap().text("relname").unwrap().as_bytes(), sent, "{encoding}");
            let error = session.run([b"SELECT \"", sent, b"\""].concat()).await.unwrap_err();
            assert_eq!(error.sqlstate(), Some("42703"));
            assert!(session.run(b"SELECT '\0'").await.is_err());
            assert!(session.is_usable(), "nothing was sent");
        });
    }
}

#[test]
fn a_failed_copy_leaves_no_row_and_a_usable_session() {
    for major in versions() {
        let database = Server::shared(major).database("failed_copy");
        block_on(async {
            let mut session = connect(&database).await;
            session.run("CREATE TABLE public.t (a int PRIMARY KEY)").await.unwrap();

            let mut copy = session.copy_in("COPY public.t FROM STDIN").await.unwrap();
            copy.send("1\n".into()).await.unwrap();
            copy.fail("it was not meant").await.unwrap();

            {
                let mut abandoned = session.copy_in("COPY public.t FROM STDIN").await.unwrap();
                abandoned.send("2\n".into()).await.unwrap();
            }
            assert_eq!(number(&mut session, "SELECT count(*) FROM public.t").await, 0);

            let mut copy = session.copy_in("COPY public.t FROM STDIN").await.unwrap();
            copy.send("1\n1\n".into()).await.unwrap();
            assert_eq!(copy.finish().await.unwrap_err().sqlstate(), Some("23505"));

            // The server complains in the middle; it must be heard before everything is sent.
            let mut copy = session.copy_in("COPY public.t FROM STDIN").await.unwrap();
            let rows = Bytes::from("x\n".repeat(100_000));
            let mut sent = 0;
            let error = loop {
                match copy.send(rows.clone()).await {
                    Ok(()) => sent += 1,
                    Err(error) => break error,
                }
                assert!(sent < 1000, "the error never came");
            };
            assert_eq!(error.sqlstate(), Some("22P02"));
            assert!(copy.send(rows).await.is_err(), "there is no COPY any more");
            assert!(copy.finish().await.is_err());
            assert_eq!(number(&mut session, "SELECT count(*) FROM public.t").await, 0);

            let error = session.copy_out("COPY missing TO STDOUT").await.unwrap_err();
            assert_eq!(error.sqlstate(), Some("42P01"));
            let mut copy =
                session.copy_out("COPY (SELECT 1/(500-g) FROM generate_series(1, 1000) g) TO STDOUT").await.unwrap();
            assert_eq!(copy.block().await.unwrap_err().sqlstate(), Some("22012"));
            assert!(copy.block().await.is_err(), "an error is not forgotten");
            assert!(session.run("COPY public.t FROM STDIN").await.is_err(), "nobody feeds it");
            assert_eq!(number(&mut session, "SELECT count(*) FROM public.t").await, 0);
            assert!(session.copy_out("SELECT 1").await.is_err());
        });
    }
}

#[test]
fn a_server_that_talks_while_we_send_does_not_wait_for_us() {
    let database = Server::shared(18).database("talk");
    block_on(async {
        let mut session = connect(&database).await;
        let sql = "CREATE TABLE public.t (a text);
            CREATE FUNCTION public.talk() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE WARNING '%', repeat(NEW.a, 500); RETURN NEW; END$$;
            CREATE TRIGGER talk BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.talk()";
        session.run(sql).await.unwrap();
        let mut copy = session.copy_in("COPY public.t FROM STDIN").await.unwrap();
        let send = async {
            for _ in 0..40 {
                copy.send(Bytes::from("0123456789\n".repeat(500))).await.unwrap();
            }
            copy.finish().await.unwrap()
        };
        let rows = tokio::time::timeout(Duration::from_secs(60), send).await.expect("both sides went on");
        assert_eq!(rows, 20_000);
        assert_eq!(session.take_notices().len(), 256);
    });
}

#[test]
fn a_dropped_statement_is_not_mistaken_for_the_next() {
    let database = Server::shared(18).database("dropped");
    block_on(async {
        let mut session = connect(&database).await;
        let dropped = tokio::time::timeout(Duration::from_millis(100), session.run("SELECT pg_sleep(1)")).await;
        assert!(dropped.is_err() && !session.is_usable());
        let error = session.query("SELECT 1").await.unwrap_err();
        assert!(error.is_disconnect(), "only a new session helps: {error:?}");

        let mut session = connect(&database).await;
        let mut copy = session.copy_out("COPY (SELECT generate_series(1, 1000000)) TO STDOUT").await.unwrap();
        copy.block().await.unwrap();
        drop(copy);
        assert!(session.run("SELECT 1").await.unwrap_err().is_disconnect());
    });
}

#[test]
fn waiting_for_a_block_can_be_dropped() {
    let database = Server::shared(18).database("patience");
    block_on(async {
        let mut session = connect(&database).await;
        let sql = "COPY (SELECT g, pg_sleep(0.2) FROM generate_series(1, 5) g) TO STDOUT";
        let mut copy = session.copy_out(sql).await.unwrap();
        let mut rows = Vec::new();
        let started = Instant::now();
        while copy.rows().is_none() && started.elapsed() < Duration::from_secs(20) {
            if let Ok(block) = tokio::time::timeout(Duration::from_millis(30), copy.block()).await {
                rows.extend(block.unwrap());
            }
        }
        assert_eq!((copy.rows(), rows.concat_lines()), (Some(5), 5));
    });
}

trait Lines {
    fn concat_lines(&self) -> usize;
}

impl Lines for Vec<Bytes> {
    fn concat_lines(&self) -> usize {
        self.concat().iter().filter(|byte| **byte == b'\n').count()
    }
}

#[test]
fn work_is_cancelled_from_outside() {
    for major in versions() {
        let database = Server::shared(major).database("cancel");
        block_on(async {
            let mut session = connect(&database).await;
            let token = session.cancel_token();
            let started = Instant::now();
            let cancel = async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                token.cancel().await
            };
            let (statement, cancelled) = tokio::join!(session.run("SELECT pg_sleep(30)"), cancel);
            cancelled.unwrap();
            assert_eq!(statement.unwrap_err().sqlstate(), Some("57014"));
            assert!(started.elapsed() < Duration::from_secs(20));
            assert_eq!(number(&mut session, "SELECT 1").await, 1);
        });
    }
}

#[test]
fn a_lost_connection_is_told_apart() {
    for major in versions() {
        let server = Server::shared(major);
        let database = server.database("lost");
        block_on(async {
            let kill =
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'victim'";
            let config = Config { application_name: "victim".into(), ..Config::parse(database.url()).unwrap() };
            let mut other = connect(&database).await;
            // Killed while idle, and killed at work.
            let mut session = Session::connect(&config).await.unwrap();
            number(&mut other, kill).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let error = session.run("SELECT 1").await.unwrap_err();
            assert!(error.is_disconnect(), "{error:?}");
            assert_eq!(error.sqlstate(), Some("57P01"), "the server said why: {error:?}");
            let mut session = Session::connect(&config).await.unwrap();
            let work = async {
                let mut copy = session
                    .copy_out("COPY (SELECT pg_sleep(0.01) FROM generate_series(1, 10000)) TO STDOUT")
                    .await
                    .unwrap();
                loop {
                    if let Err(error) = copy.block().await {
                        break error;
                    }
                }
            };
            let killer = async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                number(&mut other, kill).await
            };
            let (error, _) = tokio::join!(work, killer);
            assert!(error.is_disconnect(), "{error:?}");
            assert!(!session.is_usable());
            assert!(session.run("SELECT 1").await.unwrap_err().is_disconnect());
        });
    }
}

#[test]
fn connecting_fails_with_the_reason() {
    let server = Server::shared(18);
    let database = server.database("reasons");
    let config = Config::parse(database.url()).unwrap();
    block_on(async {
        let error = Session::connect(&config.with_database("no such")).await.unwrap_err();
        assert!(matches!(&error, Error::Connect { server, .. } if server.contains("no such")), "{error:?}");
        assert_eq!(error.sqlstate(), Some("3D000"));
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let nobody = Config { hosts: vec![Host::tcp("127.0.0.1", closed)], ..config.clone() };
        let error = Session::connect(&nobody).await.unwrap_err();
        assert!(error.hint().unwrap().contains("running"), "{error:?}");
        let missing = Config { hosts: vec![Host::unix("/nowhere", 1)], ..config.clone() };
        assert!(Session::connect(&missing).await.unwrap_err().hint().unwrap().contains("-h"));
        // The second host has what the first has not.
        let both = [nobody.hosts, config.hosts.clone()].concat();
        assert!(Session::connect(&Config { hosts: both, ..config.clone() }).await.is_ok());
        // Somebody listens and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = Config {
            hosts: vec![Host::tcp("127.0.0.1", silent.local_addr().unwrap().port())],
            connect_timeout: Some(Duration::from_millis(300)),
            ..config.clone()
        };
        assert!(Session::connect(&silent).await.unwrap_err().is_disconnect());
    });
}

#[test]
fn the_socket_of_a_server_works_too() {
    let server = Server::shared(18);
    let database = server.database("socket");
    let hosts = vec![Host::unix(server.folder(), server.port())];
    let config = Config { hosts, ..Config::parse(database.url()).unwrap() };
    block_on(async {
        let mut session = Session::connect(&config).await.unwrap();
        assert_eq!(number(&mut session, "SELECT 1 WHERE inet_client_addr() IS NULL").await, 1);
        let token = session.cancel_token();
        token.cancel().await.unwrap();
        session.close().await;
    });
}

#[test]
fn passwords_of_every_kind() {
    for major in versions() {
        let methods = ["password", "md5", "scram-sha-256"];
        let mut setup = Server::setup(major);
        for method in methods {
            setup = setup.hba(&format!("host all \"{method}\" 127.0.0.1/32 {method}"));
        }
        let server = setup.start();
        let database = server.existing("postgres");
        for method in methods {
            let kept = if method == "md5" { "md5" } else { "scram-sha-256" };
            database
                .psql(&format!("SET password_encryption = '{kept}'; CREATE ROLE \"{method}\" LOGIN PASSWORD 'pä ss'"));
        }
        block_on(async {
            for method in methods {
                let config = Config::parse(database.url_as(method)).unwrap();
                let error = Session::connect(&config).await.unwrap_err();
                assert!(error.hint().unwrap().contains("PGPASSWORD"), "{method}: {error:?}");
                let wrong = Config { password: Some("wrong".into()), ..config.clone() };
                let error = Session::connect(&wrong).await.unwrap_err();
                assert_eq!(error.sqlstate(), Some("28P01"), "{method}");
                let right = Config { password: Some("pä ss".into()), ..config.clone() };
                Session::connect(&right).await.unwrap_or_else(|error| panic!("{method}: {error:?}"));
                let refused = Config::parse(format!("{}?require_auth=!{method}", database.url_as(method))).unwrap();
                let refused = Config { password: Some("pä ss".into()), ..refused };
                let error = Session::connect(&refused).await.unwrap_err();
                assert!(format!("{error:?}").contains("require_auth"), "{method}: {error:?}");
            }
            let trusted = Config::parse(format!("{}?require_auth=scram-sha-256", database.url())).unwrap();
            assert!(Session::connect(&trusted).await.is_err(), "trust is no proof");
        });
    }
}

#[test]
fn servers_before_13_are_refused() {
    let server = Server::fresh(12, &[]);
    block_on(async {
        let session = connect(&server.existing("postgres")).await;
        let error = session.require_version(pgkeep::pg::VERSION_MIN).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }));
    });
}

/// A server that says these bytes to everybody.
fn impostor(bytes: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        if let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            // It listens on: a socket that is closed with unread bytes would break the client's next write.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = io::copy(&mut stream, &mut io::sink());
        }
    });
    port
}

/// Start-up as a server does it without a password, up to the point where it is ready.
fn welcome() -> Vec<u8> {
    [
        &b"R\0\0\0\x08\0\0\0\0"[..],
        b"S\0\0\0\x18server_version\x0018.4\0",
        b"K\0\0\0\x0c\0\0\0\x01\0\0\0\x02Z\0\0\0\x05I",
    ]
    .concat()
}

async fn meet(bytes: Vec<u8>) -> pgkeep::Result<()> {
    let port = impostor(bytes);
    let hosts = vec![Host::tcp("127.0.0.1", port)];
    let mut config = Config { hosts, connect_timeout: Some(Duration::from_secs(5)), ..Config::default() };
    config.tls.mode = pgkeep::pg::config::TlsMode::Disable;
    let mut session = Session::connect(&config).await?;
    session.query("SELECT 1").await?;
    let mut copy = session.copy_out("COPY public.t TO STDOUT").await?;
    while copy.block().await?.is_some() {}
    Ok(())
}

#[test]
fn lies_of_a_server_are_errors() {
    let answer = b"T\0\0\0\x1a\0\x01x\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x01yC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I";
    let copied = b"H\0\0\0\x09\0\0\x01\0\0d\0\0\0\x06z\nc\0\0\0\x04C\0\0\0\x0bCOPY 1\0Z\0\0\0\x05I";
    block_on(async {
        let good = [welcome(), answer.to_vec(), copied.to_vec()].concat();
        meet(good.clone()).await.expect("the honest version of it is understood");
        for end in 0..good.len() {
            assert!(meet(good[..end].to_vec()).await.is_err(), "cut off after {end} bytes");
        }
        let lies: [&[u8]; 6] = [
            b"H\0\0\0\x09\0\0\x01\0\0d\xff\xff\xff\xff",
            b"H\0\0\0\x09\0\0\x01\0\0d\0\0\0\x03",
            b"H\0\0\0\x09\0\0\x01\0\0d\0\0\0\x06z\nC\0\0\0\x0bCOPY 1\0Z\0\0\0\x05I",
            b"H\0\0\0\x09\0\0\x01\0\0c\0\0\0\x04d\0\0\0\x06z\n",
            b"H\0\0\0\x09\0\0\x01\0\0c\0\0\0\x04C\0\0\0\x09COPY\0Z\0\0\0\x05I",
            b"H\0\0\0\x09\0\0\x01\0\0W\0\0\0\x09\0\0\x01\0\0",
        ];
        for lie in lies {
            let bytes = [welcome(), answer.to_vec(), lie.to_vec()].concat();
            assert!(meet(bytes).await.is_err(), "{}", lie.escape_ascii());
        }
        assert!(meet(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await.is_err());
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_of_a_server_make_us_panic(noise in proptest::collection::vec(any::<u8>(), 0..300), started: bool) {
        let bytes = if started { [welcome(), noise].concat() } else { noise };
        prop_assert!(block_on(meet(bytes)).is_err());
    }
}
