//! One dump as `list`, retention and pruning see it: who, when, how much, and every chunk of its manifest.
//!
//! Owns the stored form. Structure data, which writers can read: no name of a table, no statement, no value of a row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chunk_ref::ChunkRef;
use crate::error::Fault;
use crate::hash::StoredId;
use crate::text::Text;

/// Body of a snapshot record: JSON. Persisted: add optional fields only.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// 32 hexadecimal digits that copies in other repositories keep.
    pub uid: String,
    /// The last snapshot of the same source when this one was put.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<StoredId>,
    /// From 1, by source.
    pub sequence: u64,
    /// Name and version of the program that wrote it.
    pub tool: String,
    /// What the dump knows.
    #[serde(flatten)]
    pub head: Head,
    /// How much it is.
    pub totals: Totals,
    /// Where its manifest is.
    pub manifest: Streams,
}

/// The chunks of a manifest. Persisted.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Streams {
    /// Objects: content.
    pub contents: Vec<ChunkRef>,
    /// Row counts, digests, positions: content.
    pub facts: Vec<ChunkRef>,
    /// Which chunks the parts have: structure.
    pub lists: Vec<ChunkRef>,
    /// Statistics for the planner: content.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub statistics: Vec<ChunkRef>,
}

impl Streams {
    /// All chunks, so that nothing forgets a stream.
    pub fn all(&self) -> impl Iterator<Item = &ChunkRef> {
        self.contents.iter().chain(&self.facts).chain(&self.lists).chain(&self.statistics)
    }
}

/// What a dump says about itself. Persisted.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Equal for all snapshots of one run of the program; see [`crate::repository::new_uid`].
    pub run: String,
    /// Where the rows come from.
    pub source: Source,
    /// The server, and what must be equal for digests to be comparable.
    pub server: Server,
    /// When.
    pub times: Times,
    /// Settings of the sessions that copied, as far as they change what COPY prints.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub settings: BTreeMap<String, String>,
    /// Options of the dump that are not names: `schema_only`, `no_large_objects`, .. Patterns are content and stand in
    /// the manifest.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub options: Vec<String>,
    /// Whether patterns selected only some of the database.
    #[serde(default)]
    pub selected: bool,
    /// Things that should be in it and are not; the manifest names them. 0 means complete.
    #[serde(default)]
    pub missing: u64,
    /// The pattern that `dump --all-databases` was given, empty where it was given none: which earlier snapshots can be
    /// expected again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub databases: Option<Text>,
    /// Whether the server was in recovery.
    #[serde(default)]
    pub standby: bool,
    /// The moment in the server's own terms, for incremental dumps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub moment: Option<Moment>,
}

/// Among the options of a snapshot that holds what the whole cluster has, and no database.
const GLOBALS: &str = "globals";

impl Head {
    /// Turns the head of a dump of one database into that of the cluster around it.
    #[must_use]
    pub fn of_globals(mut self) -> Self {
        self.source.database = GLOBALS.into();
        self.source.database_oid = 0;
        self.options = vec![GLOBALS.into()];
        self.selected = false;
        self
    }

    /// Whether the snapshot holds roles, tablespaces and the like, and no database.
    #[must_use]
    pub fn is_globals(&self) -> bool {
        self.source.database_oid == 0 && self.options.iter().any(|option| option == GLOBALS)
    }
}

/// The database that was dumped; retention and deduplication of manifests group by `system` and `database_oid`. Persisted.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Source {
    /// System identifier of the cluster; 0 where the server does not tell.
    pub system: u64,
    /// Of the database.
    pub database_oid: u32,
    /// Name of the database.
    pub database: Text,
    /// Host name or socket folder as it was connected to.
    pub host: String,
    /// What the user calls this source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
}

impl Source {
    /// Whether it is the same database, whatever it is called now.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.system, self.database_oid) == (other.system, other.database_oid)
            && (self.system != 0 || (&self.host, &self.database) == (&other.host, &other.database))
    }
}

/// The server that was dumped. Persisted.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Server {
    /// `server_version_num`.
    pub version: u32,
    /// `server_version`, with what the packager added.
    pub version_text: String,
    /// Encoding of the database.
    pub encoding: String,
    /// `c`, `icu`, `libc`, `builtin`: provider of the default collation.
    pub locale_provider: String,
    /// LC_COLLATE, or the locale of the provider.
    pub collate: String,
    /// LC_CTYPE.
    pub ctype: String,
    /// Version of the default collation, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collation_version: Option<String>,
    /// Name and version of every extension.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub extensions: Vec<(String, String)>,
}

/// When a dump happened. Persisted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Times {
    /// Of the server snapshot, by the server's clock: the moment that the rows are from.
    pub server: Timestamp,
    /// The same moment by the clock of the host that dumped.
    pub client: Timestamp,
    /// End of the copying, by the clock of the host that dumped.
    pub finished: Timestamp,
}

impl Default for Times {
    fn default() -> Self {
        Self { server: Timestamp::UNIX_EPOCH, client: Timestamp::UNIX_EPOCH, finished: Timestamp::UNIX_EPOCH }
    }
}

/// The moment in the server's own terms. Persisted.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moment {
    /// WAL position when the server snapshot was taken, `16/B374D848`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lsn: Option<String>,
    /// `pg_current_snapshot()`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub snapshot: Option<String>,
    /// Timeline of the last checkpoint.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timeline: Option<u32>,
    /// Redo position of the last checkpoint.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub redo: Option<String>,
    /// Next transaction id of the last checkpoint, with epoch: `0:812`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_xid: Option<String>,
}

/// How much a dump is. Persisted.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Totals {
    /// Objects of the catalog.
    pub objects: u64,
    /// Tables with data, empty ones included.
    pub tables: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes of COPY text.
    pub bytes: u64,
    /// Chunks of rows.
    pub chunks: u64,
    /// Chunks that were not in the repository before, the manifest's included.
    pub new_chunks: u64,
    /// Bytes of COPY text and manifest in these, before compression.
    pub new_bytes: u64,
    /// Bytes that their packs take.
    pub stored_bytes: u64,
}

impl Snapshot {
    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a snapshot serializes: its map has text keys")
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(body).map_err(|e| Fault::damaged(format!("it is not a snapshot: {e}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_form_round_trip() {
        let source = Source { system: u64::MAX, database: Text::from(&b"caf\xe9"[..]), ..Source::default() };
        let snapshot = Snapshot {
            uid: "00".repeat(16),
            parent: Some(StoredId([1; 32])),
            sequence: 2,
            tool: "pgkeep 0".into(),
            head: Head { source, moment: Some(Moment::default()), ..Head::default() },
            totals: Totals { rows: u64::MAX, ..Totals::default() },
            manifest: Streams::default(),
        };
        assert_eq!(Snapshot::decode(&snapshot.encode()).unwrap(), snapshot);
        assert!(Snapshot::decode(b"{}").is_err());
    }
}
