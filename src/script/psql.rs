//! What psql makes of a script: statements and rows in a form in which it takes nothing for a command of its own.
//!
//! psql reads a backslash anywhere outside of quotes as a command, which may run programs on the machine of whoever runs
//! the script, and `:name` as a variable. It knows COPY only by the server's answer: rows of a COPY that it did not expect,
//! or whose end it saw too early, are read as statements and commands. Statements come from a server that somebody else
//! may own; none that psql could read in another way than the server passes (class of CVE-2025-8714).

use crate::text::Text;
use crate::text::lex::{Token, TokenKind, tokens};

/// The statement as psql can take it, without a final semicolon, or why there is none. What a string, a name or a body
/// says is the same whatever `standard_conforming_strings` is.
pub(super) fn statement(sql: &Text) -> Result<Text, &'static str> {
    // Whatever does not end swallows what follows it.
    let probe = crate::text![sql, ";"];
    let mut all = tokens(probe.as_bytes());
    if !all.pop().is_some_and(|last| last.is(b';')) {
        return Err("a quote or a comment does not end");
    }
    let mut reading = Reading::default();
    let mut out = Text::new();
    let mut skip = false;
    for (at, token) in all.iter().enumerate() {
        reading.check(&all[..at], token)?;
        let rest = &all[at + 1..];
        match token.kind {
            TokenKind::Word if reading.is_disguise(token, rest) => out.push(Text::from(token.bytes).ident()),
            TokenKind::Word => {
                reading.word(token);
                out.push(token.bytes);
            }
            TokenKind::Plain if token.bytes.contains(&b'\\') => out.push(escaped(token.bytes)),
            TokenKind::Other if token.is(b':') && !skip => {
                out.push(":");
                skip = rest.first().is_some_and(|next| next.is(b':') || next.is(b'='));
                if !skip && rest.first().is_some_and(|next| next.kind != TokenKind::Space) {
                    // Together with what follows it would be a variable of psql.
                    out.push(" ");
                }
                continue;
            }
            _ => out.push(token.bytes),
        }
        skip = false;
    }
    reading.end()?;
    Ok(out)
}

/// How far psql is in a statement: it ends one at a semicolon outside of parentheses and of the body of a function.
#[derive(Default)]
struct Reading {
    parentheses: u32,
    begins: u32,
    words: u32,
    /// First letters of the first words, those that matter.
    first: [u8; 4],
}

