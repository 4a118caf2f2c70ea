//! Looks at stored packs one by one: what verify needs to know about bytes, whoever refers to them.

use bytes::Bytes;

use super::index::PackFacts;
use super::keys::Domain;
use super::layout::Folder;
use super::reader::{self, CHUNK_BYTES_LIMIT};
use super::survey::Survey;
use super::{ChunkRef, Repository, pack};
use crate::codec::rows::{Digester, RowKey};
use crate::cpu;
use crate::error::{Error, Fault, Result};
use crate::hash::{ChunkId, Digest, StoredId};

/// How far to look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Look {
    /// Stored bytes against the name of the pack.
    Bytes,
    /// Every chunk opened, decoded, and checked against its id.
    Chunks,
}

/// A copy of a chunk in the pack at hand: id, offset, sealed length.
pub(crate) type Copy = (ChunkId, u32, u32);

/// What was found in a pack.
#[derive(Default)]
pub(crate) struct Inspected {
    /// Why the pack as a whole is not what was stored.
    pub(crate) problem: Option<Error>,
    /// Chunks that are whole, with their digests where they were opened. Those of pieces of rows add up to nothing.
    pub(crate) whole: Vec<(ChunkId, Option<Digest>)>,
    /// Chunks that are not, each with the reason.
    pub(crate) lost: Vec<(ChunkId, String)>,
}

impl Survey {
    /// Packs that are there, each with the chunks that the index sees in it; then those listed and not there, with what
    /// is there instead.
    pub(crate) fn packs_with_copies(&self) -> Vec<(PackFacts, Option<u64>, Vec<Copy>)> {
        let present = |pack: &PackFacts| self.packs.present.get(&pack.id).copied();
        let mut packs: Vec<_> =
            self.index.packs().iter().map(|pack| (pack.clone(), present(pack), Vec::new())).collect();
        for (id, copy) in self.index.chunks() {
            packs[copy.pack as usize].2.push((id, copy.offset, copy.length));
        }
        for (_, _, copies) in &mut packs {
            copies.sort_unstable_by_key(|(_, offset, _)| *offset);
        }
        packs
    }

    /// Packs that are there and of which nothing is known: neither an index file nor a trailer of theirs was readable.
    pub(crate) fn unknown_packs(&self) -> Vec<(StoredId, u64)> {
        let unknown = self.packs.present.iter().filter(|(id, _)| !self.index.knows(**id));
        unknown.map(|(id, size)| (*id, *size)).collect()
    }

    /// Whether a pack is marked already.
    pub(crate) fn is_marked(&self, pack: StoredId) -> bool {
        self.packs.marked.contains_key(&pack)
    }

    /// Whether a pack is there, with whatever size.
    pub(crate) fn is_present(&self, pack: StoredId) -> bool {
        self.packs.present.contains_key(&pack)
    }

    /// The packs that should have a chunk.
    pub(crate) fn packs_of(&self, id: ChunkId) -> Vec<StoredId> {
        self.index.copies(id).map(|copy| self.index.pack(copy).id).collect()
    }
}

impl Repository {
    /// Reads a whole pack and looks at it. Memory: the pack, and one chunk for each core.
    pub(crate) async fn inspect(&self, facts: PackFacts, copies: Vec<Copy>, look: Look) -> Result<Inspected> {
        let key = Folder::Packs.key(facts.id);
        let bytes = match self.store().get(&key).await {
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(problem) => {
                let lost = copies.iter().map(|(id, _, _)| (*id, "its pack is missing".to_owned())).collect();
                return Ok(Inspected { problem: Some(problem), whole: Vec::new(), lost });
            }
            Ok(bytes) => bytes,
        };
        let repository = self.clone();
        Ok(cpu::run(move || inspect(&repository, &facts, &copies, &bytes, look)).await)
    }
}

/// Runs on the CPU pool.
fn inspect(repository: &Repository, facts: &PackFacts, copies: &[Copy], bytes: &Bytes, look: Look) -> Inspected {
    let sound = StoredId::of(bytes) == facts.id;
    let mut found = Inspected::default();
    if !sound {
        let problem = match bytes.len() as u64 {
            size if size == facts.size => "its bytes are not those that it is named after".to_owned(),
            size => format!("it has {size} bytes instead of {}", facts.size),
        };
        found.problem = Some(Error::damaged(Folder::Packs.key(facts.id), problem));
    }
    let row_key = repository.keyring().epoch(facts.epoch).map(super::keys::EpochKeys::row_key);
    let described = pack::describe_bytes(repository.keyring(), facts.id, bytes).ok();
    for (id, offset, length) in copies {
        let sealed = (*offset as usize).checked_add(*length as usize).and_then(|end| bytes.get(*offset as usize..end));
        let checked = match (sealed, &row_key) {
            (None, _) => Err(Fault::damaged("it lies beyond the end of its pack")),
            (_, None) => Err(Fault::damaged("its key epoch is unknown")),
            (Some(sealed), Some(row_key)) if look == Look::Chunks => {
                open(repository, facts, *id, sealed, row_key).map(Some)
            }
            (Some(_), _) if sound => Ok(None),
            (Some(sealed), _) => match described.as_ref().and_then(|d| d.chunks.iter().find(|e| e.offset == *offset)) {
                Some(entry) if StoredId::of(sealed) == entry.sealed => Ok(None),
                Some(_) => Err(Fault::damaged("its sealed bytes are not what was stored")),
                None => Err(Fault::damaged("its pack is damaged, and says nothing about it any more")),
            },
        };
        match checked {
            Ok(digest) => found.whole.push((*id, digest)),
            Err(fault) => found.lost.push((*id, fault.to_string())),
        }
    }
    found
}

fn open(
    repository: &Repository,
    facts: &PackFacts,
    id: ChunkId,
    sealed: &[u8],
    row_key: &RowKey,
) -> Result<Digest, Fault> {
    let chunk = ChunkRef { id, rows: 0, bytes: CHUNK_BYTES_LIMIT };
    let bytes = reader::decode(repository, facts.epoch, facts.domain, chunk, sealed)?;
    if facts.domain == Domain::Structure {
        return Ok(Digest::default());
    }
    let mut digester = Digester::new(row_key);
    digester.push(&bytes);
    Ok(digester.finish())
}
