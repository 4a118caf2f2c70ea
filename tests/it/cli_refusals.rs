//! Bad input at the command line: each case gives one clear error with its documented exit code, and changes nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::cli_session::{Keeping, Ran};
use crate::harness::{Database, Server, SmallDisk, cli::cli, cli::pgkeep, schema_text, server::free_port};

/// Asserts a code and that there is exactly one error, which says `words`.
#[track_caller]
pub(crate) fn refused(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.stdout, ran.stderr);
    let errors = ran.stderr.lines().filter(|line| line.starts_with("pgkeep: error: ")).count();
    assert_eq!(errors, 1, "one error, not {errors}: {}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "the error lacks {word:?}: {}", ran.stderr);
    }
}

fn small(server: &Server) -> Database {
    let database = server.database("cli_small");
    database.psql("CREATE TABLE t (i int PRIMARY KEY, x text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 5000) i");
    database
}

/// A repository with one snapshot of a small database.
fn kept(server: &Server) -> (Keeping, Database) {
    let database = small(server);
    let keeping = Keeping::new();
    keeping.ok(&["dump", &database.url()]);
    (keeping, database)
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push((path.clone(), fs::read(&path).unwrap())) }
    }
    found.sort();
    found
}

#[test]
fn servers_that_do_not_let_us_in() {
    let server = Server::setup(18).hba("host all cli_guarded 127.0.0.1/32 scram-sha-256").start();
    server.existing("postgres").psql("CREATE ROLE cli_guarded LOGIN PASSWORD 'right'");
    let keeping = Keeping::new();
    let port = server.port().to_string();
    let dump = |role: &str, port: &str, database: &str, password: &[(&str, &str)]| {
        keeping.run_with(&["dump", "-h", "127.0.0.1", "-p", port, "-U", role, "-d", database], password)
    };
    let wrong = dump("cli_guarded", &port, "postgres", &[("PGPASSWORD", "wrong")]);
    refused(&wrong, 3, &["password authentication failed", "hint: "]);
    assert!(!wrong.stderr.contains("wrong\n"), "no error shows a password");
    refused(&dump("cli_guarded", &port, "postgres", &[]), 3, &["no", "PGPASSWORD"]);
    refused(&dump("postgres", &free_port().to_string(), "postgres", &[]), 3, &["cannot connect", "refused", "hint: "]);
    refused(&dump("postgres", &port, "cli_no_such_database", &[]), 3, &["does not exist"]);
    let ran = keeping.run(&["dump", "-h", "no-such-host.invalid", "-d", "x", "-U", "x"]);
    refused(&ran, 3, &["no-such-host.invalid"]);
    let ran = keeping.run(&["dump", "postgres://postgres@127.0.0.1/x?sslmode=sometimes"]);
    refused(&ran, 2, &["sslmode"]);
    assert_eq!(keeping.snapshots(), 0);
}

#[test]
fn servers_that_are_too_old() {
    let server = Server::fresh(12, &[]);
    let keeping = Keeping::new();
    let ran = keeping.run(&["dump", &server.existing("postgres").url()]);
    refused(&ran, 8, &["12", "13"]);
    assert_eq!(keeping.snapshots(), 0);
}

