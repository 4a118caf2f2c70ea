//! Bad input and unfit targets of a restore: one clear line, its hint, its exit code, and the target as it was or
//! exactly as it is told.

use std::path::Path;

use crate::cli_refusals::refused;
use crate::cli_session::Keeping;
use crate::harness::{Database, Server, SmallDisk, assert_same_data, schema_text, versions};

/// A repository with snapshots of a small database.
fn kept(server: &Server, snapshots: usize) -> (Keeping, Database) {
    let database = server.database("refused_source");
    database
        .psql("CREATE SCHEMA s; CREATE TABLE s.t (i int PRIMARY KEY); INSERT INTO s.t SELECT generate_series(1, 1000)");
    let keeping = Keeping::new();
    for _ in 0..snapshots {
        keeping.ok(&["dump", &database.url()]);
    }
    (keeping, database)
}

#[test]
fn a_name_that_fits_two_snapshots() {
    let server = Server::shared(18);
    // Ids of four equal digits would take many dumps; a database may be called as an id begins.
    let (keeping, _source) = kept(server, 1);
    let id = keeping.events(&["list"])[0]["id"].as_str().expect("text")[..6].to_owned();
    server.existing("postgres").psql(&format!("CREATE DATABASE \"{id}\""));
    let twin = server.existing(&id);
    keeping.ok(&["dump", "-d", &twin.url()]);
    let target = server.database("refused_two");
    let before = schema_text(&target);
    let ran = keeping.run(&["restore", &id, "-d", &target.url()]);
    server.existing("postgres").psql(&format!("DROP DATABASE \"{id}\""));
    refused(
        &ran,
        2,
        &["is a database and the start of an id", "hint: `pgkeep list` shows all snapshots", "nothing was changed"],
    );
    assert_eq!(schema_text(&target), before);
}

#[test]
fn nothing_is_removed_from_a_database_that_only_a_variable_names() {
    let server = Server::shared(18);
    let (keeping, source) = kept(server, 1);
    source.psql("INSERT INTO s.t VALUES (1001)");
    let environment = [("DATABASE_URL", &*source.url())];
    for removal in [&["-c"][..], &["--truncate"], &["-c", "-C"]] {
        let command = [&["restore", "latest"], removal].concat();
        refused(
            &keeping.run_with(&command, &environment),
            2,
            &[
                "removes what is there",
                "does not say in which database",
                "`-d DATABASE`; or add --yes",
                "nothing was changed",
            ],
        );
        assert_eq!(source.query_one("SELECT count(*) FROM s.t"), "1001");
    }
    // A plan changes nothing, and a variable is good enough for what removes nothing.
    assert_eq!(keeping.run_with(&["restore", "latest", "-c", "--plan"], &environment).code, Some(0));
    let again = keeping.run_with(&["restore", "latest", "-t", "s.t", "--on-conflict-do-nothing"], &environment);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let meant = keeping.run_with(&["restore", "latest", "--truncate", "--yes"], &environment);
    assert_eq!(meant.code, Some(0), "{}", meant.stderr);
    assert_eq!(source.query_one("SELECT count(*) FROM s.t"), "1000");
}

#[test]
fn a_database_that_is_called_as_the_roles_of_a_server() {
    let server = Server::fresh(18, &[]);
    let postgres = server.existing("postgres");
    postgres.psql("CREATE DATABASE globals; CREATE ROLE waiter");
    let database = server.existing("globals");
    database.psql("CREATE TABLE t (a int)");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &postgres.url(), "--globals", "--all-databases", "globals"]);
    let snapshots = keeping.events(&["list"]);
    let of_kind = |kind: &str| {
        let one = snapshots.iter().find(|one| one["kind"] == kind).expect("it is listed");
        (one["id"].as_str().expect("text").to_owned(), one["run"].as_str().expect("text").to_owned())
    };
    let ((roles, run), (rows, same_run)) = (of_kind("globals"), of_kind("database"));
    assert_eq!((run.len(), &run), (32, &same_run), "they belong together");
    assert!(keeping.ok(&["list"]).contains("globals (a database)"));
    let target = server.database("refused_globals");
    let before = schema_text(&target);
    for verb in ["restore", "show", "sql"] {
        let url = target.url();
        let arguments: &[&str] = if verb == "restore" { &[verb, "globals", "-d", &url] } else { &[verb, "globals"] };
        refused(
            &keeping.run(arguments),
            2,
            &["globals is a database and what belongs to a whole server", "start of an id"],
        );
    }
    assert_eq!(schema_text(&target), before);
    let server_url = postgres.url();
    for renaming in [["--into-schema", "a=b"], ["--into-table", "a.t=a.u"]] {
        let command = [&["restore", &roles[..8], "-d", &server_url][..], &renaming].concat();
        refused(&keeping.run(&command), 8, &["holds roles and tablespaces", "leave out", "nothing was changed"]);
    }
    keeping.ok(&["restore", &roles[..8], "-d", &postgres.url()]);
    keeping.ok(&["restore", &rows[..8], "-d", &target.url()]);
    assert_same_data(&database, &target);
}

#[test]
fn a_pattern_that_matches_nothing() {
    let server = Server::shared(18);
    let (keeping, _source) = kept(server, 1);
    let target = server.database("refused_pattern");
    let before = schema_text(&target);
    for arguments in [&["-t", "s.nothing"][..], &["-n", "nothing*"], &["-I", "nothing"], &["-P", "nothing"]] {
        let url = target.url();
        let ran = keeping.run(&[&["restore", "latest", "-d", &url][..], arguments].concat());
        refused(&ran, 2, &["nothing", "hint: ", "nothing was changed"]);
        assert_eq!(schema_text(&target), before);
    }
}

