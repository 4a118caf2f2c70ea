//! What verify says: plain data, faults with their costs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::depth::Depth;
use super::packs::Found;
use crate::error::Error;
use crate::hash::StoredId;
use crate::text::Text;

/// What was verified and what is wrong.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Report {
    /// How thoroughly.
    pub depth: Depth,
    /// Snapshots whose chunks were looked for; without keys, files of snapshots, of which nothing else is known.
    pub snapshots: u64,
    /// Packs that are there.
    pub packs: u64,
    /// Different chunks that were opened and are what they should be.
    pub chunks: u64,
    /// Bytes that were read and compared with their names.
    pub stored_bytes: u64,
    /// Parts whose rows and digests were computed again and agree.
    pub parts: u64,
    /// Rows of these parts.
    pub rows: u64,
    /// Damaged packs that were marked, so that the next dump stores their chunks again.
    pub marked: u64,
    /// Everything that is wrong, sorted by stored object.
    pub faults: Vec<Fault>,
    /// Damaged packs that are marked and cost nothing any more: what snapshots need of them is whole in others.
    pub healed: Vec<Fault>,
    /// Chunks that were copied out of damaged packs.
    pub rescued: u64,
    /// Damaged objects that were removed, as nothing needed them.
    pub removed: Vec<String>,
    /// What could not be seen in this way.
    pub unseen: Vec<&'static str>,
    /// How long it took.
    pub seconds: f64,
}

/// One stored object that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// Key of the object, `snapshot <id>` where its parts do not fit together, `chunk <id>` where no pack has it.
    pub what: String,
    /// What is wrong with it.
    pub problem: String,
    /// What is lost by it. Empty where nothing is: an index file, a second copy, a pack that nobody needs.
    pub costs: Vec<Cost>,
}

/// Rows that cannot be restored from a snapshot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cost {
    /// The snapshot.
    pub snapshot: StoredId,
    /// Its database.
    pub database: Text,
    /// The moment its rows are from, by the server's clock.
    pub time: Timestamp,
    /// The table as people write it; `None` where the key to names is not at hand, or all tables are concerned.
    pub table: Option<String>,
    /// Rows that are lost. All rows of a part where its digest is wrong.
    pub rows: u64,
    /// Whether the manifest is concerned, so that nothing of the snapshot can be restored.
    pub manifest: bool,
}

impl Report {
    pub(super) fn new(depth: Depth, found: &Found) -> Self {
        let (packs, chunks, stored_bytes) = (found.packs, found.opened, found.bytes);
        Self { depth, packs, chunks, stored_bytes, ..Self::default() }
    }

    /// Whether nothing at all is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether there is no snapshot, so that nothing says what should be there: none was made, or they were deleted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.snapshots == 0
    }

    /// Whether rows are lost.
    #[must_use]
    pub fn loses_rows(&self) -> bool {
        self.faults.iter().any(|fault| !fault.costs.is_empty())
    }
}

/// Faults as they are found, one an object.
#[derive(Default)]
pub(super) struct Faults {
    by_object: BTreeMap<String, (String, Vec<Cost>)>,
    /// Whether a snapshot needs a chunk whose only whole copies are in damaged packs.
    pub(super) fragile: bool,
}

impl Faults {
    /// The first problem of an object is the one that is told.
    pub(super) fn add(&mut self, what: &str, problem: impl Into<String>) {
        self.by_object.entry(what.to_owned()).or_insert_with(|| (problem.into(), Vec::new()));
    }

    pub(super) fn cost(&mut self, what: &str, cost: Cost) {
        let (_, costs) = self.by_object.entry(what.to_owned()).or_insert_with(|| ("it is damaged".into(), Vec::new()));
        let same = |other: &&mut Cost| {
            (other.snapshot, &other.table, other.manifest) == (cost.snapshot, &cost.table, cost.manifest)
        };
        match costs.iter_mut().find(same) {
            Some(other) if !cost.manifest => other.rows += cost.rows,
            Some(_) => {}
            None => costs.push(cost),
        }
    }

    /// Whether any snapshot loses anything, or would with what is left of damaged packs.
    pub(super) fn costs_anything(&self) -> bool {
        self.fragile || self.by_object.values().any(|(_, costs)| !costs.is_empty())
    }

    pub(super) fn into_list(self) -> Vec<Fault> {
        let faults = self.by_object.into_iter();
        faults.map(|(what, (problem, costs))| Fault { what, problem, costs }).collect()
    }
}

/// What an error is about.
pub(super) fn object(error: &Error) -> String {
    match error {
        Error::Damaged { what, .. } => what.clone(),
        other => other.to_string(),
    }
}

/// What is wrong, without repeating the object.
pub(super) fn problem(error: &Error) -> String {
    match error {
        Error::Damaged { problem, .. } => problem.clone(),
        other => other.to_string(),
    }
}