#[test]
fn identities_that_do_not_open() {
    let (keeping, database) = kept(Server::shared(18));
    let before = files(&keeping.repository());
    let other = Keeping::new();
    let others = other.identities().remove(0);
    let others = others.to_str().unwrap();
    let secret = fs::read_to_string(others).unwrap();
    let secret = secret.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
    for arguments in [&["list"][..], &["show"], &["dump", &database.url()], &["verify"], &["restore", "latest", "-C"]] {
        // The file names another repository; the secret alone does not, and opens nothing either.
        let with_file: Vec<&str> = arguments.iter().copied().chain(["-i", others]).collect();
        refused(&keeping.run(&with_file), 7, &["is not the expected repository"]);
        refused(&keeping.run_with(arguments, &[("PGKEEP_IDENTITY", secret)]), 7, &["owner", "hint: "]);
        let ran = keeping.run_with(arguments, &[("XDG_CONFIG_HOME", "/nonexistent")]);
        refused(&ran, 7, &["no identity is at hand", "/nonexistent/pgkeep/"]);
    }
    refused(&keeping.run(&["list", "-i", "/nonexistent/key"]), 7, &["/nonexistent/key"]);
    let empty = keeping.folder.path().join("empty.key");
    fs::write(&empty, "# nothing\n").unwrap();
    refused(&keeping.run(&["list", "-i", empty.to_str().unwrap()]), 7, &["no identity"]);
    assert!(files(&keeping.repository()) == before, "nothing changed");
    // Only what needs no key works without one.
    let ran = keeping.run_with(&["verify", "--depth", "stored"], &[("XDG_CONFIG_HOME", "/nonexistent")]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn places_that_are_no_repository() {
    let keeping = Keeping::empty();
    let place = keeping.repository();
    refused(&keeping.run(&["list"]), 2, &["does not exist", "pgkeep init"]);
    fs::create_dir(&place).unwrap();
    refused(&keeping.run(&["list"]), 2, &["no repository"]);
    fs::write(place.join("config"), "[core]\n\tbare = true\n").unwrap();
    refused(&keeping.run(&["list"]), 2, &["not a pgkeep repository"]);
    refused(&keeping.run(&["init"]), 2, &["already holds"]);
    fs::write(place.join("config"), "").unwrap();
    refused(&keeping.run(&["list"]), 2, &["not a pgkeep repository"]);
    fs::remove_file(place.join("config")).unwrap();
    fs::write(place.join("holiday.jpg"), "x").unwrap();
    refused(&keeping.run(&["init"]), 2, &["not empty", "holiday.jpg"]);
    assert_eq!(files(&place).len(), 1);
    let drafts = keeping.folder.path().join("config/pgkeep");
    assert!(!drafts.exists() || files(&drafts).is_empty(), "an init that failed leaves no identity");
    let file = place.join("holiday.jpg");
    refused(&keeping.run(&["list", "--repo", file.to_str().unwrap()]), 2, &["is not a folder"]);
    refused(&keeping.run(&["list", "--repo", "s3://bucket/x"]), 8, &["s3://"]);
    refused(&keeping.run(&["init", "-r", "age1nonsense"]), 7, &["age1nonsense"]);
}

#[test]
fn a_repository_of_a_newer_format() {
    let (keeping, database) = kept(Server::shared(18));
    let config = keeping.repository().join("config");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("format 1\n", "format 2\n")).unwrap();
    let before = files(&keeping.repository());
    for arguments in [&["list"][..], &["dump", &database.url()], &["verify", "--depth", "stored"]] {
        refused(&keeping.run(arguments), 8, &["format 2", "newer version"]);
    }
    assert!(files(&keeping.repository()) == before, "nothing changed");
}

#[test]
fn snapshots_and_patterns_that_mean_nothing() {
    let (keeping, database) = kept(Server::shared(18));
    let target = Server::shared(18).database("cli_nothing");
    let before = schema_text(&target);
    refused(&keeping.run(&["restore", "nothing", "-d", &target.url()]), 2, &["nothing", "pgkeep list"]);
    refused(&keeping.run(&["restore", "latest~1", "-d", &target.url()]), 2, &["latest~1"]);
    refused(&keeping.run(&["restore", "latest"]), 2, &["no target database", "-d DATABASE"]);
    refused(&keeping.run(&["restore", "latest", "-d", &target.url(), "-n", "no_such"]), 2, &["no_such"]);
    refused(&keeping.run(&["restore", "latest", "-d", &target.url(), "-t", "a.b.c.d"]), 2, &["a.b.c.d"]);
    refused(&keeping.run(&["dump", &database.url(), "-t", "no_such"]), 2, &["no_such"]);
    assert_eq!(schema_text(&target), before);
    assert_eq!(keeping.snapshots(), 1);
}

#[test]
fn targets_that_cannot_take_it() {
    let server = Server::shared(18);
    let (keeping, database) = kept(server);
    // Not empty.
    let before = schema_text(&database);
    let ran = keeping.run(&["restore", "latest", "-d", &database.url()]);
    refused(&ran, 8, &["is not empty"]);
    assert_eq!(schema_text(&database), before);
    assert_eq!(database.query_one("SELECT count(*) FROM t"), "5000");
    // -C, and it is there already.
    refused(&keeping.run(&["restore", "latest", "-C", "-d", &database.url()]), 8, &["exists"]);
    assert_eq!(database.query_one("SELECT count(*) FROM t"), "5000");
    // Not there, and no -C.
    let absent = server.existing("cli_absent").url();
    refused(&keeping.run(&["restore", "latest", "-d", &absent]), 3, &["does not exist"]);
}

#[test]
fn targets_that_lack_a_role_or_an_extension() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let extensions = folder.path().join("extension");
    fs::create_dir(&extensions).unwrap();
    fs::write(extensions.join("cli_rare.control"), "default_version = '1.0'\nrelocatable = true\n").unwrap();
    fs::write(extensions.join("cli_rare--1.0.sql"), "CREATE FUNCTION rare() RETURNS int LANGUAGE sql AS 'SELECT 1';\n")
        .unwrap();
    open_to_all(folder.path());
    let path = format!("{}:$system", folder.path().display());
    let server = Server::fresh(18, &[("extension_control_path", &path)]);
    server.existing("postgres").psql("CREATE ROLE cli_rare_owner");
    let database = server.database("cli_rare");
    database.psql("CREATE EXTENSION cli_rare; CREATE TABLE t (i int); ALTER TABLE t OWNER TO cli_rare_owner");
    let keeping = Keeping::new();
    keeping.ok(&["dump", &database.url()]);

    let target = Server::shared(18).database("cli_poor");
    let before = schema_text(&target);
    let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
    // Both at once, so that nobody has to try again and again.
    refused(&ran, 8, &["cli_rare_owner", "extension cli_rare"]);
    assert_eq!(schema_text(&target), before);
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-O", "-t", "t"]);
    assert_eq!(ran.code, Some(0), "the table alone needs neither: {}", ran.stderr);
}

