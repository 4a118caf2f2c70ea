//! The command line at work: what people do every day, from `init` to `restore`, and what it prints.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Database, Server, assert_same_data, assert_same_schema, cli::cli, cli::pgkeep, run_cli};

/// A repository of its own with the identity that opens it.
pub(crate) struct Keeping {
    pub(crate) folder: TempDir,
}

/// How a run of the program ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: std::process::Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Keeping {
    pub(crate) fn new() -> Self {
        let keeping = Self::empty();
        keeping.ok(&["init"]);
        keeping
    }

    /// The place alone, before `init`.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        let shown = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
        [("PGKEEP_REPOSITORY", shown(self.repository())), ("XDG_CONFIG_HOME", shown(self.folder.path().join("config")))]
    }

    /// Identity files that were left where `init` leaves them.
    pub(crate) fn identities(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.path().join("config/pgkeep")).into_iter().flatten();
        let files = files.map(|file| file.expect("readable").path());
        files.filter(|path| path.extension().is_some_and(|ending| ending == "key")).collect()
    }

    pub(crate) fn run_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Ran {
        let own = self.environment();
        let mut environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        environment.extend(more);
        Ran::of(run_cli(arguments, &environment))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// Runs what must succeed and returns what it printed.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "pgkeep {}: {}{}", arguments.join(" "), ran.stdout, ran.stderr);
        ran.stdout
    }

    /// The events of a command with `--json`.
    #[track_caller]
    pub(crate) fn events(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        parse(&self.ok(&arguments))
    }

    /// Snapshots that are listed.
    #[track_caller]
    pub(crate) fn snapshots(&self) -> usize {
        let events = self.events(&["list"]);
        usize::try_from(events.last().expect("a summary")["snapshots"].as_u64().expect("a number")).expect("small")
    }
}

pub(crate) fn parse(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

fn shop(server: &Server) -> Database {
    let database = server.database("cli_shop");
    database.psql(
        r#"CREATE SCHEMA ord; CREATE SCHEMA payments;
        CREATE TABLE ord."Order" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a ""quote""" text, at timestamptz);
        CREATE TABLE payments.payment (id int PRIMARY KEY, order_id int REFERENCES ord."Order", cents bigint CHECK (cents > 0));
        CREATE INDEX ON payments.payment (order_id);
        CREATE VIEW payments.daily AS SELECT count(*) FROM payments.payment;
        INSERT INTO ord."Order" ("a ""quote""", at) SELECT repeat('x', i % 50), now() FROM generate_series(1, 20000) i;
        INSERT INTO payments.payment SELECT i, i, i * 10 FROM generate_series(1, 20000) i;"#,
    );
    database
}

/// A database that the program makes, dropped in the end.
struct Made<'a>(&'a Server, String);

impl<'a> Made<'a> {
    fn new(server: &'a Server, name: &str) -> Self {
        let made = Self(server, format!("{name}_{}", std::process::id()));
        made.drop_it();
        made
    }

    fn url(&self) -> String {
        self.0.existing(&self.1).url()
    }

    fn drop_it(&self) {
        self.0.existing("postgres").psql(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.1));
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        self.drop_it();
    }
}

#[test]
fn a_session_from_init_to_restore() {
    let server = Server::shared(18);
    let database = shop(server);
    let keeping = Keeping::empty();
    let said = keeping.ok(&["init"]);
    assert!(said.contains("loses every backup"), "{said}");

    let said = keeping.ok(&["dump", "-d", &database.url(), "--label", "nightly"]);
    assert!(said.contains("40,000 rows in 2 tables"), "{said}");
    assert!(said.contains("the server snapshot was held for"), "{said}");

    let said = keeping.ok(&["list"]);
    for word in [database.name(), "nightly", "40,000", "yes"] {
        assert!(said.contains(word), "`list` lacks {word}: {said}");
    }
    let said = keeping.ok(&["show", "latest"]);
    for word in ["ord.Order", "payments.payment", "foreign key", "UTF8", "PostgreSQL 18"] {
        assert!(said.contains(word), "`show` lacks {word}: {said}");
    }
    for depth in ["listing", "stored", "full"] {
        keeping.ok(&["verify", "--depth", depth]);
    }

    let made = Made::new(server, "cli_shop_back");
    let said = keeping.ok(&["restore", "latest", "-C", "-d", &made.url()]);
    assert!(said.contains("40,000 rows in 2 tables"), "{said}");
    let restored = server.existing(&made.1);
    assert_same_schema(&database, &restored);
    assert_same_data(&database, &restored);
}

