//! What is found before the first change, and how many things are said in one line.

use std::collections::BTreeSet;

use serde::Serialize;

/// Something that people should know before the first change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether the restore must fail.
    pub fatal: bool,
    /// A lower-case fragment that names the object.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    /// What makes the restore fail.
    pub(crate) fn fatal(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { fatal: true, message: message.into(), hint: hint.into() }
    }

    /// What stops nothing.
    pub(crate) fn to_know(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { fatal: false, message: message.into(), hint: hint.into() }
    }
}

/// `table s.t`, or `table s.t and 3 more`.
pub(crate) fn first_and_more(names: &BTreeSet<String>) -> String {
    let first = names.first().cloned().unwrap_or_default();
    if names.len() > 1 { format!("{first} and {} more", names.len() - 1) } else { first }
}
