//! How many rows a restore added beside rows that were there already.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::object::{Object, ObjectId};
use crate::restore::summary::ConflictCounts;

/// Collects, by part: one that is loaded once more after a lost connection counts once.
#[derive(Debug, Default)]
pub(crate) struct Conflicts(Mutex<HashMap<(ObjectId, u32), (u64, u64)>>);

impl Conflicts {
    /// `added` of the `rows` of a part were not there before.
    pub(crate) fn note(&self, object: ObjectId, part: u32, added: u64, rows: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((object, part), (added, rows));
    }

    /// Sums by table, in the order of creation.
    /// `turning`: those with a trigger that can turn rows away.
    pub(crate) fn tables(&self, objects: &[Object], turning: &BTreeSet<ObjectId>) -> Vec<ConflictCounts> {
        let mut sums: BTreeMap<ObjectId, (u64, u64)> = BTreeMap::new();
        for ((object, _), (added, rows)) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let sum = sums.entry(*object).or_default();
            *sum = (sum.0 + added, sum.1 + rows);
        }
        let of = |(id, (added, rows)): (ObjectId, (u64, u64))| {
            let table = objects.get(id.0 as usize)?.name.to_string();
            let others = rows.saturating_sub(added);
            let (kept, kept_or_turned_away) = if turning.contains(&id) { (0, others) } else { (others, 0) };
            Some(ConflictCounts { table, added, kept, kept_or_turned_away })
        };
        sums.into_iter().filter_map(of).collect()
    }
}
