//! Where chunks are: all index files together, in memory.
//!
//! The index is a hint. Packs say themselves what they hold, and every chunk is checked against its id when it is read.

use std::collections::HashMap;

use super::format::index::PackEntry;
use super::keys::Domain;
use crate::hash::{ChunkId, StoredId};

/// Where a stored copy of a chunk is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Location {
    /// Number of its pack in the index.
    pub pack: u32,
    /// Where it starts in the pack.
    pub offset: u32,
    /// Sealed bytes.
    pub length: u32,
}

/// All index files together, and the packs that none of them lists.
#[derive(Default, Debug)]
pub(super) struct Index {
    packs: Vec<PackFacts>,
    by_id: HashMap<StoredId, u32>,
    /// The first copy of every chunk. Bases are not followed by this version.
    first: HashMap<ChunkId, Location>,
    /// Further copies: after damage was healed, or where two dumps ran at once.
    more: HashMap<ChunkId, Vec<Location>>,
}

/// A pack without its chunks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PackFacts {
    /// Its name.
    pub id: StoredId,
    /// Stored bytes.
    pub size: u64,
    /// Of all its chunks.
    pub domain: Domain,
    /// Key epoch of all its chunks.
    pub epoch: u32,
}

impl Index {
    /// Adds a pack unless it is known.
    pub(super) fn add(&mut self, pack: &PackEntry) {
        let number = u32::try_from(self.packs.len()).expect("2^32 packs do not fit into memory");
        if self.by_id.contains_key(&pack.id) {
            return;
        }
        self.by_id.insert(pack.id, number);
        self.packs.push(PackFacts { id: pack.id, size: pack.size, domain: pack.domain, epoch: pack.epoch });
        for entry in &pack.chunks {
            let copy = Location { pack: number, offset: entry.offset, length: entry.length };
            let first = *self.first.entry(entry.id).or_insert(copy);
            if first != copy {
                self.more.entry(entry.id).or_default().push(copy);
            }
        }
    }

    /// All copies of a chunk.
    pub(super) fn copies(&self, id: ChunkId) -> impl Iterator<Item = Location> + '_ {
        let more = self.more.get(&id).into_iter().flatten();
        self.first.get(&id).into_iter().chain(more).copied()
    }

    /// The pack of a copy.
    #[must_use]
    pub(super) fn pack(&self, copy: Location) -> &PackFacts {
        &self.packs[copy.pack as usize]
    }

    /// All packs.
    #[must_use]
    pub(super) fn packs(&self) -> &[PackFacts] {
        &self.packs
    }

    /// Whether a pack of this name and size is listed.
    #[must_use]
    pub(super) fn lists(&self, pack: StoredId, size: u64) -> bool {
        self.by_id.get(&pack).is_some_and(|number| self.packs[*number as usize].size == size)
    }

    /// Whether anything is known about a pack.
    #[must_use]
    pub(super) fn knows(&self, pack: StoredId) -> bool {
        self.by_id.contains_key(&pack)
    }

    /// All chunks with all their copies.
    pub(super) fn chunks(&self) -> impl Iterator<Item = (ChunkId, Location)> + '_ {
        let first = self.first.iter().map(|(id, copy)| (*id, *copy));
        let more = self.more.iter().flat_map(|(id, copies)| copies.iter().map(|copy| (*id, *copy)));
        first.chain(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::format::index::tests::pack;

    #[test]
    fn copies_of_a_chunk() {
        let mut index = Index::default();
        index.add(&pack(1, &[1, 2]));
        index.add(&pack(2, &[2, 3]));
        index.add(&pack(1, &[1, 2]));
        assert_eq!(index.packs().len(), 2);
        let packs: Vec<_> = index.copies(ChunkId([2; 32])).map(|copy| index.pack(copy).id.0[0]).collect();
        assert_eq!(packs, [1, 2]);
        assert_eq!(index.copies(ChunkId([4; 32])).count(), 0);
    }
}
