//! How many rows a restore added beside rows that were there already.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::object::{Object, ObjectId};

/// What became of the rows of a table that kept those that it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// As people write it.
    pub table: String,
    /// Rows that were not there and are now.
    pub added: u64,
    /// Rows that a unique key had already.
    pub kept: u64,
}

/// Collects, by part: one that is loaded once more after a lost connection counts once.
#[derive(Debug, Default)]
pub(crate) struct Added(Mutex<HashMap<(ObjectId, u32), (u64, u64)>>);

impl Added {
    /// `added` of the `rows` of a part were not there before.
    pub(crate) fn note(&self, object: ObjectId, part: u32, added: u64, rows: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((object, part), (added, rows));
    }

    /// Sums by table, in the order of creation.
    pub(crate) fn tables(&self, objects: &[Object]) -> Vec<Kept> {
        let mut sums: BTreeMap<ObjectId, (u64, u64)> = BTreeMap::new();
        for ((object, _), (added, rows)) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let sum = sums.entry(*object).or_default();
            *sum = (sum.0 + added, sum.1 + rows);
        }
        let of = |(id, (added, rows)): (ObjectId, (u64, u64))| {
            let table = objects.get(id.0 as usize)?.name.to_string();
            Some(Kept { table, added, kept: rows.saturating_sub(added) })
        };
        sums.into_iter().filter_map(of).collect()
    }
}
