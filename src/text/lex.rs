//! SQL in pieces, as the server deparses it and as pgkeep writes it: `standard_conforming_strings` is on.
//!
//! Owns what a name, a string, a comment is; the one place that looks for them. Knows no statement and changes nothing.
//! The pieces joined are the input, whatever it was.

use crate::text::Text;

/// What a piece of SQL is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenKind {
    /// Blanks and line ends.
    Space,
    /// `-- ..` to the end of its line, or `/* .. */` with those inside it.
    Comment,
    /// A keyword or a name that is not quoted.
    Word,
    /// A name in double quotes.
    Name,
    /// A plain string: `'..'`.
    Plain,
    /// A string with escapes by backslash: `E'..'`.
    Escaped,
    /// A name or a string with escapes by number: `U&".."`, `U&'..'`.
    Unicode,
    /// A string between dollar signs: `$body$ .. $body$`.
    Dollar,
    /// A number, or that of a parameter: `$1`.
    Number,
    /// Any other byte.
    Other,
}

/// A piece of SQL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// All of it, quotes included.
    pub bytes: &'a [u8],
}

impl Token<'_> {
    /// Whether it is this keyword, in any case.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.bytes.eq_ignore_ascii_case(word.as_bytes())
    }

    /// Whether it is this byte, outside of everything.
    #[must_use]
    pub fn is(&self, byte: u8) -> bool {
        self.kind == TokenKind::Other && self.bytes == [byte]
    }

    /// Whether it only keeps others apart.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }

    /// The name that it is, as the catalog has it: a quoted one without its quotes, another one in lower case.
    #[must_use]
    pub fn name(&self) -> Option<Text> {
        match self.kind {
            TokenKind::Name => Some(inner(self.bytes, b'"')),
            TokenKind::Word => Some(Text::from(self.bytes.to_ascii_lowercase())),
            _ => None,
        }
    }

    /// What the string says that it is; `None` for other pieces and for strings with escapes by number.
    #[must_use]
    pub fn string(&self) -> Option<Text> {
        match self.kind {
            TokenKind::Plain => Some(inner(self.bytes, b'\'')),
            TokenKind::Escaped => Some(unescaped(&self.bytes[1..])),
            TokenKind::Dollar => {
                let tag = self.bytes[1..].iter().position(|&byte| byte == b'$').map_or(0, |at| at + 2);
                Some(Text::from(self.bytes.get(tag..self.bytes.len().saturating_sub(tag)).unwrap_or_default()))
            }
            _ => None,
        }
    }

    /// Whether it may hold SQL or words of people: a string of any kind, or a comment.
    #[must_use]
    pub fn is_speech(&self) -> bool {
        use TokenKind::*;
        matches!(self.kind, Plain | Escaped | Unicode | Dollar | Comment)
    }
}

/// The pieces of a statement.
#[must_use]
pub fn tokens(sql: &[u8]) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let mut rest = sql;
    while !rest.is_empty() {
        let (kind, length) = first(rest);
        // An end that is missing is that of the input.
        let (bytes, after) = rest.split_at(length.min(rest.len()));
        all.push(Token { kind, bytes });
        rest = after;
    }
    all
}

/// Kind and length of the first piece; the length is at least 1.
fn first(sql: &[u8]) -> (TokenKind, usize) {
    use TokenKind::*;
    let while_is = |is: fn(u8) -> bool| sql.iter().take_while(|byte| is(**byte)).count();
    match sql {
        [b'"', ..] => (Name, quoted(sql, b'"', false)),
        [b'\'', ..] => (Plain, quoted(sql, b'\'', false)),
        [b'E' | b'e', b'\'', ..] => (Escaped, 1 + quoted(&sql[1..], b'\'', true)),
        [b'U' | b'u', b'&', quote @ (b'"' | b'\''), ..] => (Unicode, 2 + quoted(&sql[2..], *quote, false)),
        [b'-', b'-', ..] => (Comment, memchr::memchr(b'\n', sql).unwrap_or(sql.len())),
        [b'/', b'*', ..] => (Comment, comment(sql)),
        [b'$', digit, ..] if digit.is_ascii_digit() => {
            (Number, 1 + sql[1..].iter().take_while(|b| is_word(**b)).count())
        }
        [b'$', ..] => dollars(sql).map_or((Other, 1), |length| (Dollar, length)),
        [byte, ..] if byte.is_ascii_digit() => (Number, number(sql)),
        [byte, ..] if is_word(*byte) => (Word, while_is(|byte| is_word(byte) || byte == b'$')),
        [byte, ..] if is_space(*byte) => (Space, while_is(is_space)),
        _ => (Other, 1),
    }
}