#[test]
fn a_schema_alone_comes_back_and_what_it_lacks_is_listed() {
    let server = Server::shared(18);
    let database = shop(server);
    let keeping = Keeping::new();
    keeping.ok(&["dump", &database.url()]);
    let target = server.database("cli_payments");
    let said = keeping.ok(&["restore", database.name(), "-d", &target.url(), "-n", "payments"]);
    assert!(said.contains("payment_order_id_fkey"), "{said}");
    assert_eq!(target.query_one("SELECT sum(cents) FROM payments.payment"), "2000100000");
    assert_eq!(target.query_one("SELECT count(*) FROM pg_namespace WHERE nspname = 'ord'"), "0");
}

#[test]
fn ways_out_and_the_proof_that_a_snapshot_restores() {
    let server = Server::shared(18);
    let database = shop(server);
    let keeping = Keeping::new();
    keeping.ok(&["dump", &database.url()]);
    database.psql("INSERT INTO payments.payment VALUES (20001, 1, 7); ALTER TABLE ord.\"Order\" ADD note text");
    keeping.ok(&["dump", &database.url()]);

    // As a plain script, run by the stock psql.
    let script = keeping.ok(&["sql", "latest"]);
    let copy = server.database("cli_script");
    copy.psql(&script);
    assert_same_schema(&database, &copy);
    assert_same_data(&database, &copy);

    let rows =
        keeping.ok(&["cat", "latest", "payments.payment", "--format", "csv", "--columns", "id,cents", "--limit", "2"]);
    assert_eq!(rows, "id,cents\n1,10\n2,20\n");

    let said = keeping.ok(&["diff", "latest~1", "latest"]);
    for words in ["changed table ord.Order", "note", "rows of payments.payment: 20,000 rows, now 20,001"] {
        assert!(said.contains(words), "`diff` lacks {words:?}: {said}");
    }
    assert_eq!(keeping.ok(&["diff", "latest", "latest"]), "nothing changed\n");

    let checks = keeping.folder.path().join("checks.sql");
    std::fs::write(&checks, "SELECT count(*) = 20001 FROM payments.payment;\n").expect("writable");
    let checks = checks.to_str().expect("UTF-8");
    let said = keeping.ok(&["drill", "latest", "-d", &server.existing("postgres").url(), "--check", checks]);
    assert!(said.contains("all as it was dumped"), "{said}");
    std::fs::write(checks, "SELECT count(*) = 5 FROM payments.payment;\n").expect("writable");
    let ran = keeping.run(&["drill", "latest", "-d", &server.existing("postgres").url(), "--check", checks]);
    assert_eq!(ran.code, Some(10), "{}{}", ran.stdout, ran.stderr);
    let left = server.existing("postgres").query_one("SELECT count(*) FROM pg_database WHERE datname LIKE '%drill%'");
    assert_eq!(left, "0", "scratch databases are dropped");
}

