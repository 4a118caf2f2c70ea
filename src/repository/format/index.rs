//! The stored form of an index file: which packs there are, and where their chunks stand in them.

use super::fields::{Fields, count};
use super::trailer::{Bases, Entry, domain_byte, domain_of};
use crate::error::Fault;
use crate::hash::{ChunkId, StoredId};
use crate::repository::keys::Domain;

const ENTRY_BYTES: usize = 52;
const PACK_BYTES: usize = 48;

/// A pack as index and trailer describe it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PackEntry {
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
pub(crate) fn encode(supersedes: &[StoredId], packs: &[PackEntry]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut bases = Bases::default();
    body.extend(count(supersedes.len()));
    body.extend(supersedes.iter().flat_map(|id| id.0));
    body.extend(count(packs.len()));
    for pack in packs {
        body.extend(pack.id.0);
        body.extend(pack.size.to_le_bytes());
        body.extend([domain_byte(pack.domain), 0, 0, 0]);
        body.extend(count(pack.chunks.len()));
        for entry in &pack.chunks {
            body.extend(entry.id.0);
            entry.write(&mut bases, &mut body);
        }
    }
    bases.write(&mut body);
    body
}

/// About how many bytes a pack takes in an index file.
pub(crate) fn encoded_bytes(pack: &PackEntry) -> usize {
    PACK_BYTES + pack.chunks.len() * ENTRY_BYTES
}

pub(crate) fn decode(body: &[u8], epoch: u32) -> Result<Vec<PackEntry>, Fault> {
    let mut fields = Fields::new(body);
    let superseded = fields.count(32)?;
    fields.bytes(superseded * 32)?;
    let mut numbers = Vec::new();
    let packs = (0..fields.count(PACK_BYTES)?).map(|_| {
        let (id, size) = (StoredId(fields.array()?), fields.u64()?);
        let [domain, ..] = fields.array::<4>()?;
        let chunks = (0..fields.count(ENTRY_BYTES)?).map(|_| {
            let id = ChunkId(fields.array()?);
            let (entry, number) = Entry::read(id, StoredId([0; 32]), &mut fields)?;
            numbers.push(number);
            Ok(entry)
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A pack with these chunks.
    pub(crate) fn pack(n: u8, chunks: &[u8]) -> PackEntry {
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
}
