//! Names of tables as people write them, and the names that follow from them.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use crate::hash::StoredId;
use crate::restore::rename::Place;
use crate::text;
use crate::text::Text;

/// Longest name that a server keeps whole, in bytes (NAMEDATALEN less one).
const NAME_BYTES: usize = 63;

/// A table as people name it: letters are folded to lower case outside of double quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// Where it is; `None` where that was not said.
    pub schema: Option<Text>,
    /// What it is called there.
    pub name: Text,
}

impl FromStr for TableName {
    type Err = String;

    /// `table` or `schema.table`.
    fn from_str(written: &str) -> Result<Self, String> {
        let mut parts = split(written, b'.').into_iter().map(unquoted).collect::<Vec<_>>();
        let many = parts.len() > 2;
        let name = parts.pop().unwrap_or_default();
        let schema = parts.pop();
        if many || name.is_empty() || schema.as_ref().is_some_and(Text::is_empty) {
            return Err(format!("{written} is no name of a table; write TABLE or SCHEMA.TABLE"));
        }
        if name.as_bytes().len() > NAME_BYTES {
            return Err(format!("{name} is longer than the {NAME_BYTES} bytes that a name may have"));
        }
        Ok(Self { schema, name })
    }
}

/// The two names of `OLD=NEW`.
///
/// # Errors
///
/// Where it is written otherwise.
pub fn old_and_new(written: &str) -> Result<(TableName, TableName), String> {
    match split(written, b'=').as_slice() {
        [old, new] if !old.is_empty() && !new.is_empty() => Ok((old.parse()?, new.parse()?)),
        _ => Err("names no two tables; write OLD=NEW".into()),
    }
}

/// The pieces between separators that stand outside of double quotes.
fn split(written: &str, separator: u8) -> Vec<&str> {
    let mut quoted = false;
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, byte) in written.bytes().enumerate() {
        quoted ^= byte == b'"';
        if byte == separator && !quoted {
            pieces.push(&written[start..at]);
            start = at + 1;
        }
    }
    pieces.push(&written[start..]);
    pieces
}

fn unquoted(written: &str) -> Text {
    let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) => Text::from(inner.replace("\"\"", "\"")),
        None => Text::from(written.to_ascii_lowercase()),
    }
}

/// Hands out names that nothing in the snapshot has.
pub(crate) struct Namer {
    taken: HashSet<Place>,
    pub(crate) new: HashMap<Place, Place>,
}

impl Namer {
    pub(crate) fn new(taken: HashSet<Place>) -> Self {
        Self { taken, new: HashMap::new() }
    }

    /// Gives a relation the name that was asked for.
    pub(crate) fn give(&mut self, old: Place, new: Place) {
        self.taken.insert(new.clone());
        self.new.insert(old, new);
    }

    /// Gives a relation that belongs to `table` a name that is made like the new one of the table. The same snapshot and
    /// request give the same names, so that a restore that stopped is continued under them.
    pub(crate) fn derive(&mut self, old: Place, table: &Place) {
        let Some(renamed) = self.new.get(table).cloned() else { return };
        if self.new.contains_key(&old) {
            return;
        }
        let schema = if old.0 == table.0 { renamed.0 } else { old.0.clone() };
        let rest = old.1.after(&table.1);
        let wish = match rest {
            Some(rest) => text![renamed.1, rest],
            None => text![old.1, "_", renamed.1],
        };
        let mut place = (schema.clone(), bounded(wish.clone(), 1));
        let mut number = 1;
        while self.taken.contains(&place) {
            number += 1;
            place = (schema.clone(), bounded(wish.clone(), number));
        }
        self.give(old, place);
    }
}

/// A name of at most [`NAME_BYTES`] that differs for each number.
fn bounded(wish: Text, number: u32) -> Text {
    let suffix = if number > 1 { format!("_{number}") } else { String::new() };
    if wish.as_bytes().len() + suffix.len() <= NAME_BYTES {
        return text![wish, suffix];
    }
    // What is cut off tells long names apart.
    let end = format!("_{}{suffix}", &StoredId::of(wish.as_bytes()).to_string()[..8]);
    let mut length = NAME_BYTES - end.len();
    let is_inner = |byte: u8| byte & 0xC0 == 0x80;
    while length > 0 && is_inner(wish.as_bytes()[length]) {
        length -= 1;
    }
    text![&wish.as_bytes()[..length], end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_psql_reads_them() {
        let pair = |written: &str| old_and_new(written).unwrap();
        let name = |schema: Option<&str>, name: &str| TableName { schema: schema.map(Text::from), name: name.into() };
        assert_eq!(pair("Ord.Line=x"), (name(Some("ord"), "line"), name(None, "x")));
        let hostile = pair(r#""a=b"."c.""d"="E F".g"#);
        assert_eq!(hostile, (name(Some("a=b"), "c.\"d"), name(Some("E F"), "g")));
        for wrong in ["a", "a=", "=b", "a=b=c", "a.b.c=d", ".a=b", "a=b."] {
            assert!(old_and_new(wrong).is_err(), "{wrong}");
        }
        assert!(old_and_new(&format!("a={}", "x".repeat(64))).is_err());
    }

    #[test]
    fn derived_names_are_short_and_unlike_any_other() {
        let place = |name: &str| (Text::from("s"), Text::from(name));
        let mut namer = Namer::new([place("line"), place("copy_pkey")].into());
        namer.give(place("line"), place("copy"));
        let mut derived = |old: &str| {
            namer.derive(place(old), &place("line"));
            namer.new[&place(old)].1.to_string()
        };
        assert_eq!(derived("line_id_seq"), "copy_id_seq");
        assert_eq!(derived("line_pkey"), "copy_pkey_2");
        assert_eq!(derived("by_day"), "by_day_copy");
        let long = ["ä".repeat(31), "ä".repeat(30) + "x"].map(|old| derived(&old));
        assert!(long.iter().all(|name| name.len() <= 63 && name.starts_with('ä')) && long[0] != long[1], "{long:?}");
    }
}
