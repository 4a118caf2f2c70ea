//! The harness itself: its servers are real, its oracles see planted differences, and nothing stays behind.

use std::panic::catch_unwind;
use std::process::Command;
use std::{fs, thread};

use pgkeep::pg::Session;

use crate::harness::database::NULL;
use crate::harness::keeper::Keeper;
use crate::harness::oracle::{assert_same_rows, schema_differences, tables};
use crate::harness::{
    Database, Options, Pooler, Server, SmallDisk, assert_same_blind_spots, assert_same_data, assert_same_schema,
    block_on, run_cli, schema_text, sorted_rows, versions,
};

const SMALL: &str = "CREATE TABLE a (x int PRIMARY KEY, y text); CREATE SEQUENCE s;
    INSERT INTO a VALUES (1, 'one'), (2, E'a\\tb'), (3, NULL); SELECT lo_from_bytea(4711, 'text');";

fn small(major: u32) -> Database {
    let database = Server::shared(major).database("small");
    database.psql(SMALL);
    database
}

/// Whether an assertion fails.
fn sees(assertion: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    catch_unwind(assertion).is_err()
}

#[test]
fn servers_are_of_the_major_asked_for() {
    for major in versions() {
        let database = Server::shared(major).database("major");
        let version = database.query_one("SELECT current_setting('server_version_num')::int / 10000");
        assert_eq!(version, major.to_string());
        let session = block_on(Session::connect(&database.config())).expect("the server lets everybody in");
        assert_eq!(session.major(), major);
    }
}

#[test]
fn rows_are_read_exactly() {
    let database = small(18);
    let rows = database.query_rows("SELECT x, y FROM a ORDER BY x");
    assert_eq!(rows, [["1", "one"], ["2", "a\tb"], ["3", NULL]]);
    assert_eq!(sorted_rows(&database, "public.a"), [&b"1\tone"[..], b"2\ta\\tb", b"3\t\\N"]);
    assert_eq!(database.query_rows("SELECT 1 WHERE false"), Vec::<Vec<String>>::new());
}

#[test]
fn equal_databases_are_equal() {
    for major in versions() {
        let (a, b) = (small(major), small(major));
        assert_same_schema(&a, &b);
        assert_same_data(&a, &b);
        assert_same_blind_spots(&a, &b);
    }
}

#[test]
fn planted_differences_are_seen() {
    let a = small(18);
    let changes = ["UPDATE a SET y = 'One' WHERE x = 1", "SELECT nextval('s')", "SELECT lo_unlink(4711)"];
    for change in changes {
        let b = small(18);
        b.psql(change);
        assert_same_schema(&a, &b);
        assert!(sees(|| assert_same_data(&a, &b)), "{change}");
    }
    let b = small(18);
    b.psql("COMMENT ON TABLE a IS 'b'; CREATE INDEX ON a (y)");
    let differences = schema_differences(&schema_text(&a), &schema_text(&b));
    assert!(differences.contains("COMMENT ON TABLE public.a") && differences.contains("CREATE INDEX"), "{differences}");
    b.psql("COMMENT ON FUNCTION pg_catalog.now() IS 'mine'");
    assert!(sees(|| assert_same_blind_spots(&a, &b)));
    assert_same_rows(&a, &b, &tables(&a));
}

#[test]
fn other_encodings_are_shown_without_loss() {
    let options = Options { encoding: Some("LATIN1"), locale: Some("C"), more: None };
    let database = Server::shared(13).database_with("latin", &options);
    database.psql_bytes(b"CREATE TABLE \"caf\xe9\" (x int)");
    assert_eq!(tables(&database), ["public.\"caf\\xE9\""]);
}