/// Servers run as another user.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn damaged_and_missing_packs() {
    let server = Server::shared(18);
    let (keeping, _database) = kept(server);
    let packs = files(&keeping.repository().join("packs"));
    let (largest, bytes) = packs.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    // The pack of a database as small as this one holds the rows and what the snapshot consists of.
    let flipped = (Some(damaged), "table public.t loses 5,000 rows", "table public.t");
    let missing = (None, "nothing of it can be restored", "is damaged");
    for (fault, cost, what) in [flipped, missing] {
        match &fault {
            Some(bytes) => fs::write(largest, bytes).unwrap(),
            None => fs::remove_file(largest).unwrap(),
        }
        let ran = keeping.run(&["verify", "--no-mark"]);
        refused(&ran, 6, &["rows are lost"]);
        assert!(ran.stdout.contains(cost), "{}", ran.stdout);
        let target = server.database("cli_damaged");
        let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
        refused(&ran, 6, &[what]);
        let rows = target.query_rows("SELECT 1 FROM pg_class WHERE relname = 't' AND pg_relation_size(oid) > 0");
        assert!(rows.is_empty(), "no row of a damaged part was committed");
    }
    // Every chunk in it is whole, and it stays damaged for ever unless something is done.
    fs::write(largest, [bytes.as_slice(), b"garbage"].concat()).unwrap();
    refused(&keeping.run(&["verify"]), 6, &["no row is lost", "pgkeep verify --repair"]);
    refused(&keeping.run(&["verify"]), 6, &["no row is lost", "pgkeep verify --repair"]);
    refused(&keeping.run(&["verify", "--repair", "--depth", "stored"]), 2, &["in full"]);
    let said = keeping.ok(&["verify", "--repair"]);
    assert!(said.contains("out of damaged packs") && said.contains("damage has healed"), "{said}");
    let ran = keeping.run(&["verify"]);
    assert!(ran.code == Some(0) && ran.stderr.contains("nothing is lost by it"), "{}", ran.stderr);
    fs::write(largest, bytes).unwrap();
    assert!(!keeping.run(&["verify"]).stderr.contains("damaged"));
}

#[test]
fn a_disk_that_is_full() {
    let database = small(Server::shared(18));
    // Random text does not compress, so that the rows cannot fit.
    database.psql(
        "CREATE TABLE wide AS SELECT md5(random()::text) || md5(random()::text) AS x FROM generate_series(1, 60000)",
    );
    let disk = SmallDisk::new(1024);
    let keeping = Keeping::empty();
    let run = |arguments: &[&str]| {
        let mut command = disk.command(&pgkeep());
        command.args(arguments).env_clear().envs(keeping.environment()).env("PGKEEP_REPOSITORY", "/mnt/repository");
        Ran::of(command.output().unwrap())
    };
    assert_eq!(run(&["init"]).code, Some(0));
    refused(&run(&["dump", &database.url()]), 5, &["space"]);
    let list = run(&["list", "--json"]).stdout;
    assert!(list.contains("\"snapshots\":0"), "{list}");
    // What does not fit is all that failed: the small table alone does.
    let ran = run(&["dump", &database.url(), "-t", "t"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn output_that_cannot_be_written() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = cli(&["completions", "bash"], &[]).stdout(Stdio::from(full)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the output"));
}
