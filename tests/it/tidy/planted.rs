//! The rules catch what they are for: each is shown a violation, and its neighbour that is allowed.

use super::code::{bare, functions, named_below, without_tests};
use super::knots::knots;
use super::rules::{self, File};

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[track_caller]
fn caught(rule: fn(&File) -> Vec<String>, path: &str, text: &str) {
    assert!(!rule(&file(path, text)).is_empty(), "not caught in {path}: {text}");
}

#[track_caller]
fn allowed(rule: fn(&File) -> Vec<String>, path: &str, text: &str) {
    assert_eq!(rule(&file(path, text)), Vec::<String>::new(), "{path}: {text}");
}

#[test]
fn imports_that_go_up_or_sideways() {
    caught(rules::layers, "src/hash.rs", "use crate::error::Error;");
    caught(rules::layers, "src/codec/cut.rs", "use crate::store::Store;");
    caught(rules::layers, "src/pg/session.rs", "use crate::{error::Result, repository::{Writer, Pack}};");
    caught(rules::layers, "src/pg/session.rs", "use crate::{\n    error::Result,\n    catalog,\n};");
    caught(rules::layers, "src/pg/session.rs", "fn f() { let a = crate::plan::order(); }");
    caught(rules::layers, "src/plan/mod.rs", "use super::catalog::Draft;");
    caught(rules::layers, "src/novel.rs", "//! No layer.");
    caught(rules::layers, "src/cli/main.rs", "use crate::dump;");
    allowed(rules::layers, "src/codec/cut.rs", "use crate::error::Result;\nuse crate::codec::rows;\nuse super::rows;");
    allowed(
        rules::layers,
        "src/pg/a.rs",
        "// use crate::plan\nconst A: &str = \"crate::plan::x\";\nlet a = crate::text![];",
    );
    allowed(rules::layers, "src/cli/a.rs", "use crate::cli::report;\nuse pgkeep::dump;");
    allowed(rules::layers, "src/lib.rs", "pub use crate::error::Error;");
    let table = "//! # Layers\n//! text\n//! | layer | modules |\n//! |---|---|\n//! | a | [`b`], [`mod@c`]: d |\n//! | e | [`f`] |\n//! # G\n//! | h | [`i`] |\n";
    assert_eq!(rules::layers_of(table).concat(), ["b", "c", "f"]);
}

#[test]
fn files_that_import_each_other() {
    let code = [
        ("src/a.rs", "mod b;\nmod c;\nmod d;\npub use b::Shown;\npub fn f() { c::g() }"),
        ("src/a/b.rs", "pub struct Shown;"),
        ("src/a/c.rs", "use crate::{a::Shown, e};\nuse super::d::{self, Other as O};"),
        (
            "src/a/d.rs",
            "// crate::a::c\nfn f() { super::c::g::<u8>() }\n#[cfg(test)]\nmod tests { use super::super::f; }",
        ),
        ("src/e.rs", "use crate::a::c;"),
    ];
    let mut files: Vec<File> = code.iter().map(|(path, text)| file(path, text)).collect();
    assert_eq!(knots(&files), [["src/a/c.rs", "src/a/d.rs"]]);
    files[1].text.push_str("\nuse super::f;");
    assert_eq!(knots(&files).len(), 1, "nobody imports what only shows itself");
    files[3].text.push_str("\nuse super::{f, Shown};");
    assert_eq!(knots(&files), [["src/a.rs", "src/a/b.rs", "src/a/c.rs", "src/a/d.rs"]]);
}

#[test]
fn crates_out_of_place() {
    caught(rules::crates, "src/dump.rs", "use zstd::Encoder;");
    caught(rules::crates, "src/repository/pack.rs", "let a = age::Encryptor::new();");
    caught(rules::crates, "src/verify.rs", "use tokio::{net::TcpStream, sync};");
    caught(rules::crates, "src/pg/mod.rs", "use clap::Parser;");
    allowed(rules::crates, "src/codec/seal.rs", "use age::x25519;");
    allowed(
        rules::crates,
        "src/dump.rs",
        "use tokio::sync::mpsc;\n// zstd::Encoder\nlet age = 1; crate::codec::age::open()",
    );
}

#[test]
fn long_or_unexplained_files() {
    let lines = |count: usize| "    let a = 1;\n".repeat(count);
    caught(rules::shape, "src/a.rs", &format!("//! What it is.\n{}", "const A: u8 = 1;\n".repeat(600)));
    caught(rules::shape, "src/a.rs", &format!("//! What it is.\nfn long() {{\n{}}}\n", lines(70)));
    caught(rules::shape, "src/a.rs", "fn short() {}\n");
    caught(rules::shape, "src/a.sql", "SELECT 1;\n");
    allowed(
        rules::shape,
        "src/a.rs",
        &format!("//! What it is.\nfn f() {{\n{}}}\nfn g() {{\n{}}}\n", lines(60), lines(60)),
    );
}