/// Bytes of words and numbers.
#[must_use]
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0B
}

/// Length of what is quoted, with its quotes; all that is left where the end is missing.
fn quoted(bytes: &[u8], quote: u8, escapes: bool) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn comment(sql: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 && at < sql.len() {
        match sql[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

/// Length of a string between dollar signs, where one begins.
fn dollars(sql: &[u8]) -> Option<usize> {
    let length = sql[1..].iter().position(|&byte| !is_word(byte))?;
    let tag = &sql[..length + 2];
    if tag.last() != Some(&b'$') {
        return None;
    }
    let body = &sql[tag.len()..];
    Some(memchr::memmem::find(body, tag).map_or(sql.len(), |length| tag.len() * 2 + length))
}

/// A point belongs to a number where a digit follows.
fn number(sql: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = sql.get(at) {
        let point = byte == b'.' && sql.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !is_word(byte) && !point {
            break;
        }
        at += 1;
    }
    at
}

/// What stands between quotes, doubled ones as one.
fn inner(quoted: &[u8], quote: u8) -> Text {
    let inner = quoted.strip_prefix(&[quote]).unwrap_or(quoted);
    let inner = inner.strip_suffix(&[quote]).unwrap_or(inner);
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == quote {
            bytes.next_if_eq(&quote);
        }
        out.push(byte);
    }
    Text::from(out)
}

/// What a string with escapes says. The server writes a backslash and a quote by doubling them, and nothing else in this
/// way; the short escapes that people write are known, longer ones stay as they are.
fn unescaped(quoted: &[u8]) -> Text {
    let inner = quoted.strip_prefix(b"'").unwrap_or(quoted);
    let inner = inner.strip_suffix(b"'").unwrap_or(inner);
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\'', Some(b'\'')) | (b'\\', Some(b'\\' | b'\'')) => out.extend(bytes.next()),
            (b'\\', Some(b'n')) => (out.push(b'\n'), bytes.next()).0,
            (b'\\', Some(b't')) => (out.push(b'\t'), bytes.next()).0,
            (b'\\', Some(b'r')) => (out.push(b'\r'), bytes.next()).0,
            _ => out.push(byte),
        }
    }
    Text::from(out)
}

/// The statement without a final semicolon and what follows it.
#[must_use]
pub fn without_semicolon(statement: &Text) -> Text {
    let all = tokens(statement.as_bytes());
    let end = all.iter().rposition(|token| !token.is_blank()).filter(|&at| all[at].is(b';'));
    end.map_or_else(|| statement.clone(), |end| joined(&all[..end]))
}

/// The statement with `more` after the first of these words that stand side by side outside of quotes; as it is where
/// they do not.
#[must_use]
pub fn inserted_after(statement: &Text, words: &[&str], more: &str) -> Text {
    let all = tokens(statement.as_bytes());
    let plain: Vec<usize> = (0..all.len()).filter(|&at| !all[at].is_blank()).collect();
    let fits = |window: &&[usize]| window.iter().zip(words).all(|(&at, word)| all[at].is_word(word));
    match plain.windows(words.len().max(1)).find(fits).and_then(<[usize]>::last) {
        Some(&at) => joined(&all[..=at]).with(more).with(joined(&all[at + 1..])),
        None => statement.clone(),
    }
}

/// Whether people seem to mean this name in a text of theirs: `schema.`, or `schema.table` where `names` are two; in any
/// case, quoted or not. For what is told to people, since nobody can know.
#[must_use]
pub fn is_mentioned(text: &[u8], names: &[&Text]) -> bool {
    let bare = |bytes: &[u8]| bytes.iter().filter(|b| **b != b'"').map(u8::to_ascii_lowercase).collect::<Vec<u8>>();
    let mut sought = bare(Text::join(names, ".").as_bytes());
    if names.len() == 1 {
        sought.push(b'.');
    }
    let text = bare(text);
    memchr::memmem::find_iter(&text, &sought).any(|at| {
        let begins = at == 0 || !is_word(text[at - 1]);
        let ends = names.len() == 1 || !text.get(at + sought.len()).copied().is_some_and(is_word);
        begins && ends
    })
}

