//! Filter files of pg_dump and pg_restore: lines of `include|exclude`, a kind of object and a pattern; `#` starts a
//! comment.
//!
//! Commands and kinds are read without regard to case. A quoted name may span lines, and inside quotes `\n` is a newline
//! and `\\` a backslash. Blanks outside quotes mean nothing beside `.`, `,` and parentheses, and one of them is as good as
//! many.

use super::{Purpose, Selection, Switch};
use crate::error::{Error, Result};

impl Selection {
    /// Adds the patterns of a filter file; `file` names it in errors.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] with the line of what makes no sense.
    pub fn add_filter(&mut self, file: &str, text: &str) -> Result<()> {
        let mut commands = Commands { rest: text, line: 1 };
        while !commands.rest.is_empty() {
            let line = commands.line;
            let command = commands.next(self.purpose).map_err(|problem| refusal(file, line, &problem))?;
            if let Some((switch, pattern)) = command {
                self.add(switch, &pattern)?;
            }
        }
        Ok(())
    }
}

/// A request that a filter file makes no sense of.
fn refusal(file: &str, line: usize, problem: &str) -> Error {
    Error::Usage {
        message: format!("line {line} of filter {file}: {problem}"),
        hint: Some(
            "a line is `include` or `exclude`, a kind of object and a pattern: `exclude table_data audit.*`".into(),
        ),
    }
}

/// What is left of a file to read.
struct Commands<'a> {
    rest: &'a str,
    line: usize,
}

impl Commands<'_> {
    /// Reads one line, or as many as its quoted names span.
    fn next(&mut self, purpose: Purpose) -> Result<Option<(Switch, String)>, String> {
        self.blanks();
        let mut command = None;
        if !self.is_over() {
            let verb = self.keyword("include or exclude is missing")?;
            let kind = self.keyword("the kind of object is missing")?;
            let switch = switch(&verb, &kind, purpose)?;
            let pattern = self.pattern()?;
            if pattern.is_empty() {
                return Err("a pattern is missing".into());
            }
            command = Some((switch, pattern));
        }
        let (_comment, next) = self.rest.split_once('\n').unwrap_or(("", ""));
        self.rest = next;
        self.line += 1;
        Ok(command)
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

/// What a command asks for.
fn switch(verb: &str, kind: &str, purpose: Purpose) -> Result<Switch, String> {
    let includes = match verb {
        "include" => true,
        "exclude" => false,
        _ => return Err(format!("`{verb}` is neither include nor exclude")),
    };
    Switch::in_filter(includes, kind, purpose).ok_or_else(|| format!("nothing can {verb} `{kind}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the commands of a filter ask for.
    fn commands(text: &str, purpose: Purpose) -> Vec<(Switch, String)> {
        let mut all = Commands { rest: text, line: 1 };
        let mut found = Vec::new();
        while !all.rest.is_empty() {
            found.extend(all.next(purpose).unwrap());
        }
        found
    }

    fn refused(text: &str, purpose: Purpose) -> String {
        let mut selection = Selection { purpose, ..Selection::default() };
        selection.add_filter("f", text).unwrap_err().to_string()
    }

    #[test]
    fn commands_end_at_comments_and_lines_outside_quotes() {
        let text = "# all of it\n\ninclude table ord.* # and nothing else\n  exclude   table_data \"a # b\nc\".\"d\"\"\" \n\
                    include extension citext";
        let expected = [
            (Switch::Table, "ord.*".to_owned()),
            (Switch::ExcludeTableData, "\"a # b\nc\".\"d\"\"\"".to_owned()),
            (Switch::Extension, "citext".to_owned()),
        ];
        assert_eq!(commands(text, Purpose::Dump), expected);
    }

    #[test]
    fn patterns_join_those_of_flags() {
        let mut selection = Selection::default();
        selection.add(Switch::TableAndChildren, "a").unwrap();
        selection.add_filter("f", "include table b\nexclude table_data_and_children c.d\nexclude schema e").unwrap();
        let patterns: Vec<String> = selection.patterns().iter().map(ToString::to_string).collect();
        assert_eq!(patterns, ["-N e", "--table-and-children a", "-t b", "--exclude-table-data-and-children c.d"]);
        assert!(selection.add_filter("f", "include schema a.b.c").is_err());
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
        let problem = "line 1 of filter f: inside quotes a backslash is followed by n or by another one";
        assert_eq!(refused(r#"exclude table "a\tb""#, Purpose::Dump), problem);
    }

    #[test]
    fn commands_are_read_without_regard_to_case() {
        let read = commands("INCLUDE Table \"a\"\r\nexclude\ttable_DATA b\r\n", Purpose::Dump);
        assert_eq!(read, [(Switch::Table, "\"a\"".to_owned()), (Switch::ExcludeTableData, "b".to_owned())]);
        assert_eq!(commands("include table a\u{a0}b", Purpose::Dump), [(Switch::Table, "a\u{a0}b".to_owned())]);
    }

    #[test]
    fn pieces_are_for_restores_alone() {
        let text = "include function f(int, text)\ninclude index i # one\ninclude trigger t t";
        let expected = [(Switch::Function, "f(int, text)"), (Switch::Index, "i"), (Switch::Trigger, "t t")];
        assert_eq!(commands(text, Purpose::Restore), expected.map(|(switch, pattern)| (switch, pattern.to_owned())));
        assert_eq!(refused(text, Purpose::Dump), "line 1 of filter f: nothing can include `function`");
        assert_eq!(refused("exclude index i", Purpose::Restore), "line 1 of filter f: nothing can exclude `index`");
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
            assert_eq!(refused(text, Purpose::Dump), problem);
        }
    }
}