#[test]
fn json_is_one_event_a_line_and_the_summary_comes_last() {
    let database = shop(Server::shared(18));
    let keeping = Keeping::empty();
    let made = keeping.events(&["init"]);
    assert_eq!(made[0]["event"], "summary");
    assert_eq!(made[0]["repository"].as_str().expect("text").len(), 64);
    let events = keeping.events(&["dump", &database.url()]);
    let last = events.last().expect("a summary");
    assert_eq!((&last["event"], &last["command"], &last["rows"]), (&"summary".into(), &"dump".into(), &40_000.into()));
    for event in ["step", "planned", "server_snapshot", "part_started", "part_done"] {
        assert!(events.iter().any(|line| line["event"] == event), "no event {event}: {events:?}");
    }
    let snapshots = keeping.events(&["list"]);
    assert_eq!(snapshots[0]["id"], last["snapshot"]);
    let shown = keeping.events(&["show"]);
    assert!(shown.iter().any(|line| line["event"] == "table" && line["name"] == "payments.payment"), "{shown:?}");
    let ran = keeping.run(&["show", "nothing", "--json"]);
    let error = parse(&ran.stdout).pop().expect("an event");
    assert_eq!((ran.code, &error["event"], &error["exit_code"]), (Some(2), &"error".into(), &2.into()));
    assert_eq!(ran.stderr, "");
}

#[test]
fn quiet_says_nothing_where_all_is_well_but_the_result() {
    let database = shop(Server::shared(18));
    let keeping = Keeping::new();
    let ran = keeping.run(&["dump", &database.url(), "--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str(), ran.stdout.as_str()), (Some(0), "", ""));
    let ran = keeping.run(&["dump", &database.url()]);
    assert!(ran.stderr.contains("pgkeep: copy"), "{}", ran.stderr);
}

#[test]
fn an_identity_is_found_by_flag_variable_and_folder_and_never_overwritten() {
    let keeping = Keeping::empty();
    let file = keeping.folder.path().join("owner.key");
    let path = file.to_str().expect("UTF-8");
    keeping.ok(&["init", "--identity-out", path]);
    let mode = file.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).expect("readable");
    assert!(text.contains("AGE-SECRET-KEY-1") && text.contains("# repository: "), "no usable identity file");

    assert_eq!(keeping.run(&["list"]).code, Some(7));
    keeping.ok(&["list", "-i", path]);
    assert_eq!(keeping.run_with(&["list"], &[("PGKEEP_IDENTITY", path)]).code, Some(0));
    assert_eq!(keeping.run_with(&["list"], &[("PGKEEP_IDENTITY", &text)]).code, Some(0));

    let other = Keeping::empty();
    let ran = other.run(&["init", "--identity-out", path]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&file).expect("readable"), text);
    assert!(!other.repository().join("config").exists());

    // The default folder: the name comes from the repository's id.
    other.ok(&["init"]);
    other.ok(&["list"]);
    assert_eq!(other.identities().len(), 1, "one identity and no draft is left");
}

#[test]
fn owners_can_be_given_as_recipients_as_age_takes_them() {
    let keeping = Keeping::empty();
    let first = keeping.folder.path().join("first.key");
    let second = keeping.folder.path().join("second.key");
    for file in [&first, &second] {
        Keeping::empty().ok(&["init", "--identity-out", file.to_str().expect("UTF-8")]);
    }
    let recipient = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).expect("readable");
        text.lines().find_map(|line| line.strip_prefix("# public key: ").map(str::to_owned)).expect("it is named")
    };
    let list = keeping.folder.path().join("owners.txt");
    std::fs::write(&list, format!("# the office\n{}\n\n", recipient(&second))).expect("writable");
    keeping.ok(&["init", "-r", &recipient(&first), "-R", list.to_str().expect("UTF-8")]);
    for file in [&first, &second] {
        // Both files name the repository that they were made with, not this one; only the secret counts here.
        let text = std::fs::read_to_string(file).expect("readable");
        let secret = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).expect("a secret").to_owned();
        assert_eq!(keeping.run_with(&["list"], &[("PGKEEP_IDENTITY", &secret)]).code, Some(0));
    }
    assert_eq!(keeping.identities(), Vec::<PathBuf>::new(), "no identity was made");
}

