//! What can be done about damaged packs: what is whole in them is copied into new ones, and those that nothing needs any
//! more are removed.
//!
//! Never removes what it did not just see damaged, and no pack that a running dump may still rely on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::claims::Claims;
use super::commit::GRACE;
use super::format::chunk_ref::ChunkRef;
use super::format::layout::Folder;
use super::format::notes::PackMark;
use super::format::record;
use super::handle::Repository;
use super::index::{Location, PackFacts};
use super::inspect::{self, Look};
use super::opening::Opening;
use super::pack::SealedChunk;
use super::packer::{Batch, Packer};
use super::reader::{self, CHUNK_BYTES_LIMIT, SEALED_BYTES_LIMIT};
use super::survey::Survey;
use crate::cpu;
use crate::error::{Error, Result};
use crate::hash::{ChunkId, StoredId};

/// What became of a damaged pack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Removal {
    /// It is gone.
    Removed,
    /// It was marked less than [`GRACE`] ago: a dump that runs since before that may still rely on it.
    Early,
    /// It is whole now: somebody has put it back.
    Whole,
}

impl Repository {
    /// Copies these chunks, still sealed, into new packs, each opened and checked first; says how many. Those of an
    /// earlier key epoch, and those that are whole nowhere, are passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where a newer version forbids this one to write, [`Error::Store`].
    pub(crate) async fn rescue(&self, survey: &Survey, chunks: &HashSet<ChunkId>) -> Result<u64> {
        self.opening().await?;
        let packer = Packer::new(self.clone(), Arc::new(Claims::default()));
        let of = |id: &ChunkId| survey.index.copies(*id).map(|copy| (copy.pack, copy.offset)).min();
        let mut ordered: Vec<ChunkId> = chunks.iter().copied().collect();
        ordered.sort_by_key(|id| (of(id), *id));
        let mut copied = 0;
        for id in ordered {
            for copy in survey.readable_copies(id) {
                let pack = survey.index.pack(copy);
                if pack.epoch != self.keyring().newest().epoch {
                    continue;
                }
                if let Some(chunk) = self.sealed_chunk(id, copy, pack).await? {
                    let mut batch = Batch::default();
                    batch.push(chunk);
                    packer.leave(pack.domain, batch).await?;
                    copied += 1;
                    break;
                }
            }
        }
        packer.flush().await?;
        Ok(copied)
    }

    /// A copy of a chunk as it is stored, if it is whole.
    async fn sealed_chunk(&self, id: ChunkId, copy: Location, pack: &PackFacts) -> Result<Option<SealedChunk>> {
        if copy.length > SEALED_BYTES_LIMIT {
            return Ok(None);
        }
        let (key, start) = (Folder::Packs.key(pack.id), u64::from(copy.offset));
        let bytes = match self.store().get_range(&key, start..start + u64::from(copy.length)).await {
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(_) => return Ok(None),
            Ok(bytes) => bytes,
        };
        let (repository, sealed, pack) = (self.clone(), bytes.clone(), pack.clone());
        let chunk = ChunkRef { id, rows: 0, bytes: CHUNK_BYTES_LIMIT };
        let opened = cpu::run(move || reader::open(&repository, pack.epoch, pack.domain, chunk, &sealed)).await;
        Ok(opened.ok().map(|(header, _)| SealedChunk { id, kind: header.kind, raw: header.raw_len, base: None, bytes }))
    }

    /// Removes a pack that no snapshot needs any more, once it has been marked for [`GRACE`] and if it is damaged still.
    /// The caller has proven the former by what it has `seen` after the pack was marked.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where a newer version forbids this one to delete, [`Error::Store`].
    pub(crate) async fn remove_damaged_pack(&self, seen: &Opening, pack: StoredId) -> Result<Removal> {
        self.may_delete(seen)?;
        let marked = self.marked_since().await?.get(&pack).copied().unwrap_or(Timestamp::MAX);
        let free = marked.saturating_add(GRACE).unwrap_or(Timestamp::MAX);
        if Timestamp::now() < free {
            return Ok(Removal::Early);
        }
        let listed = seen.survey.packs_with_copies().into_iter().find(|(facts, ..)| facts.id == pack);
        if let Some((facts, _, copies)) = listed {
            let found = self.inspect(facts, copies, Look::Chunks).await?;
            if found.problem.is_none() && found.lost.is_empty() {
                return Ok(Removal::Whole);
            }
        } else if !self.differs_from_its_name(Folder::Packs, pack).await? {
            return Ok(Removal::Whole);
        }
        self.store().delete(&Folder::Packs.key(pack)).await?;
        Ok(Removal::Removed)
    }

    /// Removes an index file or a mark whose bytes are not those that it is named after; whether it did. Nothing is lost
    /// by it: nobody can read it, packs say themselves what they hold, and damaged ones are marked again.
    ///
    /// # Errors
    ///
    /// As [`Repository::remove_damaged_pack`].
    pub(crate) async fn remove_damaged_record(&self, seen: &Opening, key: &str) -> Result<bool> {
        let at = |folder: Folder| folder.at(key).map(|id| (folder, id));
        let Some((folder, id)) = at(Folder::Index).or_else(|| at(Folder::Marks)) else { return Ok(false) };
        self.may_delete(seen)?;
        let damaged = self.differs_from_its_name(folder, id).await?;
        if damaged {
            self.store().delete(key).await?;
        }
        Ok(damaged)
    }

    async fn differs_from_its_name(&self, folder: Folder, id: StoredId) -> Result<bool> {
        let key = folder.key(id);
        let Some(size) = self.store().size(&key).await? else { return Ok(false) };
        match inspect::stored_hash(self.store(), &key, size).await {
            Err(error @ Error::Store { .. }) => Err(error),
            hash => Ok(hash.ok() != Some(id)),
        }
    }

    fn may_delete(&self, seen: &Opening) -> Result<()> {
        self.knows_all_folders()?;
        if !seen.survey.requires.allows_delete() || !seen.snapshots.requires.allows_delete() {
            let message = format!("{} uses features with which this version must not delete", self.store().place());
            return Err(Error::unsupported(message, "use a newer version of pgkeep"));
        }
        Ok(())
    }

    /// Packs that are marked, each with the time of its first mark by the clock of the place.
    async fn marked_since(&self) -> Result<HashMap<StoredId, Timestamp>> {
        let listed = self.store().list(Folder::Marks.name()).await?;
        let times: HashMap<String, Timestamp> = listed.into_iter().map(|entry| (entry.key, entry.modified)).collect();
        let mut since = HashMap::new();
        for (key, record) in self.records(Folder::Marks, record::Kind::Mark).await? {
            let mark = record.ok().and_then(|record| serde_json::from_slice::<PackMark>(&record.body).ok());
            let time = times.get(&key).copied().unwrap_or(Timestamp::MAX);
            for pack in mark.into_iter().flat_map(|mark| mark.packs) {
                let first = since.entry(pack).or_insert(time);
                *first = time.min(*first);
            }
        }
        Ok(since)
    }
}
