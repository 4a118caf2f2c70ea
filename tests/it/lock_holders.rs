//! Whoever may lock a table can keep a dump waiting, and whoever may connect can hold the advisory locks of a restore:
//! people learn who it is, and nobody is ended.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use pgkeep::hash::StoredId;

use crate::cli_session::{Keeping, Ran};
use crate::harness::cli::cli;
use crate::harness::{Database, Server, versions};

/// Whoever holds the lock.
const HOLDER: &str = "mallory";

#[test]
fn who_waits_for_a_lock_learns_who_holds_it() {
    // Every wait takes ten seconds, and they can be at the same time.
    std::thread::scope(|scope| {
        for major in versions() {
            scope.spawn(move || {
                let server = Server::fresh(major, &[]);
                server.existing("postgres").psql(&format!("CREATE ROLE {HOLDER} LOGIN"));
                std::thread::scope(|scope| {
                    scope.spawn(|| a_dump_names_the_holder(&server, major));
                    scope.spawn(|| a_restore_names_the_holder(&server, major));
                });
            });
        }
    });
}

fn a_dump_names_the_holder(server: &Server, major: u32) {
    let source = server.database("waits");
    source.psql(&format!("CREATE TABLE kept AS SELECT 1 AS a; ALTER TABLE kept OWNER TO {HOLDER}"));
    let keeping = Keeping::new();
    let told = waits(&keeping, &source, "BEGIN; LOCK TABLE kept", &["dump", "-d", &source.url()]);
    assert!(told.contains("waiting for a lock on public.kept for 10 s"), "on {major}: {told}");
}

fn a_restore_names_the_holder(server: &Server, major: u32) {
    let (source, target) = (server.database("kept"), server.database("waits_too"));
    source.psql("CREATE TABLE kept AS SELECT 1 AS a");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let [a, b, c, d, ..] = StoredId::of(b"pre-data 0").0;
    let lock = format!("SELECT pg_advisory_lock({}, {})", 0x7067_6b71, i32::from_be_bytes([a, b, c, d]));
    let told = waits(&keeping, &target, &lock, &["restore", "latest", "-d", &target.url()]);
    assert!(told.contains("waiting for a lock of type advisory for 10 s"), "on {major}: {told}");
}

/// Runs the program while another session holds a lock, which he gives back once he was named; answers what it told.
fn waits(keeping: &Keeping, database: &Database, lock: &str, arguments: &[&str]) -> String {
    let mut psql = database.client("psql");
    psql.args(["-X", "-q", "-A", "-t"]).env("PGUSER", HOLDER).env("PGAPPNAME", "\u{1b}[2J");
    let mut holder = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(holder.stdin.as_mut().unwrap(), "{lock} \\g /dev/null\nSELECT pg_catalog.pg_backend_pid();").unwrap();
    let mut pid = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut pid).unwrap();
    let errors = keeping.folder.path().join("stderr");
    let own = keeping.environment();
    let environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut command = cli(arguments, &environment);
    let child = command.stderr(std::fs::File::create(&errors).unwrap()).stdout(Stdio::piped()).spawn().unwrap();
    let named = format!("behind process {} of role {HOLDER}", pid.trim());
    let until = Instant::now() + Duration::from_secs(60);
    let told = || std::fs::read_to_string(&errors).unwrap();
    while !told().contains(&named) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(holder.stdin.take());
    holder.wait().unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", told());
    assert!(told().contains(&named) && !told().contains('\u{1b}'), "{}", told());
    told()
}

#[test]
fn bystanders_who_hold_the_lock_of_a_restore_are_left_alone() {
    let server = Server::fresh(*versions().last().expect("there is a version"), &[]);
    let (source, target) = (server.database("held"), server.database("held_too"));
    source.psql(&format!("CREATE ROLE {HOLDER} LOGIN; CREATE TABLE t AS SELECT 1 AS a"));
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    // One has the role, the other the name.
    let holders = [("postgres", "their application"), (HOLDER, "pgkeep")].map(|(role, name)| hold(&target, role, name));
    let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
    assert_eq!(ran.code, Some(8), "{}", ran.stderr);
    assert!(ran.stderr.contains("others hold the advisory lock of this restore"), "{}", ran.stderr);
    for (_, pid) in &holders {
        assert!(ran.stderr.contains(pid), "{pid}: {}", ran.stderr);
        assert_eq!(target.query_one(&format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")), "1");
    }
    for (mut holder, _) in holders {
        drop(holder.stdin.take());
        holder.wait().unwrap();
    }
    // Whoever has both is what is left of a run.
    let (mut left, pid) = hold(&target, "postgres", "pgkeep");
    let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 sessions of the run that stopped were still at work"), "{}", ran.stderr);
    assert_eq!(target.query_one(&format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")), "0");
    left.wait().unwrap();
}

/// A session that holds the lock that all work of a restore shares, and its process on the server.
fn hold(database: &Database, role: &str, name: &str) -> (std::process::Child, String) {
    let mut psql = database.client("psql");
    psql.args(["-X", "-q", "-A", "-t"]).env("PGUSER", role).env("PGAPPNAME", name);
    let psql = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut holder = psql.spawn().unwrap();
    let lock = format!("SELECT pg_advisory_lock_shared({}, 0) \\g /dev/null", 0x7067_6b70);
    writeln!(holder.stdin.as_mut().unwrap(), "{lock}\nSELECT pg_catalog.pg_backend_pid();").unwrap();
    let mut pid = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut pid).unwrap();
    (holder, pid.trim().to_owned())
}
