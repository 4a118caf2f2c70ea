//! Filter files of pg_dump and pg_restore: lines of `include|exclude`, a kind of object and a pattern; `#` starts a
//! comment.
//!
//! Commands and kinds are read without regard to case. A quoted name may span lines, and inside quotes `\n` is a newline
//! and `\\` a backslash. Blanks outside quotes mean nothing beside `.`, `,` and parentheses, and one of them is as good as
//! many.

use std::io::Read as _;

use pgkeep::plan::select::Purpose;
use pgkeep::{Error, Result};

use super::{Patterns, refusal};

/// Adds the patterns of a file, `-` for standard input.
pub(super) fn read(file: &str, purpose: Purpose, patterns: &mut Patterns) -> Result<()> {
    add(file, &text(file, "filter", "a filter file is text in UTF-8")?, purpose, patterns)
}

/// A file that chooses, `-` for standard input.
pub(super) fn text(file: &str, what: &str, hint: &str) -> Result<String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().lock().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(file).map(|read| text = read),
    };
    read.map_err(|error| Error::Usage {
        message: format!("cannot read {what} {file}: {error}"),
        hint: Some(hint.into()),
    })?;
    Ok(text)
}

fn add(file: &str, text: &str, purpose: Purpose, patterns: &mut Patterns) -> Result<()> {
    let mut commands = Commands { rest: text, line: 1 };
    while !commands.rest.is_empty() {
        let line = commands.line;
        commands.next(purpose, patterns).map_err(|problem| refusal(file, line, &problem))?;
    }
    Ok(())
}

/// What is left of a file to read.
struct Commands<'a> {
    rest: &'a str,
    line: usize,
}

impl Commands<'_> {
    /// Reads one line, or as many as its quoted names span.
    fn next(&mut self, purpose: Purpose, patterns: &mut Patterns) -> Result<(), String> {
        self.blanks();
        if !self.is_over() {
            let verb = self.keyword("include or exclude is missing")?;
            let kind = self.keyword("the kind of object is missing")?;
            let list = list(&verb, &kind, purpose, patterns)?;
            let pattern = self.pattern()?;
            if pattern.is_empty() {
                return Err("a pattern is missing".into());
            }
            list.push(pattern);
        }
        let (_comment, next) = self.rest.split_once('\n').unwrap_or(("", ""));
        self.rest = next;
        self.line += 1;
        Ok(())
    }

    /// Whether nothing but a comment is left of the line.
    fn is_over(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with(['\n', '#'])
    }

    /// Skips blanks of this line; whether there were any.
    fn blanks(&mut self) -> bool {
        let after = self.rest.trim_start_matches([' ', '\t', '\r', '\x0b', '\x0c']);
        let found = after.len() < self.rest.len();
        self.rest = after;
        found
    }

    /// All up to a blank or the end of the line, in lower case.
    fn keyword(&mut self, missing: &str) -> Result<String, String> {
        self.blanks();
        let end = self.rest.find(|c: char| c.is_ascii_whitespace() || c == '\x0b').unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(end);
        self.rest = after;
        if word.is_empty() { Err(missing.into()) } else { Ok(word.to_ascii_lowercase()) }
    }

    /// The pattern without blanks that mean nothing.
    fn pattern(&mut self) -> Result<String, String> {
        let (mut out, mut blank) = (String::new(), false);
        loop {
            blank |= self.blanks();
            if self.is_over() {
                return Ok(out);
            }
            let Some(c) = self.rest.chars().next() else { return Ok(out) };
            let joins = matches!(c, '.' | ',' | '(' | ')');
            if blank && !joins && !out.is_empty() && !out.ends_with(['.', '(', ')', ' ']) {
                out.push(' ');
            }
            blank = false;
            self.rest = &self.rest[c.len_utf8()..];
            out.push(c);
            match c {
                '"' => self.quoted(&mut out)?,
                ',' => out.push(' '),
                _ => {}
            }
        }
    }

    /// The rest of a quoted name, after its first quote. Doubled quotes are two quoted names that touch.
    fn quoted(&mut self, out: &mut String) -> Result<(), String> {
        let mut characters = self.rest.chars();
        while let Some(c) = characters.next() {
            match c {
                '\r' if characters.as_str().starts_with('\n') => {}
                '\\' => out.push(match characters.next() {
                    Some('n') => '\n',
                    Some('\\') => '\\',
                    _ => return Err("inside quotes a backslash is followed by n or by another one".into()),
                }),
                _ => out.push(c),
            }
            self.line += usize::from(c == '\n');
            if c == '"' {
                self.rest = characters.as_str();
                return Ok(());
            }
        }
        Err("a quoted name does not end".into())
    }
}

/// Where patterns of a command go.
fn list<'a>(
    verb: &str,
    kind: &str,
    purpose: Purpose,
    patterns: &'a mut Patterns,
) -> Result<&'a mut Vec<String>, String> {
    Ok(match (verb, kind) {
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
    })
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
            assert_eq!(Commands { rest: written, line: 1 }.pattern().unwrap(), pattern);
        }
    }

    #[test]
    fn escapes_inside_quotes_are_read_as_pg_dump_reads_them() {
        for (written, pattern) in [
            (r#""two\nlines""#, "\"two\nlines\""),
            (r#"s."back\\slash" # x"#, r#"s."back\slash""#),
            (r#""a\\""b""#, r#""a\""b""#),
            ("\"a\r\nb\"", "\"a\nb\""),
            (r"t\d", r"t\d"),
        ] {
            assert_eq!(Commands { rest: written, line: 1 }.pattern().unwrap(), pattern);
        }
        let refused = add("f", r#"exclude table "a\tb""#, Purpose::Dump, &mut Patterns::default()).unwrap_err();
        let problem = "line 1 of filter f: inside quotes a backslash is followed by n or by another one";
        assert_eq!(refused.to_string(), problem);
    }

    #[test]
    fn commands_are_read_without_regard_to_case() {
        let mut patterns = Patterns::default();
        add("f", "INCLUDE Table \"a\"\r\nexclude\ttable_DATA b\r\n", Purpose::Dump, &mut patterns).unwrap();
        assert_eq!((patterns.tables, patterns.exclude_rows), (vec!["\"a\"".into()], vec!["b".to_owned()]));
        let mut patterns = Patterns::default();
        add("f", "include table a\u{a0}b", Purpose::Dump, &mut patterns).unwrap();
        assert_eq!(patterns.tables, ["a\u{a0}b"]);
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
            ("+ table x", "line 1 of filter f: `+` is neither include nor exclude"),
            ("include table\"x\"", "line 1 of filter f: nothing can include `table\"x\"`"),
            ("include", "line 1 of filter f: the kind of object is missing"),
            ("# x\ninclude table \"x", "line 2 of filter f: a quoted name does not end"),
        ] {
            let refused = add("f", text, Purpose::Dump, &mut Patterns::default()).unwrap_err();
            assert_eq!(refused.to_string(), problem);
        }
    }
}
