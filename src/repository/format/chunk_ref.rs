//! How a part names the chunks that it has.

use serde::{Deserialize, Serialize};

use crate::hash::{ChunkId, Digest};

/// A chunk as its part sees it. Persisted in snapshots.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChunkRef {
    /// Its name.
    pub id: ChunkId,
    /// Rows that end in it: 0 for a piece of a row that goes on.
    pub rows: u32,
    /// Bytes before transform and compression.
    pub bytes: u32,
}

/// Rows that were stored.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Stored {
    /// In the order of the rows.
    pub chunks: Vec<ChunkRef>,
    /// Of all rows.
    pub digest: Digest,
}
