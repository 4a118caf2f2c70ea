//! Patterns for names as `psql` and `pg_dump` understand them: `ord.*`, `"Order"`, `*.tmp_?`.
//!
//! Outside double quotes letters are folded to lower case, `*` is any text, `?` any character, `.` separates database,
//! schema and name, `$` stands for itself, `[]` too, and other regular expression syntax (`[a-z]`, `a|b`, `+`) works.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

use crate::error::{Error, Result};
use crate::text::Text;

/// A compiled pattern for names.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: Text,
    database: Option<Text>,
    schema: Option<Glob>,
    name: Glob,
}

impl Pattern {
    /// `[database.]schema`.
    ///
    /// # Errors
    ///
    /// Too many dots, an empty part, or regular expression syntax that cannot be understood; the same below.
    pub fn of_schema(written: impl Into<Text>) -> Result<Self> {
        Self::parse(written.into(), 2, false)
    }

    /// `[[database.]schema.]relation`.
    ///
    /// # Errors
    ///
    /// As [`Pattern::of_schema`].
    pub fn of_relation(written: impl Into<Text>) -> Result<Self> {
        Self::parse(written.into(), 3, true)
    }

    /// A name without a schema: of an extension, a foreign server, a database.
    ///
    /// # Errors
    ///
    /// As [`Pattern::of_schema`].
    pub fn of_plain(written: impl Into<Text>) -> Result<Self> {
        Self::parse(written.into(), 1, false)
    }

    fn parse(written: Text, most: usize, has_schema: bool) -> Result<Self> {
        let mut parts = split(written.as_bytes());
        if parts.len() > most {
            let hint = "put double quotes around a name with a dot in it".to_owned();
            let message = format!("too many dots in the pattern {written}");
            return Err(Error::Usage { message, hint: Some(hint) });
        }
        if parts.iter().any(|part| part.is_empty()) {
            return Err(Error::usage(format!("a part of the pattern {written:?} is empty")));
        }
        let mut last = || parts.pop().map(|part| Glob::new(&part, &written)).transpose();
        let name = last()?.ok_or_else(|| Error::usage("a pattern is empty"))?;
        let schema = if has_schema { last()? } else { None };
        // The database is compared literally, as a server without references across databases does.
        let database = parts.pop().map(|part| Text::from(part.iter().map(|(byte, _)| *byte).collect::<Vec<u8>>()));
        Ok(Self { written, database, schema, name })
    }

    /// The database that the pattern names. Patterns never reach into another database, so it must be the current one.
    #[must_use]
    pub fn database(&self) -> Option<&Text> {
        self.database.as_ref()
    }

    /// Whether it says in which schema.
    #[must_use]
    pub fn is_qualified(&self) -> bool {
        self.schema.is_some()
    }

    /// Whether it means this name; without a schema it means that name in any schema.
    #[must_use]
    pub fn matches(&self, schema: Option<&Text>, name: &Text) -> bool {
        let in_schema = match (&self.schema, schema) {
            (Some(glob), Some(schema)) => glob.matches(schema),
            (Some(_), None) => false,
            (None, _) => true,
        };
        in_schema && self.name.matches(name)
    }
}

impl fmt::Display for Pattern {
    /// As it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.written, f)
    }
}

impl std::str::FromStr for Pattern {
    type Err = Error;
    /// As [`Pattern::of_relation`].
    fn from_str(written: &str) -> Result<Self> {
        Self::of_relation(written)
    }
}

/// Bytes of a part, folded to lower case, each with whether it stood inside double quotes.
type Part = Vec<(u8, bool)>;

/// The parts between dots that are outside double quotes.
fn split(written: &[u8]) -> Vec<Part> {
    let mut parts = vec![Part::new()];
    let mut quoted = false;
    let mut bytes = written.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let pushed = match byte {
            b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => b'"',
            b'"' => {
                quoted = !quoted;
                continue;
            }
            b'.' if !quoted => {
                parts.push(Part::new());
                continue;
            }
            _ if quoted => byte,
            _ => byte.to_ascii_lowercase(),
        };
        if let Some(part) = parts.last_mut() {
            part.push((pushed, quoted));
        }
    }
    parts
}

/// One part, compiled.
#[derive(Clone, Debug)]
struct Glob {
    /// For names in UTF-8, where `?` is a character.
    characters: Regex,
    /// For names in any other encoding, where `?` is a byte; not every pattern has one.
    bytes: Option<Regex>,
}

impl Glob {
    fn new(part: &Part, written: &Text) -> Result<Self> {
        let expression = expression(part);
        let compile = |unicode| {
            RegexBuilder::new(&expression).dot_matches_new_line(true).unicode(unicode).size_limit(1 << 20).build()
        };
        let characters = compile(true).map_err(|problem| Error::Usage {
            message: format!("the pattern {written} is not understood: {problem}"),
            hint: Some("put double quotes around a name to take every character as it is".to_owned()),
        })?;
        Ok(Self { characters, bytes: compile(false).ok() })
    }

    fn matches(&self, name: &Text) -> bool {
        match (&self.bytes, name.as_str()) {
            (Some(bytes), None) => bytes.is_match(name.as_bytes()),
            _ => self.characters.is_match(name.as_bytes()),
        }
    }
}

