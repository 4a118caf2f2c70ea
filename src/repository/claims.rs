//! Which chunks this run stores: one decision under one lock, before any work is spent on a chunk.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::hash::ChunkId;

/// Chunks that this run found missing. Whoever claims one has to see it stored.
#[derive(Default, Debug)]
pub(super) struct Claims {
    /// Whether the pack with the chunk was put.
    stored: Mutex<HashMap<ChunkId, bool>>,
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, HashMap<ChunkId, bool>> {
        // No code that holds this lock can leave the map in between.
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the caller is the first, and so has to store it.
    pub(super) fn claim(&self, id: ChunkId) -> bool {
        match self.lock().entry(id) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(false);
                true
            }
        }
    }

    /// A pack with these chunks was put.
    pub(super) fn stored(&self, ids: impl IntoIterator<Item = ChunkId>) {
        let mut map = self.lock();
        for id in ids {
            map.insert(id, true);
        }
    }

    /// Whether this run has put it.
    pub(super) fn is_stored(&self, id: ChunkId) -> bool {
        self.lock().get(&id).copied().unwrap_or_default()
    }
}
