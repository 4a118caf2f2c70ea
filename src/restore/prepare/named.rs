//! How many things are said in one line.

use std::collections::BTreeSet;

/// `table s.t`, or `table s.t and 3 more`.
pub(crate) fn first_and_more(names: &BTreeSet<String>) -> String {
    let first = names.first().cloned().unwrap_or_default();
    if names.len() > 1 { format!("{first} and {} more", names.len() - 1) } else { first }
}
