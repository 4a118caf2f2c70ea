//! What is said later: notes about snapshots, marks on packs. Both are small sealed records that are only ever added.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hash::StoredId;

/// What somebody says about a snapshot. Persisted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SnapshotNote {
    /// The snapshot's uid, so that a note holds for copies too.
    pub uid: String,
    /// By the clock of the host that said it; the newest note of a kind holds.
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: NoteKind,
}

/// Kinds of notes. Persisted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum NoteKind {
    /// It has a name by which retention and people find it.
    Tag {
        /// The name.
        name: String,
        /// Whether it is taken away again.
        #[serde(default)]
        removed: bool,
    },
    /// It must not be forgotten.
    Hold {
        /// Why.
        reason: String,
        /// Whether the hold is lifted.
        #[serde(default)]
        lifted: bool,
    },
    /// Words.
    Comment {
        /// Words.
        text: String,
    },
    /// It is not listed any more, and its chunks need not be kept.
    Forgotten {
        /// Whether it is listed again.
        #[serde(default)]
        recalled: bool,
    },
}

/// Why a pack must not be counted on. Persisted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No snapshot needs it; it may be deleted after the grace period.
    Unreferenced,
    /// What was needed of it was copied into other packs.
    Compacted,
    /// Its bytes are not what was stored.
    Damaged,
}

/// Packs that writers treat as absent. The time that counts is the store's own of the mark. Persisted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PackMark {
    /// Why.
    pub reason: Reason,
    /// Which.
    pub packs: Vec<StoredId>,
}
