//! The project keeps its own shape: layers, crates in their places, short files and functions, nothing forgotten.

pub(crate) mod code;
mod knots;
mod planted;
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

use rules::File;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files of these kinds below a folder of the root.
fn files(below: &str, extensions: &[&str]) -> Vec<File> {
    let mut folders = vec![root().join(below)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted)) {
                let text = fs::read_to_string(&path).expect("source is UTF-8");
                let path = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push(File { path, text });
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {below}");
    found
}

/// Names in a folder, without the ending `.rs`.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder of the project").map(|entry| entry.expect("an entry"));
    entries.map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned()).collect()
}

#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[track_caller]
fn assert_kept(rule: fn(&File) -> Vec<String>, files: &[File]) {
    assert_none(&files.iter().flat_map(rule).collect::<Vec<_>>());
}

#[test]
fn imports_go_down() {
    assert_kept(rules::layers, &files("src", &["rs"]));
}

/// Files of the largest circle of imports inside a folder.
const KNOT_FILES_MAX: usize = 4;
/// Lines that of a hundred functions only one may exceed.
const FUNCTION_LINES_P99: usize = 45;

/// `cargo test --test it tidy::figures -- --nocapture` prints them.
#[test]
fn figures() {
    let files = files("src", &["rs"]);
    let knots = knots::knots(&files);
    for knot in &knots {
        println!("knot of {} files: {}", knot.len(), knot.join(", "));
    }
    let largest = knots.first().map_or(0, Vec::len);
    let lengths = rules::function_lengths(&files);
    let at = |percent: usize| lengths[(lengths.len() * percent / 100).min(lengths.len() - 1)];
    let p99 = at(99);
    println!("largest knot inside a folder: {largest} files");
    println!("{} functions: {} lines at the median, {} p90, {p99} p99, {} max", lengths.len(), at(50), at(90), at(100));
    println!("searches of statements: {}", files.iter().flat_map(rules::searches).count());
    assert!(largest <= KNOT_FILES_MAX, "{largest} files import each other in a circle: {}", knots[0].join(", "));
    assert!(p99 <= FUNCTION_LINES_P99, "one function of a hundred has more than {p99} lines");
}

#[test]
fn codes_of_the_server_have_names() {
    assert_kept(rules::sqlstates, &files("src", &["rs"]));
}

#[test]
fn crates_stay_in_their_places() {
    assert_kept(rules::crates, &files("src", &["rs"]));
}

#[test]
fn files_and_functions_are_short_and_introduced() {
    assert_kept(rules::shape, &files("src", &["rs", "sql"]));
    assert_kept(rules::shape, &files("tests", &["rs", "sql"]));
    assert_kept(rules::shape, &files("testdata", &["sql"]));
    assert_kept(rules::faces, &files("src", &["rs"]));
}

#[test]
fn no_statement_goes_out_before_its_meaning_is_pinned() {
    assert_kept(rules::statements, &files("src", &["rs"]));
}

#[test]
fn nothing_unfinished_is_left() {
    for folder in ["src", "tests", "testdata"] {
        assert_kept(rules::leftovers, &files(folder, &["rs", "sql", "sh", "md"]));
    }
}

#[test]
fn the_library_does_not_unwrap() {
    assert_kept(rules::unwraps, &files("src", &["rs"]));
}

#[test]
fn facts_are_fields_and_not_looked_for_in_statements() {
    assert_kept(rules::searches, &files("src", &["rs"]));
}

#[test]
fn the_root_holds_what_it_should() {
    assert_none(&rules::strangers(&names(&root())));
}

#[test]
fn no_test_is_forgotten() {
    for folder in ["tests/it", "tests/it/harness", "tests/it/tidy"] {
        let folder = root().join(folder);
        let main = if folder.join("main.rs").exists() { "main" } else { "mod" };
        let declarations = fs::read_to_string(folder.join(format!("{main}.rs"))).expect("the folder's main file");
        let others: Vec<String> =
            names(&folder).into_iter().filter(|name| name != main && !name.contains('.')).collect();
        assert_none(&rules::undeclared(&declarations, &others));
    }
}

#[test]
fn every_query_of_the_catalog_is_read() {
    let sources: String = files("src/catalog", &["rs"]).into_iter().map(|file| file.text).collect();
    let queries = files("src/catalog", &["sql"]).into_iter();
    let name = |file: &File| file.path.rsplit('/').next().unwrap_or_default().to_owned();
    let unread: Vec<String> = queries.map(|file| name(&file)).filter(|name| !sources.contains(name.as_str())).collect();
    assert_none(&unread);
}

/// A family of objects is its code, its query and its fixture. Those that share one with a neighbour stand here.
const SHARED: [(&str, &str); 9] = [
    ("database.fixture", "a database is restored only where it is created: tests of whole databases have it"),
    ("foreign_data.sql", "three kinds with a query each: foreign_wrappers, foreign_servers, user_mappings"),
    ("grants.sql", "reads what the families have read"),
    ("index_attachments.fixture", "partitions"),
    ("operator_families.fixture", "operator_classes"),
    ("operator_members.fixture", "operator_classes"),
    ("schemas.fixture", "every fixture has some"),
    ("text_search.sql", "four kinds with a query each"),
    ("transforms.fixture", "languages"),
];

#[test]
fn every_family_has_its_code_query_and_fixture() {
    let catalog = root().join("src/catalog/family");
    let source = fs::read_to_string(catalog.join("mod.rs")).expect("the list of families");
    let mut missing = Vec::new();
    for family in rules::families(&source) {
        let parts = [
            ("rs", catalog.join(format!("{family}.rs"))),
            ("sql", catalog.join(format!("{family}.sql"))),
            ("fixture", root().join(format!("testdata/schema/{family}.sql"))),
        ];
        let lacking = parts.iter().filter(|(_, path)| !path.exists()).map(|(kind, _)| format!("{family}.{kind}"));
        missing.extend(lacking.filter(|name| !SHARED.iter().any(|(shared, _)| shared == name)));
    }
    assert_none(&missing);
}
