//! Looks at stored packs one by one: what verify needs to know about bytes, whoever refers to them.

use std::sync::Arc;

use super::format::chunk_ref::ChunkRef;
use super::format::index::PackEntry;
use super::format::layout::Folder;
use super::format::trailer::PACK_BYTES_END;
use super::handle::Repository;
use super::index::PackFacts;
use super::keys::Domain;
use super::pack;
use super::reader::{self, CHUNK_BYTES_LIMIT, SEALED_BYTES_LIMIT};
use super::survey::Survey;
use crate::codec::rows::{Digester, RowKey};
use crate::cpu;
use crate::error::{Error, Fault, Result};
use crate::hash::{ChunkId, Digest, StoredId};
use crate::store::Store;

/// Packs up to this size are looked at in memory, larger ones in pieces.
const IN_MEMORY_MAX: u64 = 64 << 20;
/// Bytes of a piece.
const PIECE_BYTES: u64 = 8 << 20;

/// How far to look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Look {
    /// Stored bytes against the name of the pack.
    Bytes,
    /// Every chunk opened, decoded, and checked against its id.
    Chunks,
}

/// A copy of a chunk in the pack at hand: id, offset, sealed length.
pub(crate) type CopyInPack = (ChunkId, u32, u32);

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
    pub(crate) fn packs_with_copies(&self) -> Vec<(PackFacts, Option<u64>, Vec<CopyInPack>)> {
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
    /// Looks at a pack. Memory: one of at most [`IN_MEMORY_MAX`], or a piece of a larger one; and one chunk a core.
    pub(crate) async fn inspect(&self, facts: PackFacts, copies: Vec<CopyInPack>, look: Look) -> Result<Inspected> {
        let key = Folder::Packs.key(facts.id);
        let size = self.store().size(&key).await?;
        if size.is_some_and(|size| size > IN_MEMORY_MAX) {
            return self.inspect_in_pieces(facts, copies, size.unwrap_or_default(), look).await;
        }
        let bytes = match self.store().get(&key).await {
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(problem) => {
                let lost = copies.iter().map(|(id, _, _)| (*id, "its pack is missing".to_owned())).collect();
                return Ok(Inspected { problem: Some(problem), whole: Vec::new(), lost });
            }
            Ok(bytes) => bytes,
        };
        let repository = self.clone();
        Ok(cpu::run(move || {
            let sound = StoredId::of(&bytes) == facts.id;
            let described = pack::describe_bytes(repository.keyring(), facts.id, &bytes).ok();
            let pack = Open { repository, facts, look, sound, described };
            let mut found = pack.found(bytes.len() as u64);
            for copy in &copies {
                let (_, offset, length) = *copy;
                let end = (offset as usize).checked_add(length as usize);
                found.take(copy, pack.check(copy, end.and_then(|end| bytes.get(offset as usize..end))));
            }
            found
        })
        .await)
    }

    /// As [`Repository::inspect`], for packs that no version of pgkeep writes so large.
    async fn inspect_in_pieces(
        &self,
        facts: PackFacts,
        copies: Vec<CopyInPack>,
        size: u64,
        look: Look,
    ) -> Result<Inspected> {
        let (store, key) = (self.store(), Folder::Packs.key(facts.id));
        let may_be_sound = size == facts.size && size < PACK_BYTES_END;
        let sound = may_be_sound && stored_hash(store, &key, size).await? == facts.id;
        let described = match pack::describe(store, self.keyring(), facts.id, size).await {
            Err(error @ Error::Store { .. }) => return Err(error),
            described => described.ok(),
        };
        let pack = Arc::new(Open { repository: self.clone(), facts, look, sound, described });
        let mut found = pack.found(size);
        for copy in copies {
            let (_, offset, length) = copy;
            let range = u64::from(offset)..u64::from(offset) + u64::from(length);
            let sealed = match length <= SEALED_BYTES_LIMIT {
                false => None,
                true => match store.get_range(&key, range).await {
                    Err(error @ Error::Store { .. }) => return Err(error),
                    sealed => sealed.ok(),
                },
            };
            let pack = Arc::clone(&pack);
            let checked = cpu::run(move || pack.check(&copy, sealed.as_deref())).await;
            found.take(&copy, checked);
        }
        Ok(found)
    }
}

/// BLAKE3 of a stored object of any size, read in pieces.
pub(crate) async fn stored_hash(store: &Store, key: &str, size: u64) -> Result<StoredId> {
    let mut hasher = blake3::Hasher::new();
    let mut at = 0;
    while at < size {
        let piece = store.get_range(key, at..size.min(at + PIECE_BYTES)).await?;
        if piece.is_empty() {
            break;
        }
        at += piece.len() as u64;
        hasher = cpu::run(move || {
            hasher.update(&piece);
            hasher
        })
        .await;
    }
    Ok(StoredId(*hasher.finalize().as_bytes()))
}

impl Inspected {
    fn take(&mut self, (id, _, _): &CopyInPack, checked: Result<Option<Digest>, Fault>) {
        match checked {
            Ok(digest) => self.whole.push((*id, digest)),
            Err(fault) => self.lost.push((*id, fault.to_string())),
        }
    }
}

/// A pack being looked at.
struct Open {
    repository: Repository,
    facts: PackFacts,
    look: Look,
    /// Whether its bytes are those that it is named after.
    sound: bool,
    /// What it says about itself.
    described: Option<PackEntry>,
}

impl Open {
    /// What is found before any chunk is looked at, in a pack of `size` bytes.
    fn found(&self, size: u64) -> Inspected {
        let problem = match size {
            _ if self.sound => return Inspected::default(),
            PACK_BYTES_END.. => format!("it has {size} bytes, more than any pack"),
            size if size == self.facts.size => "its bytes are not those that it is named after".to_owned(),
            size => format!("it has {size} bytes instead of {}", self.facts.size),
        };
        let problem = Some(Error::damaged(Folder::Packs.key(self.facts.id), problem));
        Inspected { problem, ..Inspected::default() }
    }

    /// Whether a chunk is whole, with its digest where it was opened. Runs on the CPU pool.
    fn check(&self, (id, offset, _): &CopyInPack, sealed: Option<&[u8]>) -> Result<Option<Digest>, Fault> {
        let sealed = sealed.ok_or_else(|| Fault::damaged("it lies beyond the end of its pack"))?;
        let keys = self.repository.keyring().epoch(self.facts.epoch);
        let keys = keys.ok_or_else(|| Fault::damaged("its key epoch is unknown"))?;
        if self.look == Look::Chunks {
            return open(&self.repository, &self.facts, *id, sealed, &keys.row_key()).map(Some);
        }
        if self.sound {
            return Ok(None);
        }
        let described = self.described.as_ref();
        match described.and_then(|described| described.chunks.iter().find(|entry| entry.offset == *offset)) {
            Some(entry) if StoredId::of(sealed) == entry.sealed => Ok(None),
            Some(_) => Err(Fault::damaged("its sealed bytes are not what was stored")),
            None => Err(Fault::damaged("its pack is damaged, and says nothing about it any more")),
        }
    }
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