/// The regular expression of a part.
fn expression(part: &Part) -> String {
    let mut expression = String::from("^(?:");
    let mut bytes = part.as_slice();
    // 1 inside `[..]`, 2 inside `[[:..:]]`.
    let mut class = 0u8;
    while let Some(((byte, quoted), rest)) = bytes.split_first() {
        bytes = rest;
        let next = rest.first().filter(|(_, quoted)| !quoted).map(|(byte, _)| *byte);
        match byte {
            0x80.. => bytes = push_characters(&mut expression, *byte, rest),
            _ if *quoted => push_literal(&mut expression, *byte),
            b'*' => expression.push_str(".*"),
            b'?' => expression.push('.'),
            b'[' if next == Some(b']') => expression.push_str("\\["),
            // What the `regex` crate gives a meaning inside a class and PostgreSQL does not.
            b'[' if class == 2 || class == 1 && next != Some(b':') => expression.push_str("\\["),
            b'$' | b'&' | b'~' => push_literal(&mut expression, *byte),
            b']' if class == 0 => expression.push_str("\\]"),
            _ => {
                class = match byte {
                    b'[' => class + 1,
                    b']' => class - 1,
                    _ => class,
                };
                expression.push(char::from(*byte));
            }
        }
    }
    expression.push_str(")$");
    expression
}

fn push_literal(expression: &mut String, byte: u8) {
    let mut buffer = [0; 4];
    expression.push_str(&regex::escape(char::from(byte).encode_utf8(&mut buffer)));
}

/// Bytes above ASCII: the character where they are UTF-8, otherwise the byte itself. Returns what is left.
fn push_characters<'a>(expression: &mut String, first: u8, rest: &'a [(u8, bool)]) -> &'a [(u8, bool)] {
    for length in 1..=3.min(rest.len()) {
        let bytes: Vec<u8> = std::iter::once(first).chain(rest[..length].iter().map(|(byte, _)| *byte)).collect();
        if let Ok(character) = std::str::from_utf8(&bytes) {
            expression.push_str(character);
            return &rest[length..];
        }
    }
    expression.push_str(&format!("(?-u:\\x{first:02X})"));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(pattern: &str, schema: &str, name: &str) -> bool {
        let pattern = Pattern::of_relation(pattern).expect("the pattern is understood");
        pattern.matches(Some(&schema.into()), &name.into())
    }

    #[test]
    fn wildcards_case_and_quotes() {
        for (pattern, name, expected) in [
            ("order", "order", true),
            ("ORDER", "order", true),
            ("order", "Order", false),
            ("order", "orders", false),
            ("order", "preorder", false),
            ("\"Order\"", "Order", true),
            ("Or\"D\"er", "orDer", true),
            ("o*", "orders", true),
            ("o*", "o\nx", true),
            ("o?der", "order", true),
            ("o?der", "oder", false),
            ("\"o*\"", "o*", true),
            ("\"o*\"", "orders", false),
            ("caf?", "café", true),
            ("caf??", "café", false),
            ("\"a\"\"b\"", "a\"b", true),
            ("a$b", "a$b", true),
            ("a|b", "b", true),
            ("a|b", "ab", false),
            ("t[0-9]+", "t17", true),
            ("t[0-9]+", "t", false),
            ("t[[:digit:]]", "t1", true),
            ("\"t[0-9]\"", "t1", false),
            ("int[]", "int[]", true),
            ("a]", "a]", true),
            ("(a|b)c", "bc", true),
            ("é", "é", true),
        ] {
            assert_eq!(relation(pattern, "s", name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn dots_separate_outside_quotes_only() {
        assert!(relation("ord.order", "ord", "order"));
        assert!(!relation("ord.order", "payments", "order"));
        assert!(relation("order", "anywhere", "order"));
        assert!(relation("*.tmp_*", "x", "tmp_1"));
        assert!(relation("\"a.b\".c", "a.b", "c"));
        let pattern = Pattern::of_relation("\"Pos\".ord.*").expect("three parts");
        assert_eq!(pattern.database(), Some(&Text::from("Pos")));
        assert!(pattern.matches(Some(&"ord".into()), &"x".into()));
    }

    #[test]
    fn what_is_not_a_pattern() {
        for pattern in ["a.b.c.d", "", "a.", ".a", "a..b", "[", "a(", "a{", "\"\"", "x\\.y"] {
            assert!(matches!(Pattern::of_relation(pattern), Err(Error::Usage { .. })), "{pattern}");
        }
        assert!(Pattern::of_schema("a.b.c").is_err());
        assert!(Pattern::of_plain("a.b").is_err());
        assert!(Pattern::of_plain("\"a.b\"").is_ok());
    }

    #[test]
    fn names_in_other_encodings() {
        let name = Text::from(&b"caf\xe9"[..]);
        let any = |pattern: &[u8]| Pattern::of_schema(pattern).expect("understood").matches(None, &name);
        assert!(any(b"caf?") && any(b"c*") && any(b"caf\xe9") && any(b"\"caf\xe9\""));
        assert!(!any(b"caf") && !any("café".as_bytes()));
    }
}
