//! The rules themselves, each a pure function from a file to complaints, so that planted violations can be shown to it.

use std::sync::LazyLock;

use super::code::{bare, functions, named_below, without_tests, words};

/// One file below the root: `src/pg/session.rs`.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Modules of the library, top down: the rows of the table of layers in its documentation, which is the one source. A
/// module imports from rows below its own, and of its own row only itself.
static LAYERS: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| layers_of(include_str!("../../../src/lib.rs")));

/// The modules in each row of the table under `# Layers`.
pub(crate) fn layers_of(documentation: &str) -> Vec<Vec<&str>> {
    let (_, section) = documentation.split_once("//! # Layers\n").expect("a section on layers");
    let rows = section.lines().take_while(|line| !line.starts_with("//! # "));
    let rows = rows.filter_map(|line| line.strip_prefix("//! | ")?.split_once(" | ").map(|(_, modules)| modules));
    let modules = rows.map(|row| row.split("[`").skip(1).filter_map(|rest| rest.split('`').next()).collect::<Vec<_>>());
    modules.map(|row| row.into_iter().map(|name| name.trim_start_matches("mod@")).collect()).collect()
}

/// Which modules may use a crate; the binary's module is `cli`. A crate that is not listed may be used anywhere.
const CRATES: [(&str, &[&str]); 23] = [
    ("age", &["codec"]),
    ("blake3", &["codec", "hash", "repository", "verify"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("comfy_table", &["cli"]),
    ("console", &["cli"]),
    ("encoding_rs", &["cat"]),
    ("getrandom", &["codec", "drill", "pg", "repository", "script"]),
    ("indicatif", &["cli"]),
    ("object_store", &["store"]),
    ("postgres_protocol", &["pg"]),
    ("rayon", &["cpu"]),
    ("regex", &["plan"]),
    ("rustls", &["pg"]),
    ("rustls_native_certs", &["pg"]),
    ("sha2", &["pg"]),
    ("socket2", &["pg"]),
    ("thiserror", &["error"]),
    ("tokio_rustls", &["pg"]),
    ("x509_cert", &["pg"]),
    ("xxhash_rust", &["codec"]),
    ("zeroize", &["codec", "pg", "repository", "cli"]),
    ("zstd", &["codec"]),
];

/// Parts of a crate that only some modules may use, where the crate itself is for all.
const CRATE_PARTS: [(&str, &str, &[&str]); 2] = [("tokio", "net", &["pg"]), ("tokio", "signal", &["cli"])];

/// Marks of unfinished work, put together so that this file does not hold them.
const LEFTOVERS: [&str; 7] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("// XX", "X"),
    concat!("HA", "CK"),
    concat!("to", "do!"),
    concat!("unimplemented", "!"),
    concat!("db", "g!"),
];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "helper", "helpers", "manager", "common", "misc", "types_"];

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

/// The module of the crate that a file below `src` belongs to.
fn module(path: &str) -> &str {
    let path = path.strip_prefix("src/").unwrap_or(path);
    path.split(['/', '.']).next().unwrap_or(path)
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().rev().position(|row| row.contains(&module))
}

/// Imports go down, never up or sideways, and the command line sees only what the library makes public.
pub(crate) fn layers(file: &File) -> Vec<String> {
    let own = module(&file.path);
    if own == "lib" || own == "main" {
        return Vec::new();
    }
    let code = bare(&file.text);
    let imports = named_below(&code, "crate").into_iter().chain(climbs(file, &code));
    let imports = imports.filter(|name| name != own && name.starts_with(|c: char| c.is_ascii_lowercase()));
    if own == "cli" {
        return imports.map(|name| format!("{}: the command line uses `crate::{name}`", file.path)).collect();
    }
    let Some(height) = layer(own) else { return vec![format!("{}: `{own}` stands in no layer", file.path)] };
    let complain = |name: String| match layer(&name) {
        // The macro `text!` and the like.
        None if code.contains(&format!("crate::{name}!")) => None,
        None => Some(format!("{}: `{name}` stands in no layer", file.path)),
        Some(other) if other < height => None,
        Some(other) if other == height => Some(format!("{}: `{own}` imports sideways from `{name}`", file.path)),
        Some(_) => Some(format!("{}: `{own}` imports upwards from `{name}`", file.path)),
    };
    imports.filter_map(complain).collect()
}

/// Modules reached by `super::` from a file that stands directly below the root.
fn climbs(file: &File, code: &str) -> Vec<String> {
    let at_root = file.path.matches('/').count() == 1 || file.path.ends_with("/mod.rs");
    let reached = if at_root { named_below(&without_tests(code), "super") } else { Vec::new() };
    reached.into_iter().filter(|name| layer(name).is_some()).collect()
}

