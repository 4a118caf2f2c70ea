//! Where chunks are: the stored form of an index file, and all of them together in memory.
//!
//! The index is a hint. Packs say themselves what they hold, and every chunk is checked against its id when it is read.

use std::collections::HashMap;

use super::fields::{Fields, count};
use super::keys::Domain;
use super::trailer::{Bases, Entry, domain_of};
use crate::error::Fault;
use crate::hash::{ChunkId, StoredId};

const ENTRY_BYTES: usize = 52;
const PACK_BYTES: usize = 48;

/// A pack as index and trailer describe it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PackEntry {
    /// Its name.
    pub id: StoredId,
    /// Stored bytes.
    pub size: u64,
    /// Of all its chunks.
    pub domain: Domain,
    /// Key epoch of all its chunks.
    pub epoch: u32,
    /// Its chunks; without their sealed hashes where it comes from an index file.
    pub chunks: Vec<Entry>,
}

/// Body of an index file that lists these packs, all of one epoch, and says what all of those named `supersedes` said.
pub(super) fn encode(supersedes: &[StoredId], packs: &[PackEntry]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut bases = Bases::default();
    body.extend(count(supersedes.len()));
    body.extend(supersedes.iter().flat_map(|id| id.0));
    body.extend(count(packs.len()));
    for pack in packs {
        body.extend(pack.id.0);
        body.extend(pack.size.to_le_bytes());
        body.extend([super::trailer::domain_byte(pack.domain), 0, 0, 0]);
        body.extend(count(pack.chunks.len()));
        for entry in &pack.chunks {
            body.extend(entry.id.0);
            for number in [entry.offset, entry.length, entry.raw] {
                body.extend(number.to_le_bytes());
            }
            body.extend([entry.kind, 0, 0, 0]);
            body.extend(bases.number(entry.base));
        }
    }
    bases.write(&mut body);
    body
}

/// About how many bytes a pack takes in an index file.
pub(super) fn encoded_bytes(pack: &PackEntry) -> usize {
    PACK_BYTES + pack.chunks.len() * ENTRY_BYTES
}

pub(super) fn decode(body: &[u8], epoch: u32) -> Result<Vec<PackEntry>, Fault> {
    let mut fields = Fields::new(body);
    let superseded = fields.count(32)?;
    fields.bytes(superseded * 32)?;
    let mut numbers = Vec::new();
    let packs = (0..fields.count(PACK_BYTES)?).map(|_| {
        let (id, size) = (StoredId(fields.array()?), fields.u64()?);
        let [domain, ..] = fields.array::<4>()?;
        let chunks = (0..fields.count(ENTRY_BYTES)?).map(|_| {
            let id = ChunkId(fields.array()?);
            let (offset, length, raw) = (fields.u32()?, fields.u32()?, fields.u32()?);
            let [kind, ..] = fields.array::<4>()?;
            numbers.push(fields.u32()?);
            Ok(Entry { id, sealed: StoredId([0; 32]), offset, length, raw, kind, base: None })
        });
        Ok(PackEntry { id, size, epoch, chunks: chunks.collect::<Result<_, Fault>>()?, domain: domain_of(domain)? })
    });
    let mut packs = packs.collect::<Result<Vec<_>, Fault>>()?;
    let bases = Bases::read(&mut fields)?;
    fields.end()?;
    for (entry, number) in packs.iter_mut().flat_map(|pack| &mut pack.chunks).zip(numbers) {
        entry.base = bases.get(number)?;
    }
    Ok(packs)
}

/// A stored copy of a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Copy {
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
    first: HashMap<ChunkId, Copy>,
    /// Further copies: after damage was healed, or where two dumps ran at once.
    more: HashMap<ChunkId, Vec<Copy>>,
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
            let copy = Copy { pack: number, offset: entry.offset, length: entry.length };
            let first = *self.first.entry(entry.id).or_insert(copy);
            if first != copy {
                self.more.entry(entry.id).or_default().push(copy);
            }
        }
    }

    /// All copies of a chunk.
    pub(super) fn copies(&self, id: ChunkId) -> impl Iterator<Item = Copy> + '_ {
        let more = self.more.get(&id).into_iter().flatten();
        self.first.get(&id).into_iter().chain(more).copied()
    }

    /// The pack of a copy.
    #[must_use]
    pub(super) fn pack(&self, copy: Copy) -> &PackFacts {
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
    pub(super) fn chunks(&self) -> impl Iterator<Item = (ChunkId, Copy)> + '_ {
        let first = self.first.iter().map(|(id, copy)| (*id, *copy));
        let more = self.more.iter().flat_map(|(id, copies)| copies.iter().map(|copy| (*id, *copy)));
        first.chain(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(n: u8, chunks: &[u8]) -> PackEntry {
        let entry = |n: &u8| Entry {
            id: ChunkId([*n; 32]),
            sealed: StoredId([0; 32]),
            offset: u32::from(*n),
            length: 10,
            raw: 20,
            kind: 1,
            base: (*n > 100).then_some(ChunkId([100; 32])),
        };
        let chunks = chunks.iter().map(entry).collect();
        PackEntry { id: StoredId([n; 32]), size: 1000, domain: Domain::Content, epoch: 1, chunks }
    }

    #[test]
    fn stored_form_round_trip() {
        let packs = vec![pack(1, &[1, 2, 101]), pack(2, &[]), pack(3, &[102])];
        let body = encode(&[StoredId([9; 32])], &packs);
        assert_eq!(decode(&body, 1).unwrap(), packs);
        for cut in 0..body.len() {
            assert!(decode(&body[..cut], 1).is_err(), "cut at {cut}");
        }
    }

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