impl Reading {
    fn check(&mut self, before: &[Token<'_>], token: &Token<'_>) -> Result<(), &'static str> {
        match token.kind {
            TokenKind::Comment => return Err("there is a comment in it"),
            TokenKind::Other => match token.bytes {
                b"\\" => return Err("there is a backslash outside of quotes"),
                b"(" => self.parentheses += 1,
                b")" => self.parentheses = self.parentheses.saturating_sub(1),
                b";" if self.parentheses == 0 && self.begins == 0 => return Err("there is a second statement in it"),
                _ => {}
            },
            TokenKind::Plain | TokenKind::Escaped | TokenKind::Unicode | TokenKind::Dollar => {
                // Versions differ in where a number ends and an `E'..'` begins, and in how strings go on in another line.
                let glued = before.last().is_some_and(|last| match last.kind {
                    TokenKind::Number => true,
                    TokenKind::Word => !["b", "n", "x"].iter().any(|kind| last.is_word(kind)) || has_backslash(token),
                    _ => false,
                });
                let last = before.iter().rev().find(|token| token.kind != TokenKind::Space);
                let goes_on = last.is_some_and(|last| {
                    matches!(last.kind, TokenKind::Plain | TokenKind::Escaped | TokenKind::Unicode)
                });
                if glued || goes_on {
                    return Err("versions of psql differ in where a string of it begins");
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether psql or the server could take this name for what opens a body or the rows of a COPY. No definition has
    /// these keywords, `BEGIN ATOMIC` apart.
    fn is_disguise(&self, token: &Token<'_>, rest: &[Token<'_>]) -> bool {
        let next = rest.iter().find(|token| token.kind != TokenKind::Space);
        token.is_word("copy") || token.is_word("begin") && !next.is_some_and(|next| next.is_word("atomic"))
    }

    /// Counts a word as psql does since 14; before, it knew no bodies.
    fn word(&mut self, token: &Token<'_>) {
        let matters = ["create", "function", "procedure", "or", "replace"].iter().any(|word| token.is_word(word));
        if let Some(first) = self.first.get_mut(self.words as usize).filter(|_| matters) {
            *first = token.bytes[0].to_ascii_lowercase();
        }
        self.words = self.words.saturating_add(1);
        let makes_routine = matches!(self.first, [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']);
        if !makes_routine || self.parentheses > 0 {
            return;
        }
        if token.is_word("begin") || token.is_word("case") && self.begins > 0 {
            self.begins += 1;
        } else if token.is_word("end") {
            self.begins = self.begins.saturating_sub(1);
        }
    }

    fn end(&self) -> Result<(), &'static str> {
        match (self.parentheses, self.begins) {
            (0, 0) => Ok(()),
            (0, _) => Err("psql would not see where its body ends"),
            _ => Err("a parenthesis does not end"),
        }
    }
}

fn has_backslash(token: &Token<'_>) -> bool {
    token.bytes.contains(&b'\\')
}

/// A plain string as one with escapes. No word stands right before it.
fn escaped(plain: &[u8]) -> Text {
    let mut out = Text::from("E");
    for &byte in plain {
        out.push(if byte == b'\\' { &b"\\\\"[..] } else { std::slice::from_ref(&byte) });
    }
    out
}

/// Rows on their way to psql, block by block.
#[derive(Debug)]
pub(super) struct Rows {
    after_backslash: bool,
    last: u8,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self { after_backslash: false, last: b'\n' }
    }

    /// Refuses what no server writes in COPY text: `\.` ends the rows for psql, a NUL hides the end of a line.
    pub(super) fn push(&mut self, block: &[u8]) -> Result<(), &'static str> {
        let mut at = 0;
        while at < block.len() {
            if self.after_backslash {
                if !b"bfnrtvN\\".contains(&block[at]) {
                    return Err("there is an escape that COPY does not write");
                }
                self.after_backslash = false;
                at += 1;
            }
            let Some(found) = memchr::memchr2(b'\\', 0, &block[at..]) else { break };
            if block[at + found] == 0 {
                return Err("there is a NUL in them");
            }
            self.after_backslash = true;
            at += found + 1;
        }
        self.last = block.last().copied().unwrap_or(self.last);
        Ok(())
    }

    /// What follows them must be a line of its own.
    pub(super) fn end(&self) -> Result<(), &'static str> {
        if self.after_backslash || self.last != b'\n' { Err("the last row does not end") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_write_stays_as_it_is() {
        for sql in [
            "CREATE TABLE \"a\\b\" (x int DEFAULT E'a\\\\b' CHECK (x::text <> 'it''s'))",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; -- \\! x\n$$",
            "CREATE FUNCTION \"s\".f(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END",
            "CREATE RULE r AS ON INSERT TO t DO INSTEAD (INSERT INTO u VALUES (1); NOTIFY x)",
            "SELECT B'101', x(a => 1, b := 2)",
            "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (copy_data = false)",
            "SELECT 'x' COLLATE \"C\", U&'d' UESCAPE '!'",
        ] {
            assert_eq!(statement(&sql.into()).as_deref_text(), Ok(sql), "{sql}");
        }
    }

    #[test]
    fn what_psql_would_read_otherwise_is_written_otherwise() {
        for (sql, written) in [
            ("SELECT a[1:\"HOST\"], b[x:y], c::text", "SELECT a[1: \"HOST\"], b[x: y], c::text"),
            ("COMMENT ON TABLE t IS 'a\\b''c'", "COMMENT ON TABLE t IS E'a\\\\b''c'"),
            (
                "CREATE FUNCTION s.begin() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT begin, copy FROM t; END",
                "CREATE FUNCTION s.\"begin\"() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT \"begin\", \"copy\" FROM t; END",
            ),
            ("COPY t FROM STDIN", "\"COPY\" t FROM STDIN"),
        ] {
            assert_eq!(statement(&sql.into()).as_deref_text(), Ok(written), "{sql}");
        }
    }

    #[test]
    fn what_could_become_a_command_is_refused() {
        for sql in [
            "CREATE VIEW v AS SELECT 1\n\\! touch /tmp/owned\n",
            "CREATE VIEW v AS SELECT 1 \\! touch /tmp/owned",
            "CREATE VIEW v AS SELECT 1 \\gexec",
            "CREATE VIEW v AS SELECT 'x",
            "CREATE VIEW v AS SELECT \"x",
            "CREATE VIEW v AS SELECT $a$x$b$",
            "CREATE VIEW v AS SELECT 1 /* /* */",
            "CREATE VIEW v AS SELECT 1 -- x\r\\! touch /tmp/owned",
            "CREATE VIEW v AS SELECT 1E'\\' x \\! y '",
            "CREATE VIEW v AS SELECT n'\\' x '",
            "CREATE VIEW v AS SELECT E'a'\n'\\' \\! x '",
            "CREATE VIEW v AS SELECT (1",
            "CREATE VIEW v AS SELECT 1; DROP TABLE t",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1 AS case; END",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1; copy t from stdin",
        ] {
            assert!(statement(&sql.into()).is_err(), "{sql}");
        }
    }

    #[test]
    fn rows_hold_what_copy_writes_and_nothing_else() {
        let read = |blocks: &[&[u8]]| {
            let mut rows = Rows::new();
            blocks.iter().try_for_each(|block| rows.push(block)).and_then(|()| rows.end())
        };
        assert_eq!(read(&[]), Ok(()));
        assert_eq!(read(&[b"1\t\\N\\\\.\n", b"a\\", b"nb\n"]), Ok(()));
        for rows in
            [&[&b"\\.\n"[..]][..], &[b"a\n\\", b".\n"], &[b"\\! x\n"], &[b"a"], &[b"a\\"], &[b"a\0\n"], &[b"\\\n"]]
        {
            assert!(read(rows).is_err(), "{rows:?}");
        }
    }

    trait AsText {
        fn as_deref_text(&self) -> Result<&str, &'static str>;
    }

    impl AsText for Result<Text, &'static str> {
        fn as_deref_text(&self) -> Result<&str, &'static str> {
            self.as_ref().map(|text| text.as_str().expect("UTF-8")).map_err(|problem| *problem)
        }
    }
}
