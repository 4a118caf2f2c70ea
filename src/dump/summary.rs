//! What a dump answers with.

use std::time::Duration;

use crate::hash::StoredId;
use crate::repository::{Relied, Source, Totals};

/// What a dump stored.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Summary {
    /// The new snapshot.
    pub snapshot: StoredId,
    /// Database that was dumped.
    pub database: String,
    /// How much it is, and how much of it was new to the repository.
    #[serde(flatten)]
    pub totals: Totals,
    /// What is missing, each with its reason; empty for a complete snapshot.
    pub missing: Vec<String>,
    /// How many of these were replaced by others while they were to be read, so that another dump may have them.
    #[serde(skip_serializing_if = "is_none")]
    pub left_out: usize,
    /// Where it came from.
    #[serde(skip)]
    pub source: Source,
    /// Tables that were read and have no row.
    #[serde(skip)]
    pub without_rows: Vec<String>,
    /// What it relies on, where it has others beside it: whoever runs them looks whether that is still there.
    #[serde(skip)]
    pub relied: Relied,
    /// How long the server snapshot was held; it keeps the server from cleaning up dead rows.
    #[serde(rename = "held_seconds", serialize_with = "crate::progress::seconds")]
    pub held: Duration,
    /// From the first question to the commit.
    #[serde(rename = "seconds", serialize_with = "crate::progress::seconds")]
    pub took: Duration,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_none(count: &usize) -> bool {
    *count == 0
}
