//! A statement that grants or revokes, and the role in whose name it runs.
//!
//! Owns how that is said to a server, and how it is stored: a plain statement is a plain string.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text;
use crate::text::Text;
use crate::text::lex::{joined, tokens};

/// A REVOKE or GRANT. Persisted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The role that grants, where it is not the owner of what is granted on.
    pub by: Option<Text>,
    /// What it says.
    pub statement: Text,
}

const BEGINNING: &str = "DECLARE before pg_catalog.text := pg_catalog.current_setting('role'); BEGIN SET LOCAL ROLE ";
const END: &str = "; PERFORM pg_catalog.set_config('role', before, true); END";

impl Grant {
    /// What the owner grants.
    pub fn by_owner(statement: impl Into<Text>) -> Self {
        Self { by: None, statement: statement.into() }
    }

    /// One statement that does it, with the role of the session as before afterwards, whatever happens.
    #[must_use]
    pub fn sql(&self) -> Text {
        match &self.by {
            None => self.statement.clone(),
            Some(role) => {
                text!["DO ", text![BEGINNING, role.ident(), "; ", self.statement, END].literal()]
            }
        }
    }

    /// Of a string: writers up to the format that names the role stored what [`Grant::sql`] says.
    fn of_stored(stored: Text) -> Self {
        in_another_name(&stored).unwrap_or(Self { by: None, statement: stored })
    }
}

fn in_another_name(stored: &Text) -> Option<Grant> {
    let body = match tokens(stored.as_bytes()).as_slice() {
        [word, _, body] if word.is_word("DO") => body.string()?,
        _ => return None,
    };
    let all = tokens(body.as_bytes());
    let (before, rest) = all.split_at_checked(tokens(BEGINNING.as_bytes()).len())?;
    let (rest, after) = rest.split_at_checked(rest.len().checked_sub(tokens(END.as_bytes()).len())?)?;
    match rest {
        [role, point, _, statement @ ..] if point.is(b';') && joined(before) == BEGINNING && joined(after) == END => {
            Some(Grant { by: Some(role.name()?), statement: joined(statement) })
        }
        _ => None,
    }
}

#[derive(Serialize, Deserialize)]
struct InTheNameOf {
    by: Text,
    statement: Text,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Other(InTheNameOf),
    Plain(Text),
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.by {
            None => self.statement.serialize(serializer),
            Some(by) => InTheNameOf { by: by.clone(), statement: self.statement.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Stored::deserialize(deserializer)? {
            Stored::Other(InTheNameOf { by, statement }) => Self { by: Some(by), statement },
            Stored::Plain(statement) => Self::of_stored(statement),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_of_all_times_are_read() {
        let plain = Grant::by_owner("GRANT x ON DATABASE \"d\" TO \"r\"");
        let other =
            Grant { by: Some("it's \"x\"".into()), statement: "GRANT x ON DATABASE \"house'q\" TO PUBLIC".into() };
        for grant in [&plain, &other] {
            let json = serde_json::to_string(grant).expect("a grant");
            assert_eq!(serde_json::from_str::<Grant>(&json).expect("the grant"), *grant, "{json}");
            let before = serde_json::to_string(&grant.sql()).expect("a statement");
            assert_eq!(serde_json::from_str::<Grant>(&before).expect("the grant"), *grant, "{before}");
        }
        let bytes = Grant { by: Some(Text::from(&b"\xe9"[..])), statement: Text::from(&b"GRANT \xe9"[..]) };
        let json = serde_json::to_string(&bytes).expect("a grant");
        assert_eq!(serde_json::from_str::<Grant>(&json).expect("the grant"), bytes);
    }
}