/// Each crate stays where it belongs.
pub(crate) fn crates(file: &File) -> Vec<String> {
    let own = module(&file.path);
    let code = bare(&file.text);
    let mut complaints = Vec::new();
    for (name, allowed) in CRATES {
        let used = words(&code, name).any(|at| {
            let after = code[at + name.len()..].trim_start();
            let before = code[..at].trim_end();
            after.starts_with("::") && !before.ends_with("::") || before.ends_with("use") && after.starts_with(';')
        });
        if used && !allowed.contains(&own) {
            complaints.push(format!("{}: `{name}` belongs to {}", file.path, allowed.join(", ")));
        }
    }
    for (name, part, allowed) in CRATE_PARTS {
        if named_below(&code, name).iter().any(|found| found == part) && !allowed.contains(&own) {
            complaints.push(format!("{}: `{name}::{part}` belongs to {}", file.path, allowed.join(", ")));
        }
    }
    complaints
}

/// Files that may run statements alone, outside of what pins their meaning: those that a server refuses in a transaction.
const ALONE: [&str; 5] = [
    "src/drill/scratch.rs",
    "src/pg/session.rs",
    "src/restore/run/analyze.rs",
    "src/restore/run/database.rs",
    "src/restore/run/globals.rs",
];

/// Every statement goes out through the one place that pins before it whatever changes its meaning, and none follows the
/// end of a transaction in one message, where nothing is pinned any more.
pub(crate) fn statements(file: &File) -> Vec<String> {
    let code = without_tests(&bare(&file.text));
    let mut complaints = Vec::new();
    let writes = ["wire::query", "frontend::query", "frontend::parse", "frontend::bind"];
    let sends = writes.iter().map(|call| code.matches(&format!("{call}(")).count()).sum::<usize>();
    if sends > usize::from(file.path == "src/pg/session.rs") {
        complaints.push(format!("{}: sends a statement past `Session::start`", file.path));
    }
    if words(&code, "run_alone").next().is_some() && !ALONE.contains(&file.path.as_str()) {
        complaints.push(format!("{}: `run_alone` is not pinned through a pooler", file.path));
    }
    for end in ["COMMIT;", "ROLLBACK;", "END TRANSACTION;"] {
        if file.path.ends_with(".rs") && file.text.contains(end) {
            complaints.push(format!("{}: a statement after `{end}` in one message is not pinned", file.path));
        }
    }
    complaints
}

/// Files and functions are short enough to read, and each file says first what it is.
pub(crate) fn shape(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines = file.text.lines().count();
    if lines > FILE_LINES_MAX {
        complaints.push(format!("{}: {lines} lines, {FILE_LINES_MAX} at most", file.path));
    }
    let (opening, empty) = if file.path.ends_with(".sql") { ("--", "-- ") } else { ("//!", "//! ") };
    let first = file.text.lines().next().unwrap_or_default();
    // A module may be introduced by a document of its own.
    let document = first.starts_with("#![doc = include_str!(");
    if !document && (!first.starts_with(opening) || first.len() <= empty.len()) {
        complaints.push(format!("{}: does not open with `{opening}` and what it is", file.path));
    }
    if file.path.ends_with(".rs") {
        for (name, line, lines) in functions(&bare(&file.text)) {
            if lines > FUNCTION_LINES_MAX {
                complaints.push(format!("{}:{line}: `{name}` has {lines} lines", file.path));
            }
        }
    }
    complaints
}

/// Lines of all functions that are no tests, shortest first.
pub(crate) fn function_lengths(files: &[File]) -> Vec<usize> {
    let all = files.iter().filter(|file| !file.path.ends_with("/tests.rs"));
    let all = all.flat_map(|file| functions(&without_tests(&bare(&file.text))));
    let mut lengths: Vec<usize> = all.map(|(_, _, lines)| lines).collect();
    lengths.sort_unstable();
    lengths
}

/// A folder says in the first words of its `mod.rs` what it owns and where its limits are.
pub(crate) fn faces(file: &File) -> Vec<String> {
    if !file.path.ends_with("/mod.rs") {
        return Vec::new();
    }
    let opening =
        file.text.lines().map_while(|line| line.strip_prefix("//!")).collect::<Vec<_>>().join(" ").to_lowercase();
    let limits = ["never", "nothing", "only", "pure"].iter().any(|word| words(&opening, word).next().is_some());
    let complaint = format!("{}: does not say what this folder must never do", file.path);
    if limits { Vec::new() } else { vec![complaint] }
}

