//! Bytes that PostgreSQL calls text: names, statements, values as they came from the server.
//!
//! Owns [`Text`], the quoting of identifiers and literals, and the [`text!`](crate::text!) macro that joins pieces
//! into a statement. A SQL_ASCII database may hold any bytes, so nothing here may assume UTF-8; text is shown lossily
//! and stored exactly.
//!
//! [`lex`] takes statements apart; nothing else looks for anything in one.

pub mod lex;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string of arbitrary bytes without NUL, in the encoding of the session that read it (UTF-8 wherever the database
/// allows it).
///
/// Persisted: as a JSON string where it is UTF-8, otherwise as `{"hex": ".."}`.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Vec<u8>);

impl Text {
    /// Empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The bytes as they are.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For people: bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The text where it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What follows these bytes, where it begins with them.
    #[must_use]
    pub fn after(&self, beginning: &Text) -> Option<Text> {
        self.0.strip_prefix(beginning.as_bytes()).map(Text::from)
    }

    /// Appends bytes.
    pub fn push(&mut self, more: impl AsRef<[u8]>) {
        self.0.extend_from_slice(more.as_ref());
    }

    /// With bytes appended; [`text!`](crate::text!) is made of it.
    #[must_use]
    pub fn with(mut self, more: impl AsRef<[u8]>) -> Self {
        self.push(more);
        self
    }

    /// As an SQL identifier: always in double quotes, embedded ones doubled. Always quoting is safe against the
    /// reserved words of every server version.
    #[must_use]
    pub fn ident(&self) -> Text {
        quoted(&self.0, b'"')
    }

    /// As an SQL string literal for `standard_conforming_strings = on`: in single quotes, embedded ones doubled.
    #[must_use]
    pub fn literal(&self) -> Text {
        quoted(&self.0, b'\'')
    }

    /// As an SQL string between dollar signs, with a tag that does not occur in it: for bodies of routines, which stay
    /// readable.
    #[must_use]
    pub fn dollar_quoted(&self) -> Text {
        // Without its final `$`, so that a body that ends with the start of the tag is safe too.
        let mut tag = b"$".to_vec();
        for extension in b"body".iter().chain(std::iter::repeat(&b'_')) {
            if !self.0.windows(tag.len()).any(|window| window == tag) {
                break;
            }
            tag.push(*extension);
        }
        tag.push(b'$');
        crate::text![tag, self, tag]
    }

    /// The pieces with `separator` between them.
    pub fn join<T: AsRef<[u8]>>(pieces: impl IntoIterator<Item = T>, separator: &str) -> Text {
        let mut all = Text::new();
        for (at, piece) in pieces.into_iter().enumerate() {
            if at > 0 {
                all.push(separator);
            }
            all.push(piece);
        }
        all
    }
}

fn quoted(bytes: &[u8], quote: u8) -> Text {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(quote);
    for &byte in bytes {
        if byte == quote {
            out.push(quote);
        }
        out.push(byte);
    }
    out.push(quote);
    Text(out)
}

/// Joins strings, [`Text`]s and byte slices into one [`Text`]: `text!["LOCK TABLE ", name, " NOWAIT"]`.
#[macro_export]
macro_rules! text {
    ($($piece:expr),* $(,)?) => {
        $crate::text::Text::new()$(.with(&$piece))*
    };
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lossy())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.lossy(), f)
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored<'a> {
    Utf8(#[serde(borrow)] Cow<'a, str>),
    Bytes { hex: Cow<'a, str> },
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_str() {
            Some(text) => Stored::Utf8(text.into()),
            None => Stored::Bytes { hex: crate::hash::hex(&self.0).into() },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Stored::deserialize(deserializer)? {
            Stored::Utf8(text) => Ok(Self(text.into_owned().into_bytes())),
            Stored::Bytes { hex } => {
                crate::hash::unhex(&hex).map(Self).ok_or_else(|| serde::de::Error::custom("text is not hexadecimal"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_survives_quotes_and_newlines() {
        assert_eq!(Text::from("a\"b\n").ident(), "\"a\"\"b\n\"");
        assert_eq!(Text::from("it's \\").literal(), "'it''s \\'");
        assert_eq!(text!["a ", Text::from("b").ident(), b" c"], "a \"b\" c");
        for (body, quoted) in [
            ("x", "$$x$$"),
            ("costs $", "$b$costs $$b$"),
            ("$b", "$bo$$b$bo$"),
            ("$body $body_$", "$body__$$body $body_$$body__$"),
        ] {
            assert_eq!(Text::from(body).dollar_quoted(), quoted);
        }
    }

    #[test]
    fn stored_form_keeps_any_bytes() {
        for bytes in [&b"caf\xc3\xa9\n\""[..], &b"caf\xe9"[..], &b""[..]] {
            let text = Text::from(bytes);
            let json = serde_json::to_string(&text).expect("text serializes");
            assert_eq!(serde_json::from_str::<Text>(&json).expect("text comes back"), text, "{json}");
        }
    }
}
