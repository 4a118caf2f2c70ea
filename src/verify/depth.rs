//! How thoroughly a repository is verified.

use serde::Serialize;

/// How thoroughly to look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Everything referred to exists with its size. Reads snapshots, index and manifests.
    Listing,
    /// Stored bytes are those that their names say. Reads everything.
    #[default]
    Stored,
    /// Every chunk opens and is what its id says, and every part has the rows and the digest of its dump.
    Full,
}