#[test]
fn names_with_control_characters_cannot_reach_the_terminal() {
    let database = Server::shared(18).database("cli_hostile");
    database.psql("CREATE TABLE \"a\x1b[2Jb\nc\" (i int); INSERT INTO \"a\x1b[2Jb\nc\" VALUES (1)");
    let keeping = Keeping::new();
    let ran = keeping.run(&["dump", &database.url(), "-v", "--label", "x\x1b]0;y\x07"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let said = ran.stdout + &ran.stderr + &keeping.ok(&["show"]) + &keeping.ok(&["list"]);
    assert!(!said.contains('\x1b') && !said.contains('\x07'), "{said:?}");
    assert!(said.contains("a\\x1b[2Jb"), "{said}");
}

#[test]
fn connections_are_named_as_in_libpq() {
    let server = Server::shared(18);
    let database = shop(server);
    let port = server.port().to_string();
    let keeping = Keeping::new();
    let name = database.name();
    keeping.ok(&["dump", "-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-d", name]);
    keeping.ok(&["dump", &format!("host=127.0.0.1 port={port} user=postgres dbname={name}")]);
    let variables = [("PGHOST", "127.0.0.1"), ("PGPORT", port.as_str()), ("PGUSER", "postgres"), ("PGDATABASE", name)];
    assert_eq!(keeping.run_with(&["dump"], &variables).code, Some(0));
    assert_eq!(keeping.run_with(&["dump"], &[("DATABASE_URL", &database.url())]).code, Some(0));
    assert_eq!(keeping.snapshots(), 4);
}

#[test]
fn ctrl_c_commits_nothing_and_leaves_nothing_running_on_the_server() {
    let server = Server::shared(18);
    let database = shop(server);
    let keeping = Keeping::new();
    // A lock keeps the dump waiting for as long as the test wants.
    let mut blocker = database.driver();
    blocker.run("BEGIN; LOCK TABLE payments.payment IN ACCESS EXCLUSIVE MODE");
    let waiting = |what: &str| {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '{what}%' AND pid <> pg_backend_pid()"
        );
        database.query_one(&sql) != "0"
    };
    let environment = keeping.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut dump = cli(&["dump", &database.url()], &environment)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    until("the dump waits for the lock", || waiting("LOCK TABLE"));
    signal("INT", dump.id());
    let output = loop {
        if dump.try_wait().expect("a child").is_some() {
            break dump.wait_with_output().expect("a child");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("no snapshot was stored"), "{stderr}");
    until("the server has cancelled the dump", || !waiting("LOCK TABLE"));
    drop(blocker);
    assert_eq!(keeping.snapshots(), 0);
}

pub(crate) fn signal(name: &str, pid: u32) {
    let sent = Command::new("/bin/kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(sent.expect("kill is there").success(), "no such process");
}

#[track_caller]
pub(crate) fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Every line `$ command` of the README's session, in order, in one shell: what a reader types works.
#[test]
fn the_session_in_the_readme_works_as_written() {
    let server = Server::fresh(18, &[]);
    server.existing("postgres").psql("CREATE DATABASE pos_riverside");
    crate::harness::sample::load(&server.existing("pos_riverside"), 1);
    let readme = include_str!("../../README.md");
    let (_, session) = readme.split_once("## A session").expect("the README has a session");
    let (session, _) = session.split_once("\n## ").expect("another section follows");
    let script: Vec<&str> = session.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(script.len() >= 6, "the session shows too little");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = format!("{}:/usr/bin:/bin", pgkeep().parent().expect("a folder").display());
    let output = Command::new("/bin/sh")
        .args(["-e", "-x", "-c", &script.join("\n").replace("/mnt/backups", folder.path().to_str().expect("UTF-8"))])
        .env_clear()
        .envs([("PATH", path.as_str()), ("PGHOST", "127.0.0.1"), ("PGUSER", "postgres")])
        .env("PGPORT", server.port().to_string())
        .env("HOME", folder.path())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
