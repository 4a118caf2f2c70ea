//! Settings that somebody else made for a database, a role, a role in a database or a connection change nothing: not
//! what is read, not what comes back, not how long a statement may take.

use std::time::Duration;

use pgkeep::pg::settings::{Purpose, SETTINGS, Value};
use pgkeep::pg::{Config, Connector, Session};
use pgkeep::progress::silent;
use pgkeep::{dump, restore};

use crate::harness::{
    Database, Server, assert_same_blind_spots, assert_same_data, assert_same_schema, block_on, hostile, versions,
};
use crate::roundtrip::{dump_options, expect, latest, repository, restore_options};

/// What reads another way under other settings: strings with backslashes, dates, intervals, floats, bytes, XML, NULLs.
const FIXTURE: &str = r#"
    CREATE SCHEMA s;
    CREATE TABLE s.t (s text DEFAULT E'a\\b', d date DEFAULT '2021-02-01', i interval DEFAULT '-1 day 2 hours',
        f float8 DEFAULT 0.1, g real DEFAULT 1e-3, b bytea DEFAULT '\x005c27', n int[] DEFAULT '{1,NULL}',
        w timestamptz DEFAULT '2021-06-01 12:00+02', "select" text DEFAULT 'it''s \', x xml DEFAULT '<a/>b',
        m money DEFAULT 1234.5, CHECK (s <> E'\\d'), CHECK (s ~ '^a\\[^c]'), CHECK ((n[2] = NULL) IS NULL));
    INSERT INTO s.t DEFAULT VALUES;
    INSERT INTO s.t (f, g, i, w) VALUES ('NaN', '-infinity', '1 year 2 mons -3 days', '-infinity'),
        (1.0000000000000002, 3.4028235e38, '-00:00:00.000001', '1999-12-31 23:59:59.999999+05:45');
    CREATE VIEW s.v AS SELECT t.s || E'\\' AS s, t.d + 1 AS d FROM s.t WHERE t.s = E'a\\b' AND t.w < '2022-01-01';
    CREATE FUNCTION s.f(a text DEFAULT E'\\') RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT E'\\' || 'a\b' || a $$;
    CREATE TABLE s.p (w timestamptz) PARTITION BY RANGE (w);
    CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
    INSERT INTO s.p VALUES ('2021-03-04');
    CREATE INDEX ON s.t ((s || E'\\')) WHERE s <> E'\\\\';
    COMMENT ON TABLE s.t IS E'back\\slash';
"#;

/// A role of its own, so that settings of roles harm nobody else.
fn hostile_role(database: &Database, name: &str) -> Config {
    let major = database.server().major();
    let role = format!("{name}_{major}");
    database.psql(&format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} SUPERUSER LOGIN"));
    database.psql(&hostile::set_for(&format!("ROLE {role}"), major));
    Config { user: role.as_str().into(), ..database.config() }
}

/// What is pinned for a purpose, as the session has it.
async fn all_settings(session: &mut Session, purpose: Purpose) -> Vec<(String, String)> {
    let rows = session.query("SELECT name, setting FROM pg_catalog.pg_settings ORDER BY name").await.unwrap();
    let pinned = |name: &str| {
        let known = SETTINGS.iter().filter(|setting| match setting.value {
            Value::Left => false,
            Value::Reading(_) => purpose == Purpose::Reading,
            Value::Loading(_) | Value::LoadingTransaction(_) => purpose == Purpose::Loading,
            _ => true,
        });
        known.into_iter().any(|setting| setting.name == name)
    };
    let text = |row: &pgkeep::pg::Row, column| row.text(column).unwrap().to_string();
    // Names in a list are quoted or not, by what was set before.
    let all = rows.iter().map(|row| (text(row, "name"), text(row, "setting").replace('"', "")));
    all.filter(|(name, _)| pinned(name)).collect()
}

#[test]
fn what_is_pinned_holds_whatever_others_have_set() {
    for major in versions() {
        let server = Server::shared(major);
        let (plain, strange) = (server.database("plain"), server.database("strange"));
        strange.make_hostile();
        let role = hostile_role(&strange, "hostile_one");
        let in_database = server.database("in_database");
        let whom = format!("ROLE hostile_two_{major} IN DATABASE {}", in_database.name());
        in_database.psql(&format!("DROP ROLE IF EXISTS hostile_two_{major}; CREATE ROLE hostile_two_{major} LOGIN"));
        in_database.psql(&hostile::set_for(&whom, major));
        let in_database = Config { user: format!("hostile_two_{major}").as_str().into(), ..in_database.config() };
        let options = Config { options: Some(hostile::hostile_options(major).as_str().into()), ..plain.config() };
        block_on(async {
            let mut sane = Session::connect(&plain.config()).await.unwrap();
            for (how, config) in [
                ("database", strange.config()),
                ("role", role),
                ("role in database", in_database),
                ("options", options),
            ] {
                let mut session = Session::connect(&config).await.unwrap();
                for purpose in [Purpose::Reading, Purpose::Loading] {
                    sane.pin(purpose, "UTF8");
                    session.pin(purpose, "UTF8");
                    let expected = all_settings(&mut sane, purpose).await;
                    assert!(expected.len() > 25, "{expected:?}");
                    assert_eq!(all_settings(&mut session, purpose).await, expected, "lone, {how} on {major}");
                    session.run("BEGIN").await.unwrap();
                    assert_eq!(
                        all_settings(&mut session, purpose).await,
                        expected,
                        "in a transaction, {how} on {major}"
                    );
                    session.run("ROLLBACK").await.unwrap();
                }
                assert!(session.settle().await.unwrap(), "no pooler is there");
                session.run_alone("SELECT pg_catalog.pg_sleep(0.4)").await.expect("no timeout holds");
                session.run_alone("CREATE TEMP TABLE t (a int)").await.expect("the default is to write");
            }
        });
    }
}