#[test]
fn a_fresh_server_has_its_own_settings_and_files() {
    let setup = Server::setup(13).set("wal_level", "minimal").set("max_wal_senders", "0");
    let server = setup.hba("host all all 127.0.0.1/32 reject").file("note", "text").start();
    assert_eq!(server.existing("postgres").query_one("SHOW wal_level"), "minimal");
    assert!(server.folder().join("data/note").is_file());
    let folder = server.folder();
    drop(server);
    assert!(!folder.exists());
}

#[test]
fn a_crashed_server_comes_back() {
    let server = Server::fresh(18, &[]);
    let database = server.database("crash");
    server.stop("QUIT");
    assert!(!database.try_psql(b"SELECT 1").status.success());
    server.start_again();
    assert_eq!(database.query_one("SELECT 1"), "1");
}

#[test]
fn a_standby_follows() {
    let primary = Server::fresh(18, &[]);
    let standby = primary.standby();
    let database = primary.database("standby");
    database.psql("CREATE TABLE seen (x int)");
    assert_eq!(standby.existing("postgres").query_one("SELECT pg_is_in_recovery()"), "t");
    let there = || {
        let found = standby.existing(database.name()).try_psql(b"SELECT FROM seen");
        found.status.success()
    };
    let came = (0..200).any(|_| {
        there() || {
            thread::sleep(std::time::Duration::from_millis(50));
            false
        }
    });
    assert!(came, "{}", standby.log());
}

#[test]
fn the_pooler_gives_transactions() {
    let database = small(18);
    let pooler = Pooler::start(database.server(), 5);
    let mut psql = database.client("psql");
    let output = psql
        .env_remove("PGHOST")
        .env_remove("PGOPTIONS")
        .args(["-Atc", "SELECT count(*) FROM a"])
        .arg(pooler.url(database.name()));
    let output = output.output().expect("psql runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3\n", "{said} {}", pooler.log());
}

#[test]
fn a_small_disk_fills() {
    let disk = SmallDisk::new(1024);
    let file = disk.path().join("file");
    fs::write(&file, vec![1; 1000 << 10]).expect("it holds almost a MiB");
    let error = fs::write(disk.path().join("more"), vec![1; 100 << 10]).expect_err("it is full");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

/// What `kill -9` of the tests does: the pipe closes, nobody runs a destructor.
#[test]
fn nothing_stays_behind_a_killed_process() {
    let folder = std::env::temp_dir().join(format!("pgkeep-killed-{}", std::process::id()));
    let keeper = include_str!("harness/keeper.sh").replace('\'', "'\\''");
    // A parent that holds the pipe and ends without a word.
    let script = format!(
        "mkfifo '{0}.pipe'; /bin/sh -c '{keeper}' keeper '{0}' : 'sleep 1000' <'{0}.pipe' >'{0}.out' 2>&1 & \
         exec 4>'{0}.pipe'; echo start >&4; while [ $(wc -l <'{0}.out') -lt 2 ]; do sleep 0.05; done; kill -9 $$",
        folder.display()
    );
    let status = Command::new("/bin/sh").args(["-c", &script]).status().expect("a shell runs");
    assert!(!status.success());
    let answers = fs::read_to_string(folder.with_extension("out")).expect("the keeper answered");
    let pid = answers.lines().nth(1).expect("the program's process id");
    let gone = (0..100).any(|_| {
        thread::sleep(std::time::Duration::from_millis(50));
        !folder.exists() && !fs::exists(format!("/proc/{pid}")).expect("/proc can be read")
    });
    assert!(gone, "{} or process {pid} is still there", folder.display());
    for leftover in ["pipe", "out"] {
        fs::remove_file(folder.with_extension(leftover)).expect("a file of this test");
    }
}

#[test]
fn a_program_that_cannot_be_prepared_ends_the_test() {
    assert!(sees(|| drop(Keeper::new("broken", "echo no such thing; false", "true"))));
}

#[test]
fn futures_and_the_binary_run() {
    assert_eq!(block_on(async { 1 + 1 }), 2);
    let output = run_cli(&["--version"], &[]);
    assert!(output.status.code().is_some());
}