#[test]
fn a_target_older_than_the_source_and_one_that_is_newer() {
    let (old, new) = (Server::shared(13), Server::shared(18));
    let (keeping, source) = kept(new, 1);
    let target = old.database("refused_old");
    let before = schema_text(&target);
    let words =
        ["the target runs PostgreSQL 13, older than the source's 18", "hint: restore into PostgreSQL 18 or newer"];
    refused(&keeping.run(&["restore", "latest", "-d", &target.url()]), 8, &words);
    assert_eq!(schema_text(&target), before);
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "--plan"]);
    assert_eq!(ran.code, Some(8), "{}", ran.stderr);
    assert!(ran.stdout.contains(words[0]), "{}", ran.stdout);
    assert_same_data(&source, &source);

    let (keeping, source) = kept(old, 1);
    let target = new.database("refused_new");
    keeping.ok(&["restore", "latest", "-d", &target.url()]);
    assert_same_data(&source, &target);
}

/// The disk of the target is full: what is there is what the message says, and with more room it goes on.
#[test]
fn a_target_whose_disk_is_full() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let disk = SmallDisk::for_servers(3072);
        let space = disk.path().join("space");
        std::fs::create_dir(&space).expect("a folder on the disk");
        open_to_the_server(&space, &server);
        let source = server.database("full_source");
        // As much as the disk holds twice.
        source.psql(
            "CREATE TABLE small (i int); INSERT INTO small SELECT generate_series(1, 100);
             CREATE TABLE wide AS SELECT md5(n::text) || md5((n + 1)::text) AS x FROM generate_series(1, 60000) n",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        server.existing("postgres").psql(&format!("CREATE TABLESPACE tiny LOCATION '{}'", space.display()));
        let target = server.database("full_target");
        server.existing("postgres").psql(&format!("ALTER DATABASE {} SET default_tablespace = tiny", target.name()));
        // A restore names no tablespace where the source has none, so the table itself is put there.
        target.psql("CREATE TABLE wide (x text) TABLESPACE tiny; CREATE TABLE small (i int)");
        let restore = ["restore", "latest", "-d", &target.url(), "-a", "--no-analyze"];
        let ran = keeping.run(&restore);
        refused(&ran, 4, &["load public.wide", "No space left on device", "the same command with --resume continues"]);
        assert_eq!(target.query_one("SELECT count(*) FROM wide"), "0");
        target.psql("ALTER TABLE wide SET TABLESPACE pg_default");
        keeping.ok(&[&restore[..], &["--resume"]].concat());
        assert_same_data(&source, &target);
        drop(target);
        server.existing("postgres").psql("DROP TABLESPACE tiny");
    }
}

/// Servers run as another user.
fn open_to_the_server(folder: &Path, server: &Server) {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).expect("an own folder");
    let owner = std::fs::metadata(server.folder()).expect("it is there");
    std::os::unix::fs::chown(folder, Some(owner.uid()), Some(owner.gid())).expect("an own folder");
}

#[test]
fn a_role_that_may_not_create_extensions() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let source = server.database("refused_extension");
        source.psql(
            "CREATE EXTENSION xml2; CREATE EXTENSION citext; CREATE TABLE t (a citext); INSERT INTO t VALUES ('A')",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let target = server.database("refused_plain");
        server
            .existing("postgres")
            .psql(&format!("CREATE ROLE plain LOGIN; ALTER DATABASE {} OWNER TO plain", target.name()));
        if major < 15 {
            target.psql("ALTER SCHEMA public OWNER TO plain");
        }
        let before = schema_text(&target);
        let url = target.url_as("plain");
        let restore = ["restore", "latest", "-d", &url, "-O", "-x"];
        let ran = keeping.run(&restore);
        refused(
            &ran,
            8,
            &["may not create extension xml2: it takes a superuser", "CREATE EXTENSION \"xml2\"", "--keep-going"],
        );
        assert_eq!(schema_text(&target), before);
        // As its hint says: all else comes back, and later that too.
        let ran = keeping.run(&[&restore[..], &["--keep-going"]].concat());
        assert_eq!(ran.code, Some(9), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("extension xml2: "), "{}", ran.stdout);
        assert_eq!(target.query_one("SELECT a FROM t"), "A");
        target.psql("CREATE EXTENSION xml2");
        let ran = keeping.run(&[&restore[..], &["--resume"]].concat());
        assert_eq!(ran.code, Some(0), "on {major}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_schema_that_exists() {
    let server = Server::shared(18);
    let (keeping, _source) = kept(server, 1);
    let target = server.database("refused_schema");
    target.psql("CREATE SCHEMA s; CREATE TABLE s.precious (a int)");
    let before = schema_text(&target);
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-n", "s"]);
    refused(&ran, 8, &["schema s exists in database", "hint: ", "nothing was changed"]);
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "--into-schema", "s=s"]);
    assert_ne!(ran.code, Some(0), "{}", ran.stdout);
    assert_eq!(schema_text(&target), before);
    keeping.ok(&["restore", "latest", "-d", &target.url(), "--into-schema", "s=s_restored"]);
    assert_eq!(target.query_one("SELECT count(*) FROM s_restored.t"), "1000");
}