/// Everything that the table says is there or not there, and can be set by everybody.
#[test]
fn the_table_of_settings_is_true_of_every_server() {
    for major in versions() {
        let database = Server::shared(major).database("table");
        let found = database.query_rows("SELECT lower(name), context FROM pg_settings");
        let version = database.query_one("SHOW server_version_num").parse().expect("a number");
        for setting in SETTINGS.iter().filter(|setting| setting.name != "role") {
            let found = found.iter().find(|row| row[0] == setting.name.to_lowercase());
            assert_eq!(found.is_some(), (setting.exists)(version), "{} on {major}", setting.name);
            let all_may = found.is_none_or(|row| row[1] == "user");
            assert!(all_may || setting.value == Value::Left, "{} on {major}", setting.name);
        }
        let hostile = hostile::names(major);
        let there = |setting: &&pgkeep::pg::settings::Setting| (setting.exists)(version);
        for setting in SETTINGS.iter().filter(there).filter(|setting| setting.value != Value::Left) {
            let name = setting.name.to_lowercase();
            let tried = hostile.iter().any(|hostile| *hostile == name || *hostile == format!("default_{name}"));
            // The first two are set by every hostile database, the others have no other value everywhere.
            const ELSEWHERE: [&str; 6] = [
                "search_path",
                "synchronous_commit",
                "client_encoding",
                "default_tablespace",
                "default_table_access_method",
                "restrict_nonsystem_relation_kind",
            ];
            assert!(tried || ELSEWHERE.contains(&name.as_str()), "no test sets {name} otherwise");
        }
    }
}

#[test]
fn a_database_with_every_setting_hostile_comes_back() {
    for major in versions() {
        let server = Server::shared(major);
        let (source, target) = (server.database("hostile_source"), server.database("hostile_target"));
        source.psql(FIXTURE);
        let role = hostile_role(&source, "hostile_three");
        for database in [&source, &target] {
            database.make_hostile();
            let whom = format!("ROLE hostile_three_{major} IN DATABASE {}", database.name());
            source.psql(&hostile::set_for(&whom, major));
        }
        let options = Some(hostile::hostile_options(major).as_str().into());
        let folder = tempfile::tempdir().expect("a temporary folder");
        block_on(async {
            let repository = repository(&folder.path().join("repository")).await;
            let mut dumping = dump_options(&source);
            dumping.source = Config { user: role.user.clone(), options: options.clone(), ..source.config() };
            expect(dump::run(&repository, &dumping, &silent()).await, "dump");
            let mut restoring = restore_options(&target);
            restoring.target = Config { user: role.user.clone(), options: options.clone(), ..target.config() };
            restoring.verify = true;
            expect(restore::from_snapshot(&latest(&repository).await, &restoring, &silent()).await, "restore");
        });
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
        assert_same_blind_spots(&source, &target);
    }
}

/// The first statements of a dump wait for whom they have to wait for, and so do the last of a restore.
#[test]
fn timeouts_of_a_role_reach_no_statement() {
    let server = Server::fresh(18, &[]);
    let (source, target) = (server.database("slow"), server.database("slow_target"));
    source.psql("CREATE TABLE public.t AS SELECT 1 AS a");
    let role = hostile_role(&source, "hostile_four");
    let folder = tempfile::tempdir().expect("a temporary folder");
    block_on(async {
        let repository = repository(&folder.path().join("repository")).await;
        let mut dumping = dump_options(&source);
        dumping.source = role.clone();
        let held = hold(&source, "pg_catalog.pg_extension");
        expect(dump::run(&repository, &dumping, &silent()).await, "dump");
        held.join().expect("the lock was held");
        let mut restoring = restore_options(&target);
        restoring.target = role.with_database(target.name());
        let held = hold(&target, "pg_catalog.pg_statistic");
        expect(restore::from_snapshot(&latest(&repository).await, &restoring, &silent()).await, "restore");
        held.join().expect("the lock was held");
        // Between transactions as well: the lead of a restore waits there for its workers.
        let mut session = Connector::new(role.clone()).connect().await.unwrap();
        session.settle().await.unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        session.query("SELECT 1").await.expect("nobody ended a session that waited");
    });
}

/// Keeps everybody from a catalog for much longer than the hostile timeouts.
fn hold(database: &Database, catalog: &str) -> std::thread::JoinHandle<()> {
    let mut driver = database.driver();
    driver.run(&format!("BEGIN; LOCK TABLE {catalog} IN ACCESS EXCLUSIVE MODE"));
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        driver.run("COMMIT");
    })
}
