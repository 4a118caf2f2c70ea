//! What a restore did, as people and programs read it afterwards.

use std::time::Duration;

use serde::Serialize;

use crate::restore::proof::{Proof, Unproven};

/// What a restore did.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Database that was restored into.
    pub database: String,
    /// Objects created or changed.
    pub objects: u64,
    /// Tables whose rows were loaded.
    pub tables: u64,
    /// Rows that were sent, with the numbers and digests of the snapshot; the server counted as many.
    pub rows: u64,
    /// Bytes of COPY text loaded.
    pub bytes: u64,
    /// What was left out because it needs something that was not selected, as `kind name needs kind name`.
    pub left_out: Vec<String>,
    /// What of it was asked for, by name or with its rows: the restore is not all that was wanted.
    pub not_restored: Vec<String>,
    /// What failed, or needs what failed, in a restore that kept going.
    pub failures: Vec<Failure>,
    /// Whether what failed, and only that, can be tried again: the ledger is still on the target.
    pub resumable: bool,
    /// Tables whose rows were kept, with what was added to them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<ConflictCounts>,
    /// How far the target is proven to have these rows.
    pub proof: Proof,
    /// Tables whose rows on the target cannot be compared with the snapshot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unproven: Vec<Unproven>,
    /// Tables that were read back and found as in the snapshot, where that was asked for or something on the target may
    /// have changed rows.
    pub tables_read_back: Option<u64>,
    /// From the first question to the last commit.
    #[serde(rename = "seconds", serialize_with = "crate::progress::seconds")]
    pub took: Duration,
}

/// An object or the rows of a table that could not be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// `kind name`, `rows of kind name`, `grants on kind name`, or `statistics of kind name`.
    pub object: String,
    /// Why.
    pub error: String,
}

/// What became of the rows of a table that kept those that it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConflictCounts {
    /// As people write it.
    pub table: String,
    /// Rows that were not there and are now.
    pub added: u64,
    /// Rows that a unique key had already.
    pub kept: u64,
    /// Rows that were not added either because a unique key had them or because a trigger turned them away: where one
    /// fires that can, nobody knows which.
    #[serde(skip_serializing_if = "is_zero")]
    pub kept_or_turned_away: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