/// What must not stand in code that is finished.
pub(crate) fn leftovers(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for mark in LEFTOVERS.iter().filter(|mark| words(line, mark).next().is_some()) {
            complaints.push(format!("{}:{}: `{mark}`", file.path, number + 1));
        }
    }
    let name = file.path.rsplit('/').next().unwrap_or_default();
    if EMPTY_NAMES.iter().any(|empty| name.split('.').next() == Some(empty)) {
        complaints.push(format!("{}: a name that says nothing", file.path));
    }
    complaints
}

/// The library never unwraps outside of its tests: `expect` says why it holds.
pub(crate) fn unwraps(file: &File) -> Vec<String> {
    if file.path.ends_with("/tests.rs") || file.path.contains("/tests/") {
        return Vec::new();
    }
    let code = without_tests(&bare(&file.text));
    let lines = code.lines().enumerate().filter(|(_, line)| line.contains(concat!(".unwrap", "()")));
    lines.map(|(number, _)| format!("{}:{}: unwraps", file.path, number + 1)).collect()
}

/// A code of the server has a name, in the one file that has them all.
pub(crate) fn sqlstates(file: &File) -> Vec<String> {
    if file.path == "src/error/sqlstate.rs" {
        return Vec::new();
    }
    let code = without_tests(&bare(&file.text));
    let mut complaints = Vec::new();
    for (number, (line, bare)) in file.text.lines().zip(code.lines()).enumerate() {
        // What is left between the quotes of a string is blank; of a line of tests nothing is.
        let literals = line.split('"').skip(1).step_by(2);
        let is_code = |word: &&str| {
            let letters = word.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
            word.len() == 5 && letters && word.starts_with(|c: char| c.is_ascii_digit() || word.starts_with("XX"))
        };
        for word in literals.filter(is_code).filter(|_| !bare.trim().is_empty()) {
            complaints.push(format!("{}:{}: `{word}` has a name in `error::sqlstate`", file.path, number + 1));
        }
    }
    complaints
}

/// Modules that may look for bytes in statements, and those that hold none.
const SEARCHERS: [&str; 4] = ["text", "pg", "codec", "cat"];
const WITHOUT_STATEMENTS: [&str; 5] = ["cli", "hash", "repository", "store", "verify"];

/// Facts are fields: nothing is searched for in a statement but by the lexer.
pub(crate) fn searches(file: &File) -> Vec<String> {
    let own = module(&file.path);
    if SEARCHERS.contains(&own) || WITHOUT_STATEMENTS.contains(&own) || file.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let code = without_tests(&bare(&file.text));
    let mut complaints = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let by_bytes =
            ["starts_with", "ends_with", "strip_prefix", "strip_suffix", "split_once", "find"].iter().any(|call| {
                let given = line.split_once(&format!(".{call}(")).map(|(_, given)| given);
                // Of a literal of bytes only its letter is left.
                given.is_some_and(|given| {
                    given.starts_with("b ") || given.starts_with("&b ") || given.contains(".as_bytes())")
                })
            });
        let in_shown = line.split_once(".lossy().").is_some_and(|(_, call)| {
            ["contains(", "find(", "starts_with(", "ends_with(", "split"].iter().any(|search| call.starts_with(search))
        });
        if by_bytes || in_shown || line.contains("memmem::") || line.contains(".as_bytes().windows(") {
            complaints.push(format!("{}:{}: searches text for what a field should say", file.path, number + 1));
        }
    }
    complaints
}

/// Files of a folder that its main file forgets to declare.
pub(crate) fn undeclared(main: &str, names: &[String]) -> Vec<String> {
    let declared: Vec<&str> = main
        .lines()
        .filter_map(|line| line.trim_start_matches("pub(crate) ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    names.iter().filter(|name| !declared.contains(&name.as_str())).cloned().collect()
}

/// Names at the root that do not belong there. Dot files are free.
pub(crate) fn strangers(names: &[String]) -> Vec<String> {
    const KNOWN: [&str; 11] = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "fuzz",
        "src",
        "target",
        "testdata",
        "tests",
    ];
    names.iter().filter(|name| !name.starts_with('.') && !KNOWN.contains(&name.as_str())).cloned().collect()
}

/// Families that the catalog loads. `parts` is no family: it joins columns, defaults, checks and the like for tables.
pub(crate) fn families(catalog: &str) -> Vec<String> {
    let code = bare(catalog);
    let before = |at: usize| code[..at].rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next();
    let calls = code.match_indices("::load(").filter_map(|(at, _)| before(at)).filter(|name| *name != "parts");
    let mut names: Vec<String> = calls.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}
