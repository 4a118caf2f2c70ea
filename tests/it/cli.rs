//! The command line by itself: help, flags, exit codes, completions. Needs no server.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program with an environment that holds nothing of the machine's.
pub(crate) fn pgkeep(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgkeep"));
    command.args(arguments).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    pgkeep(arguments).output().expect("the program starts")
}

fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

const PLACE: &[&str] = &["--repo", "-i, --identity", "--repository-id"];
const CONNECTION: &[&str] = &[
    "-d, --dbname",
    "-h, --host",
    "-p, --port",
    "-U, --username",
    "-w, --no-password",
    "-W, --password",
    "--stall-timeout",
];
const SELECTION: &[&str] = &[
    "-n, --schema",
    "-N, --exclude-schema",
    "-t, --table <",
    "-T, --exclude-table <",
    "--table-and-children",
    "--exclude-table-and-children",
    "--exclude-table-data <",
    "--exclude-table-data-and-children",
    "-e, --extension",
    "--exclude-extension",
    "--include-foreign-data",
    "--filter",
    "--strict-names",
    "--with-dependencies",
    "-a, --data-only",
    "-s, --schema-only",
    "--sequence-data",
    "--statistics",
    "--no-statistics",
    "--statistics-only",
    "--section",
    "-b, --large-objects",
    "-B, --no-large-objects",
    "--no-unlogged-table-data",
    "--no-policies",
    "--no-publications",
    "--no-subscriptions",
];
const PIECES: &[&str] = &["-I, --index", "-P, --function", "--trigger", "-L, --use-list"];
const DUMP: &[&str] = &[
    "--label",
    "-j, --jobs",
    "--snapshot",
    "--lock-wait-timeout",
    "--serializable-deferrable",
    "--skip-unreadable",
    "--enable-row-security",
    "--all-databases",
    "--databases-at-once",
    "--role",
    "--globals",
    "--no-role-passwords",
    "-O, --no-owner",
    "-x, --no-privileges",
    "--no-comments",
    "--no-security-labels",
    "--no-tablespaces",
    "--no-table-access-method",
    "--no-toast-compression",
    "--load-via-partition-root",
    "--extra-float-digits",
];
const RESTORE: &[&str] = &[
    "--plan",
    "--no-analyze",
    "-C, --create",
    "-j, --jobs",
    "--resume",
    "--keep-going",
    "-c, --clean",
    "--if-exists",
    "--exit-on-error",
    "--no-data-for-failed-tables",
    "-1, --single-transaction",
    "--role",
    "--into-schema",
    "--into-table",
    "--truncate",
    "--on-conflict-do-nothing",
    "--disable-triggers",
    "--verify-target",
    "--yes",
];
const DEFINITIONS: &[&str] = &[
    "-O, --no-owner",
    "-x, --no-privileges",
    "--no-comments",
    "--no-security-labels",
    "--no-tablespaces",
    "--no-table-access-method",
    "--no-toast-compression",
    "--map-owner",
];

/// Every command with every flag of its own, as pg_dump and age spell them.
const FLAGS: [(&str, &[&[&str]]); 12] = [
    ("init", &[&["-r, --recipient", "-R, --recipients-file", "--identity-out", "-i, --identity", "--repo"]]),
    ("dump", &[DUMP, SELECTION, PLACE, CONNECTION]),
    ("list", &[PLACE]),
    ("show", &[&["-l, --list"], PLACE]),
    ("verify", &[&["--depth", "--no-mark", "--repair"], PLACE]),
    ("restore", &[RESTORE, DEFINITIONS, SELECTION, PIECES, PLACE, CONNECTION]),
    (
        "drill",
        &[
            &["--tables", "--max-bytes", "--check", "--report", "--keep", "-j, --jobs"],
            DEFINITIONS,
            SELECTION,
            PIECES,
            PLACE,
            CONNECTION,
        ],
    ),
    ("sql", &[&["--restrict-key"], DEFINITIONS, SELECTION, PIECES, PLACE]),
    ("cat", &[&["--format", "--columns", "--limit", "-E, --encoding"], PLACE]),
    ("diff", &[PLACE]),
    ("trust", &[&["--also", "--forget", "--repo"]]),
    ("completions", &[]),
];

const GLOBAL: [&str; 4] = ["--json", "-q, --quiet", "-v, --verbose", "-?, --help"];