#[test]
fn statements_that_are_not_pinned() {
    let send = "fn f() { wire::query(\"\", sql, &mut out)?; }";
    caught(rules::statements, "src/pg/copy.rs", send);
    caught(rules::statements, "src/pg/session.rs", &format!("{send}\n{send}"));
    caught(rules::statements, "src/pg/connect.rs", "frontend::query(sql, &mut out)?;");
    caught(rules::statements, "src/dump/lead.rs", "session.run_alone(\"SELECT 1\").await?;");
    caught(rules::statements, "src/dump/lead.rs", "session.run(\"COMMIT; SELECT 1\").await?;");
    allowed(rules::statements, "src/pg/session.rs", send);
    allowed(rules::statements, "src/restore/run/database.rs", "session.run_alone(create).await?;");
    allowed(rules::statements, "src/dump/lead.rs", "session.run(\"COMMIT\").await?;");
}

#[test]
fn folders_without_limits() {
    caught(rules::faces, "src/a/mod.rs", "//! What it owns.\n//! More of it.\n\n// never\n");
    allowed(rules::faces, "src/a/mod.rs", "//! What it owns.\n//!\n//! Never does more.\n");
    allowed(rules::faces, "src/a/b.rs", "//! What it owns.\n");
}

#[test]
fn codes_without_a_name() {
    let bare = concat!("if error.sqlstate() == Some(\"42", "P01\") {}");
    caught(rules::sqlstates, "src/a.rs", bare);
    caught(rules::sqlstates, "src/a.rs", concat!("match code { \"57", "014\" => 1 }"));
    allowed(rules::sqlstates, "src/error/sqlstate.rs", bare);
    allowed(rules::sqlstates, "src/a.rs", &format!("#[cfg(test)]\nmod tests {{ fn f() {{ {bare} }} }}"));
    allowed(rules::sqlstates, "src/a.rs", "(\"START\", \"12345678\", \"12 45\") // \"42");
}

#[test]
fn unfinished_code() {
    caught(rules::leftovers, "src/a.rs", concat!("// TO", "DO: more"));
    caught(rules::leftovers, "src/a.rs", concat!("    unimplemented", "!()"));
    caught(rules::leftovers, "src/utils.rs", "");
    allowed(rules::leftovers, "src/a.rs", "// all done");
}

#[test]
fn unwraps_outside_of_tests() {
    let unwrap = concat!("a.unwrap", "()");
    caught(rules::unwraps, "src/a.rs", &format!("fn f() {{ {unwrap} }}"));
    caught(rules::unwraps, "src/a.rs", &format!("#[cfg(test)]\nmod tests {{ fn g() {{}} }}\nfn f() {{ {unwrap} }}"));
    allowed(rules::unwraps, "src/a.rs", &format!("#[cfg(test)]\nmod tests {{ fn g() {{ {unwrap} }} }}"));
    allowed(rules::unwraps, "src/a.rs", &format!("// {unwrap}\nfn f() {{ a.unwrap_or(1) }}"));
}

#[test]
fn searches_of_statements() {
    let search = |path: &str, code: &str| rules::searches(&file(path, code)).len();
    for code in [
        "let a = memmem::find(statement.as_bytes(), b\"COLLATE\");",
        "let a = statement.as_bytes().starts_with(b\"DO \");",
        "let a = bytes.strip_suffix(clause.as_bytes());",
        "let a = statement.as_bytes().windows(3).any(|w| w == b\"abc\");",
        "let a = statement.lossy().contains(\"::regclass\");",
    ] {
        assert_eq!(search("src/restore/prepare/drops.rs", code), 1, "{code}");
        assert_eq!(search("src/text/lex.rs", code), 0, "{code}");
        assert_eq!(
            search("src/restore/prepare/drops.rs", &format!("#[cfg(test)]\nmod tests {{\n{code}\n}}")),
            0,
            "{code}"
        );
    }
    allowed(rules::searches, "src/plan/order.rs", "let a = found.iter().find(by_name); // memmem::find");
}

#[test]
fn forgotten_files_and_strangers() {
    let names = ["dump".to_owned(), "restore".to_owned()];
    assert_eq!(rules::undeclared("mod dump;\nmod dumped;\n", &names), ["restore"]);
    assert_eq!(rules::families("all.extend(views::load(s)); let (a, b) = parts::load(s); views::load(t)"), ["views"]);
    assert_eq!(rules::strangers(&["src".into(), "notes.txt".into(), ".ci".into()]), ["notes.txt"]);
}

#[test]
fn code_is_read_right() {
    let source = "let a = \"// no { comment\"; // {\nlet b = r#\"\"{\"#; let c = '{'; let d: &'static str = \"\\\"{\"; /* { /* */ { */ fn e() {}";
    assert_eq!(bare(source).matches('{').count(), 1);
    assert_eq!(bare(source).lines().count(), source.lines().count());
    assert_eq!(functions("fn a();\nfn b() {\n}\n"), [("a".to_owned(), 1, 1), ("b".to_owned(), 2, 2)]);
    assert_eq!(named_below("use crate::{a::{b, c}, d, e::f};crate::g::h()", "crate"), ["a", "d", "e", "g"]);
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod t { x }\nb").split_whitespace().collect::<String>(), "ab");
}
