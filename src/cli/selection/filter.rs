//! Filter files of pg_dump and pg_restore: lines of `include|exclude`, a kind of object and a pattern; `#` starts a
//! comment.
//!
//! A quoted name may span lines. Blanks outside quotes mean nothing beside `.`, `,` and parentheses, and one of them is
//! as good as many.

use std::io::Read as _;

use pgkeep::plan::select::Purpose;
use pgkeep::{Error, Result};

use super::{Patterns, refusal};

/// Adds the patterns of a file, `-` for standard input.
pub(super) fn read(file: &str, purpose: Purpose, patterns: &mut Patterns) -> Result<()> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().lock().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(file).map(|read| text = read),
    };
    read.map_err(|error| Error::Usage {
        message: format!("cannot read filter {file}: {error}"),
        hint: Some("a filter file is text in UTF-8".into()),
    })?;
    add(file, &text, purpose, patterns)
}

fn add(file: &str, text: &str, purpose: Purpose, patterns: &mut Patterns) -> Result<()> {
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let end = end_of_command(rest).map_err(|problem| refusal(file, line, problem))?;
        let (command, after) = rest.split_at(end);
        rest = after.split_once('\n').map_or("", |(_comment, next)| next);
        command_of(command.trim(), purpose, patterns).map_err(|problem| refusal(file, line, &problem))?;
        line += text[..text.len() - rest.len()].matches('\n').count() + 1 - line;
    }
    Ok(())
}

/// Where a command ends: at a comment or at the end of the line, outside quotes.
fn end_of_command(text: &str) -> Result<usize, &'static str> {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'#' | b'\n' if !quoted => return Ok(at),
            _ => {}
        }
    }
    if quoted { Err("a quoted name does not end") } else { Ok(text.len()) }
}

fn command_of(command: &str, purpose: Purpose, patterns: &mut Patterns) -> Result<(), String> {
    if command.is_empty() {
        return Ok(());
    }
    let (verb, rest) = word(command);
    let (kind, pattern) = word(rest);
    let list = match (verb, kind) {
        ("include", "schema") => &mut patterns.schemas,
        ("exclude", "schema") => &mut patterns.exclude_schemas,
        ("include", "table") => &mut patterns.tables,
        ("exclude", "table") => &mut patterns.exclude_tables,
        ("include", "table_and_children") => &mut patterns.trees,
        ("exclude", "table_and_children") => &mut patterns.exclude_trees,
        ("exclude", "table_data") => &mut patterns.exclude_rows,
        ("exclude", "table_data_and_children") => &mut patterns.exclude_tree_rows,
        ("include", "extension") => &mut patterns.extensions,
        ("exclude", "extension") => &mut patterns.exclude_extensions,
        ("include", "foreign_data") => &mut patterns.foreign_servers,
        ("include", "function") if purpose == Purpose::Restore => &mut patterns.pieces.functions,
        ("include", "index") if purpose == Purpose::Restore => &mut patterns.pieces.indexes,
        ("include", "trigger") if purpose == Purpose::Restore => &mut patterns.pieces.triggers,
        ("include" | "exclude", _) => return Err(format!("nothing can {verb} `{kind}`")),
        _ => return Err(format!("`{verb}` is neither include nor exclude")),
    };
    if pattern.is_empty() {
        return Err("a pattern is missing".into());
    }
    list.push(normalised(pattern));
    Ok(())
}

/// The pattern without blanks that mean nothing.
fn normalised(pattern: &str) -> String {
    let (mut out, mut quoted, mut blank) = (String::with_capacity(pattern.len()), false, false);
    for c in pattern.chars() {
        if !quoted && c.is_whitespace() {
            blank = true;
            continue;
        }
        let joins = !quoted && matches!(c, '.' | ',' | '(' | ')');
        if blank && !joins && !out.ends_with(['.', '(', ')', ' ']) && !out.is_empty() {
            out.push(' ');
        }
        blank = false;
        quoted ^= c == '"';
        out.push(c);
        if joins && c == ',' {
            out.push(' ');
        }
    }
    out
}

/// The first word and what follows it.
fn word(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_at_comments_and_lines_outside_quotes() {
        let mut patterns = Patterns::default();
        let text = "# all of it\n\ninclude table ord.* # and nothing else\n  exclude   table_data \"a # b\nc\".\"d\"\"\" \n\
                    include extension citext";
        add("f", text, Purpose::Dump, &mut patterns).unwrap();
        assert_eq!(patterns.tables, ["ord.*"]);
        assert_eq!(patterns.exclude_rows, ["\"a # b\nc\".\"d\"\"\""]);
        assert_eq!(patterns.extensions, ["citext"]);
    }

    #[test]
    fn blanks_beside_dots_and_parentheses_mean_nothing() {
        for (written, pattern) in [
            ("ord . line", "ord.line"),
            ("ord  line", "ord line"),
            ("f ( int ,text )", "f(int, text)"),
            ("f(double   precision,\ttext)", "f(double precision, text)"),
            ("\"a . b\" . \"c  d\"", "\"a . b\".\"c  d\""),
        ] {
            assert_eq!(normalised(written), pattern);
        }
    }

    #[test]
    fn pieces_are_for_restores_alone() {
        let text = "include function f(int, text)\ninclude index i # one\ninclude trigger t t";
        let mut patterns = Patterns::default();
        add("f", text, Purpose::Restore, &mut patterns).unwrap();
        assert_eq!(
            (patterns.pieces.functions, patterns.pieces.indexes),
            (vec!["f(int, text)".into()], vec!["i".into()])
        );
        assert_eq!(patterns.pieces.triggers, ["t t"]);
        let refused = add("f", text, Purpose::Dump, &mut Patterns::default()).unwrap_err();
        assert_eq!(refused.to_string(), "line 1 of filter f: nothing can include `function`");
        assert!(add("f", "exclude index i", Purpose::Restore, &mut Patterns::default()).is_err());
    }

    #[test]
    fn nonsense_is_refused_with_its_line() {
        for (text, problem) in [
            ("\n\nfoo table x", "line 3 of filter f: `foo` is neither include nor exclude"),
            ("include table \"a\nb\"\ninclude table_data x", "line 3 of filter f: nothing can include `table_data`"),
            ("include table", "line 1 of filter f: a pattern is missing"),
            ("# x\ninclude table \"x", "line 2 of filter f: a quoted name does not end"),
        ] {
            let refused = add("f", text, Purpose::Dump, &mut Patterns::default()).unwrap_err();
            assert_eq!(refused.to_string(), problem);
        }
    }
}