/// Pieces put together again.
#[must_use]
pub fn joined(tokens: &[Token<'_>]) -> Text {
    let mut all = Text::new();
    tokens.iter().for_each(|token| all.push(token.bytes));
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(sql: &str) -> Vec<(TokenKind, String)> {
        let all = tokens(sql.as_bytes());
        let loud = all.iter().filter(|token| token.kind != TokenKind::Space);
        loud.map(|token| (token.kind, String::from_utf8_lossy(token.bytes).into_owned())).collect()
    }

    proptest! {
        /// Whatever is taken apart can be put together again, and no piece is empty.
        #[test]
        fn pieces_joined_are_the_input(sql in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            prop::collection::vec(prop::sample::select(
                ["'", "\"", "E'", "U&", "$", "$a$", "--", "/*", "*/", "\\", "\n", " ", "a", "1", ".", "é", ";", "("].as_slice()
            ), 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
        ]) {
            let all = tokens(&sql);
            prop_assert!(all.iter().all(|token| !token.bytes.is_empty()));
            prop_assert_eq!(joined(&all), Text::from(sql.clone()));
        }

        /// What pgkeep quotes is one piece that says what was quoted, wherever it stands.
        #[test]
        fn what_is_quoted_is_one_piece(bytes in prop::collection::vec(1u8..=255, 0..30)) {
            let text = Text::from(bytes);
            for (quoted, kind) in [(text.ident(), TokenKind::Name), (text.literal(), TokenKind::Plain), (text.dollar_quoted(), TokenKind::Dollar)] {
                let sql = crate::text!["x ", quoted, "; y"];
                let all = tokens(sql.as_bytes());
                prop_assert_eq!(all.len(), 6);
                prop_assert_eq!(all[2].kind, kind);
                prop_assert_eq!(all[2].name().or(all[2].string()), Some(text.clone()));
            }
        }
    }

    #[test]
    fn pieces_are_those_of_the_server() {
        use TokenKind::*;
        let expect = |sql: &str, expected: &[(TokenKind, &str)]| {
            let expected: Vec<(TokenKind, String)> =
                expected.iter().map(|(kind, text)| (*kind, (*text).into())).collect();
            assert_eq!(kinds(sql), expected, "{sql}");
        };
        expect(r#"a"b""c".d$e$"#, &[(Word, "a"), (Name, r#""b""c""#), (Other, "."), (Word, "d$e$")]);
        expect(r"E'a\'b' 'c\' x", &[(Escaped, r"E'a\'b'"), (Plain, r"'c\'"), (Word, "x")]);
        expect(
            "$1 $a$ x $b$ $a$ $ 1.5e3 1..2",
            &[
                (Number, "$1"),
                (Dollar, "$a$ x $b$ $a$"),
                (Other, "$"),
                (Number, "1.5e3"),
                (Number, "1"),
                (Other, "."),
                (Other, "."),
                (Number, "2"),
            ],
        );
        expect(
            "a-- '\n/* /* ' */ */b U&'x'",
            &[(Word, "a"), (Comment, "-- '"), (Comment, "/* /* ' */ */"), (Word, "b"), (Unicode, "U&'x'")],
        );
        expect("'no end", &[(Plain, "'no end")]);
    }

    #[test]
    fn strings_say_what_the_server_reads() {
        let said = |sql: &str| tokens(sql.as_bytes())[0].string().map(|text| text.to_string());
        assert_eq!(said("'it''s'").as_deref(), Some("it's"));
        assert_eq!(said(r"E'a\\b''c\'d\n'").as_deref(), Some("a\\b'c'd\n"));
        assert_eq!(said("$x$ $ $x$").as_deref(), Some(" $ "));
        assert_eq!(said("x"), None);
    }

    #[test]
    fn words_in_strings_are_no_words() {
        let into = |sql: &str| inserted_after(&sql.into(), &["DROP", "CONSTRAINT"], " IF EXISTS").to_string();
        assert_eq!(
            into(r#"ALTER TABLE "DROP CONSTRAINT" DROP CONSTRAINT "a""#),
            r#"ALTER TABLE "DROP CONSTRAINT" DROP CONSTRAINT IF EXISTS "a""#
        );
        assert_eq!(into("SELECT 'DROP CONSTRAINT'"), "SELECT 'DROP CONSTRAINT'");
        assert_eq!(without_semicolon(&"SELECT ';'; -- x".into()), "SELECT ';'");
        assert_eq!(without_semicolon(&"SELECT 1 -- ;".into()), "SELECT 1 -- ;");
    }
}
