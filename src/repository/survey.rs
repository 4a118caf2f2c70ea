//! What is in the place at one moment: which packs are there and may be counted on, and where chunks are.
//!
//! A damaged index file costs nothing but time: packs that no readable index file lists are asked themselves.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::format::index;
use super::format::layout::{Folder, id_of};
use super::format::notes::{PackMark, Reason};
use super::format::record::{self, Requires};
use super::handle::Repository;
use super::index::{Index, Location};
use super::pack;
use crate::error::{Error, Result};
use crate::hash::{ChunkId, StoredId};
use crate::store::Entry;

/// Small objects fetched at the same time.
pub(super) const FETCHES: usize = 8;

/// Packs as they were listed.
#[derive(Clone, Default, Debug)]
pub(super) struct Packs {
    /// Stored bytes by name.
    pub(super) present: HashMap<StoredId, u64>,
    /// Packs not to be counted on.
    pub(super) marked: HashMap<StoredId, Reason>,
}

/// Everything that reading and writing start from. Immutable.
#[derive(Debug)]
pub struct Survey {
    pub(super) packs: Packs,
    pub(super) index: Index,
    /// Marks, index files and packs that could not be read.
    pub(super) problems: Vec<Error>,
    /// Features asked for, all index files together.
    pub(super) requires: Requires,
}

impl Packs {
    /// Marks first, then packs: a pack that is marked in between is seen as one or the other.
    pub(super) async fn list(repository: &Repository, problems: &mut Vec<Error>) -> Result<Self> {
        let mut packs = Self::default();
        for (key, record) in repository.records(Folder::Marks, record::Kind::Mark).await? {
            let mark = record.and_then(|record| {
                serde_json::from_slice::<PackMark>(&record.body).map_err(|e| Error::damaged(&key, format!("{e}")))
            });
            match mark {
                Ok(mark) => packs.marked.extend(mark.packs.into_iter().map(|pack| (pack, mark.reason))),
                Err(problem) => problems.push(problem),
            }
        }
        packs.present = Self::present(repository).await?;
        Ok(packs)
    }

    /// Packs that are there, with their stored bytes.
    pub(super) async fn present(repository: &Repository) -> Result<HashMap<StoredId, u64>> {
        let listed = repository.store().list(Folder::Packs.name()).await?;
        Ok(listed.iter().filter_map(|entry| Some((Folder::Packs.at(&entry.key)?, entry.size))).collect())
    }

    /// Whether writers may count on a pack.
    pub(super) fn usable_for_dedup(&self, pack: StoredId, size: u64) -> bool {
        self.present.get(&pack) == Some(&size) && !self.marked.contains_key(&pack)
    }
}

impl Survey {
    pub(super) async fn make(repository: &Repository) -> Result<Arc<Self>> {
        let mut problems = Vec::new();
        let packs = Packs::list(repository, &mut problems).await?;
        let (mut index, mut requires) = (Index::default(), Requires::default());
        for (key, record) in repository.records(Folder::Index, record::Kind::Index).await? {
            let decoded = record.and_then(|record| {
                let listed = index::decode(&record.body, record.epoch).map_err(|fault| fault.of(&key))?;
                Ok((record.requires, listed))
            });
            match decoded {
                Ok((needs, listed)) => {
                    requires.write |= needs.write;
                    requires.delete |= needs.delete;
                    listed.iter().for_each(|pack| index.add(pack));
                }
                Err(problem) => problems.push(problem),
            }
        }
        let unlisted = packs.present.iter().filter(|(id, size)| !index.lists(**id, **size));
        let unlisted: Vec<(StoredId, u64)> = unlisted.map(|(id, size)| (*id, *size)).collect();
        let describe = |(id, size)| pack::describe(repository.store(), repository.keyring(), id, size);
        let mut described = stream::iter(unlisted.into_iter().map(describe)).buffered(FETCHES);
        while let Some(pack) = described.next().await {
            match pack {
                Ok(pack) => index.add(&pack),
                // A place that fails is not a damaged pack.
                Err(error @ Error::Store { .. }) => return Err(error),
                Err(problem) => problems.push(problem),
            }
        }
        drop(described);
        Ok(Arc::new(Self { packs, index, problems, requires }))
    }

