//! Names that an attacker would shadow: all words and operators of all our statements, found in the source itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tidy::code::bare;

/// What the keywords of a statement call by name without writing it: IN, LIKE, BETWEEN, CASE, NULLIF, DISTINCT FROM.
const HIDDEN: [&str; 9] = ["=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "||"];

/// Words and operators. More than are really called: what the catalog does not know is of no use to anybody.
#[derive(Default)]
pub(super) struct Names {
    pub(super) words: BTreeSet<String>,
    pub(super) called: BTreeSet<String>,
    pub(super) operators: BTreeSet<String>,
}

impl Names {
    /// Those of all `.sql` files and all literals of Rust below `src`.
    pub(super) fn of_all_statements() -> Names {
        let mut names = Names::default();
        names.operators.extend(HIDDEN.map(str::to_owned));
        for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let text = fs::read_to_string(&file).expect("source is UTF-8");
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("sql") => names.add(&text),
                Some("rs") => names.add(&literals(&text)),
                _ => {}
            }
        }
        names
    }

    fn add(&mut self, text: &str) {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_operator = |c: char| "+-*/<>=~!@#%^&|`?".contains(c);
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = |test: &dyn Fn(char) -> bool| rest.find(|c| !test(c)).unwrap_or(rest.len());
            let length = if is_word(first) {
                let length = end(&is_word);
                let word = rest[..length].to_ascii_lowercase();
                if rest[length..].trim_start().starts_with('(') {
                    self.called.insert(word.clone());
                }
                self.words.insert(word);
                length
            } else if is_operator(first) {
                let length = end(&is_operator);
                self.operators.insert(rest[..length].to_owned());
                length
            } else {
                first.len_utf8()
            };
            rest = &rest[length..];
        }
    }
}

/// All that is no code: literals, and comments, which do no harm.
fn literals(source: &str) -> String {
    let code = bare(source);
    let hidden = source.bytes().zip(code.bytes()).map(|(byte, left)| if byte == left { b' ' } else { byte });
    let bytes: Vec<u8> = hidden.collect();
    // Spaces inside literals are equal on both sides and stay spaces.
    String::from_utf8_lossy(&bytes).into_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the source").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn names_are_found_in_queries_and_in_literals() {
    let names = Names::of_all_statements();
    for word in ["aclexplode", "pg_class", "regclass", "pg_export_snapshot", "pg_terminate_backend", "lo_put"] {
        assert!(names.words.contains(word), "{word}");
    }
    assert!(names.called.contains("has_table_privilege") && names.called.contains("pg_advisory_xact_lock"));
    for operator in ["=", "<>", "!~", "||", "&"] {
        assert!(names.operators.contains(operator), "{operator}");
    }
}