#[test]
fn every_flag_is_in_the_help_with_a_sentence_of_its_own() {
    let overview = stdout(&["--help"]);
    for (command, flags) in FLAGS {
        assert!(overview.contains(&format!("\n  {command} ")), "{command} is missing in the overview");
        let help = stdout(&[command, "--help"]);
        let flags: Vec<&str> = flags.iter().copied().flatten().chain(&GLOBAL).copied().collect();
        for flag in &flags {
            let at = help.lines().position(|line| line.trim_start().starts_with(flag));
            let at = at.unwrap_or_else(|| panic!("`pgkeep {command} --help` does not show {flag}"));
            let sentence = help.lines().nth(at + 1).unwrap_or_default();
            assert!(
                sentence.starts_with("          ") && !sentence.trim().is_empty(),
                "{command} {flag}: {sentence:?}"
            );
        }
        let shown = help
            .lines()
            .filter(|line| line.trim_start().starts_with('-') && !line.trim_start().starts_with("- "))
            .count();
        assert_eq!(shown, flags.len(), "`pgkeep {command} --help` shows a flag that no test knows");
        assert!(help.contains("Examples:"), "`pgkeep {command} --help` has no examples");
    }
}

#[test]
fn every_example_is_understood() {
    let folder = Path::new(env!("CARGO_BIN_EXE_pgkeep")).parent().unwrap();
    for (command, _) in FLAGS {
        let help = stdout(&[command, "--help"]);
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        let examples: Vec<&str> =
            examples.lines().filter_map(|line| line.split_once("pgkeep ")).map(|(_, e)| e).collect();
        assert!(!examples.is_empty(), "{command}");
        for example in examples {
            // The help is asked for in the end, so that everything before it is parsed and nothing is done.
            let typed = example.split(['|', '>', '&']).next().unwrap();
            let script = format!("pgkeep {typed} --help");
            let output =
                Command::new("/bin/sh").args(["-c", &script]).env_clear().env("PATH", folder).output().unwrap();
            assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn the_first_line_of_every_help_is_an_imperative_without_a_full_stop() {
    for (command, _) in FLAGS {
        let help = stdout(&[command, "-?"]);
        let first = help.lines().next().unwrap_or_default();
        assert!(first.starts_with(char::is_uppercase) && !first.ends_with('.'), "{command}: {first}");
        for line in help.lines().take_while(|line| *line != "Examples:") {
            assert!(!line.ends_with('.') || line.ends_with(".."), "{command}: {line}");
        }
    }
}

#[test]
fn exit_codes_are_the_same_in_help_and_readme() {
    let help = stdout(&["--help"]);
    let (_, codes) = help.split_once("Exit codes:\n").expect("the long help ends with the exit codes");
    let readme = include_str!("../../README.md");
    let mut seen = 0;
    for line in codes.lines().filter(|line| !line.trim().is_empty()) {
        let (code, meaning) = line.trim().split_once("  ").expect("a code and its meaning");
        assert!(readme.contains(&format!("| {code} | {meaning} |")), "README lacks: {line}");
        seen += 1;
    }
    assert_eq!(seen, 12);
}

#[test]
fn nonsense_is_refused_with_code_2_and_one_error() {
    let table: &[&[&str]] = &[
        &[],
        &["frobnicate"],
        &["dump", "--frobnicate"],
        &["dump", "a", "-d", "b"],
        &["dump", "-w", "-W"],
        &["dump", "-j", "0"],
        &["dump", "-j", "many"],
        &["restore"],
        &["verify", "--depth", "bottomless"],
        &["list", "-q", "-v"],
        &["init", "-r", "age1x", "--identity-out", "x"],
        // No repository is named, and the environment names none.
        &["list"],
        &["list", "--repo", ""],
    ];
    for arguments in table {
        let output = run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(!stderr.trim().is_empty() && output.stdout.is_empty(), "{arguments:?}: {stderr}");
    }
}

#[test]
fn h_is_the_host_as_in_pg_dump() {
    let output = run(&["dump", "-h"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("a value is required for '--host <HOST>'"));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&["completions", shell]);
        for (command, _) in FLAGS {
            assert!(script.contains(command), "{shell} lacks {command}");
        }
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut child =
        pgkeep(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
    assert_eq!(child.wait().expect("ends").code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");
}