    /// Marks, index files and packs that could not be read.
    #[must_use]
    pub fn problems(&self) -> &[Error] {
        &self.problems
    }

    /// A copy of a chunk that a writer may count on.
    pub(super) fn usable_for_dedup(&self, id: ChunkId, epoch: u32) -> Option<Location> {
        self.index.copies(id).find(|copy| {
            let pack = self.index.pack(*copy);
            pack.epoch == epoch && self.packs.usable_for_dedup(pack.id, pack.size)
        })
    }

    /// Whether one of the packs that have a chunk is among these, whole.
    pub(super) fn is_in(&self, id: ChunkId, present: &HashMap<StoredId, u64>) -> bool {
        self.index.copies(id).map(|copy| self.index.pack(copy)).any(|pack| present.get(&pack.id) == Some(&pack.size))
    }

    /// Copies of a chunk worth reading, the best first: packs that nothing speaks against, then marked ones, then those
    /// of another size than expected.
    pub(super) fn readable_copies(&self, id: ChunkId) -> Vec<Location> {
        let rank = |copy: &Location| {
            let pack = self.index.pack(*copy);
            (self.packs.present.get(&pack.id) != Some(&pack.size), self.packs.marked.contains_key(&pack.id))
        };
        let present = |copy: &Location| self.packs.present.contains_key(&self.index.pack(*copy).id);
        let mut copies: Vec<Location> = self.index.copies(id).filter(present).collect();
        copies.sort_by_key(rank);
        copies
    }
}

impl Repository {
    /// What is stored right now, for reading and verifying.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn survey(&self) -> Result<Arc<Survey>> {
        Survey::make(self).await
    }

    /// All records of a folder, opened; each with its key or with why it could not be read.
    pub(super) async fn records(
        &self,
        folder: Folder,
        kind: record::Kind,
    ) -> Result<Vec<(String, Result<record::Record>)>> {
        let listed = self.store().list(folder.name()).await?;
        self.records_of(folder, kind, listed).await
    }

    /// The same where the folder is listed already.
    pub(super) async fn records_of(
        &self,
        folder: Folder,
        kind: record::Kind,
        listed: Vec<Entry>,
    ) -> Result<Vec<(String, Result<record::Record>)>> {
        let names = listed.into_iter().filter(|entry| folder.at(&entry.key).is_some());
        let fetch = |entry: Entry| async move {
            let record = match self.record(&entry.key, entry.size, kind).await {
                Err(error @ Error::Store { .. }) => return Err(error),
                record => record,
            };
            Ok((entry.key, record))
        };
        stream::iter(names.map(fetch)).buffered(FETCHES).try_collect().await
    }

    pub(super) async fn record(&self, key: &str, size: u64, kind: record::Kind) -> Result<record::Record> {
        if size > record::SEALED_BYTES_MAX {
            return Err(Error::damaged(key, "it is too large for what it should be"));
        }
        let sealed = self.store().get(key).await?;
        if Some(StoredId::of(&sealed)) != id_of(key) {
            return Err(Error::damaged(key, "its bytes are not those that it is named after"));
        }
        record::open(self.keyring(), kind, &sealed).map_err(|fault| fault.of(key))
    }

    /// Stores a record and returns its name.
    pub(super) async fn put_record(&self, folder: Folder, kind: record::Kind, body: &[u8]) -> Result<StoredId> {
        let sealed = bytes::Bytes::from(record::seal(self.keyring(), kind, body));
        let id = StoredId::of(&sealed);
        self.store().put(&folder.key(id), &[sealed]).await?;
        Ok(id)
    }
}
