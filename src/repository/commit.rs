//! The end of a dump: manifest, packs, index, a last look at what it relies on, and the put of the snapshot, which is
//! the commit.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::format::chunk_ref::ChunkRef;
use super::format::layout::Folder;
use super::format::manifest::Manifest;
use super::format::record;
use super::format::snapshot::{Head, Snapshot, Streams, Totals};
use super::format::trailer::Kind;
use super::handle::Repository;
use super::index::Location;
use super::opening::{Opening, new_uid};
use super::pack::{self, SealedChunk};
use super::packer::Batch;
use super::reader::SEALED_BYTES_LIMIT;
use super::snapshots::Snapshots;
use super::survey::{Packs, Survey};
use super::writer::{Reuse, Writer};
use crate::error::{Error, Fault, Result};
use crate::hash::{ChunkId, Digest, StoredId};
use crate::limits::BLOCK_BYTES;

/// How long a pack stays after it was marked, by format; a pruner may use a longer time, never a shorter one.
pub(super) const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// Looks at packs before giving up on committing in time.
const LOOKS: u32 = 5;

/// A snapshot that was put.
#[derive(Clone, PartialEq, Debug)]
pub struct Finished {
    /// Its name.
    pub id: StoredId,
    /// What was put.
    pub snapshot: Snapshot,
    /// Bytes of COPY text that were in the repository already, or several times in this dump.
    pub deduplicated_bytes: u64,
    /// Packs that were found damaged and marked: what this dump needs of them is stored again.
    pub damaged: Vec<StoredId>,
}

/// What a snapshot that was put relies on and its dump did not store itself.
#[derive(Clone, Default, Debug)]
pub struct Relied(Vec<ChunkId>);

impl Repository {
    /// Whether what snapshots of this run rely on is still there; a clock that stood still may have hidden a sweep that
    /// began before they were put. One listing for all of them; an answer for each, with the pack that is gone.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn last_look(&self, survey: &Survey, all: &[&Relied]) -> Result<Vec<Option<Error>>> {
        if all.iter().all(|relied| relied.0.is_empty()) {
            return Ok(all.iter().map(|_| None).collect());
        }
        let present = Packs::present(self).await?;
        let mut answers = Vec::with_capacity(all.len());
        let mut newest: Option<Arc<Survey>> = None;
        for relied in all {
            let mut gone = None;
            for id in relied.0.iter().filter(|id| !survey.is_in(**id, &present)) {
                // Somebody may have moved it since this run began.
                let newest = match &mut newest {
                    Some(newest) => newest,
                    none => none.insert(self.survey().await?),
                };
                if !newest.is_in(*id, &newest.packs.present) {
                    gone = Some(*id);
                    break;
                }
            }
            answers.push(gone.map(|id| {
                let pack = survey.index.copies(id).next().map(|copy| survey.index.pack(copy).id);
                let what = pack.map_or_else(|| format!("chunk {id}"), |pack| Folder::Packs.key(pack));
                Error::damaged(what, "it was deleted while this dump ended")
            }));
        }
        Ok(answers)
    }
}

impl Writer {
    /// Stores the manifest and commits. Before it returns nothing of the dump is visible, afterwards all of it is.
    ///
    /// # Errors
    ///
    /// [`Error::Store`], [`Error::Damaged`] where packs that the dump relies on have vanished meanwhile.
    pub async fn finish(self, manifest: &Manifest, head: Head) -> Result<Finished> {
        let before = self.shared.repository.snapshots().await?;
        let survey = Arc::clone(&self.shared.survey);
        let repository = self.shared.repository.clone();
        let (finished, relied) = self.commit(manifest, head, &before).await?;
        match repository.last_look(&survey, &[&relied]).await?.pop().flatten() {
            Some(gone) => Err(gone),
            None => Ok(finished),
        }
    }

    /// As [`Writer::finish`], for one of several dumps that began together, with what they began with. Whoever runs them
    /// must take the last look for all: [`Repository::last_look`].
    ///
    /// # Errors
    ///
    /// As [`Writer::finish`].
    pub async fn finish_among(self, opening: &Opening, manifest: &Manifest, head: Head) -> Result<(Finished, Relied)> {
        self.commit(manifest, head, &opening.snapshots).await
    }

    async fn commit(self, manifest: &Manifest, head: Head, before: &Snapshots) -> Result<(Finished, Relied)> {
        let streams = self.put_manifest(manifest).await?;
        self.settle().await;
        self.shared.packer.flush().await?;
        let mut chunks: Vec<ChunkId> = manifest.chunks().chain(streams.all()).map(|chunk| chunk.id).collect();
        self.make_sure(&chunks).await?;
        let snapshot = self.snapshot(manifest, head, streams, before);
        let id =
            self.shared.repository.put_record(Folder::Snapshots, record::Kind::Snapshot, &snapshot.encode()).await?;
        let deduplicated_bytes = snapshot.totals.bytes.saturating_sub(self.shared.packer.counts().raw_bytes);
        let damaged = self.shared.damaged.lock().unwrap_or_else(PoisonError::into_inner).clone();
        chunks.retain(|id| !self.shared.claims.is_stored(*id));
        Ok((Finished { id, snapshot, deduplicated_bytes, damaged }, Relied(chunks)))
    }

    async fn put_manifest(&self, manifest: &Manifest) -> Result<Streams> {
        let keys = self.shared.repository.keyring().newest();
        let encoded = manifest.encode(&keys.derived);
        let put = async |kind, bytes: Vec<u8>| {
            let mut bytes = Bytes::from(bytes);
            let blocks = std::iter::from_fn(move || {
                let block = bytes.split_to(bytes.len().min(BLOCK_BYTES));
                (!block.is_empty()).then_some(Ok(block))
            });
            let stored = self.put_as(kind, Reuse::Opened, stream::iter(blocks).boxed(), "the manifest").await?;
            Ok::<Vec<ChunkRef>, Error>(stored.chunks)
        };
        Ok(Streams {
            contents: put(Kind::Contents, encoded.contents).await?,
            facts: put(Kind::Facts, encoded.facts).await?,
            lists: put(Kind::Lists, encoded.lists).await?,
            statistics: manifest.statistics.clone(),
        })
    }

    /// Looks at packs and marks again, copies what must not be relied on any more, and returns soon after a look that
    /// found nothing.
    async fn make_sure(&self, chunks: &[ChunkId]) -> Result<()> {
        for _ in 0..LOOKS {
            let looked = Timestamp::now();
            let packs = Packs::list(&self.shared.repository, &mut Vec::new()).await?;
            let lost = self.lost(chunks, &packs)?;
            // Times of day count a suspended machine, unlike the monotonic clock.
            let took = Timestamp::now().duration_since(looked).unsigned_abs();
            if lost.is_empty() && took < GRACE / 4 {
                return Ok(());
            }
            self.rescue(&lost).await?;
        }
        let message = "packs kept being marked while this dump ended".to_owned();
        Err(Error::Partial { message })
    }

    /// Copies that the dump relies on and that do not count any more, with no other copy that does.
    fn lost(&self, chunks: &[ChunkId], packs: &Packs) -> Result<Vec<Location>> {
        let shared = &self.shared;
        let epoch = shared.repository.keyring().newest().epoch;
        let mut lost = Vec::new();
        for id in chunks.iter().filter(|id| !shared.claims.is_stored(**id)) {
            let counts = |copy: &Location| {
                let pack = shared.survey.index.pack(*copy);
                pack.epoch == epoch && packs.usable_for_dedup(pack.id, pack.size)
            };
            if shared.survey.index.copies(*id).any(|copy| counts(&copy)) {
                continue;
            }
            let copy = shared.survey.usable_for_dedup(*id, epoch);
            lost.push(copy.ok_or_else(|| {
                Fault::damaged("the manifest names it, but it was never put by this dump").of(format!("chunk {id}"))
            })?);
        }
        Ok(lost)
    }

    fn pack(&self, copy: Location) -> StoredId {
        self.shared.survey.index.pack(copy).id
    }

    /// Copies chunks, still sealed, out of packs that were marked meanwhile.
    async fn rescue(&self, lost: &[Location]) -> Result<()> {
        let shared = &self.shared;
        let mut by_pack: HashMap<StoredId, Vec<Location>> = HashMap::new();
        for copy in lost {
            by_pack.entry(self.pack(*copy)).or_default().push(*copy);
        }
        for (id, copies) in by_pack {
            let (store, keyring) = (shared.repository.store(), shared.repository.keyring());
            let key = Folder::Packs.key(id);
            let gone = || Error::damaged(&key, "it was deleted while this dump ran; run the dump again");
            let size = store.size(&key).await?.ok_or_else(gone)?;
            let described = pack::describe(store, keyring, id, size).await?;
            let mut batch = Batch::default();
            for entry in described.chunks.iter().filter(|entry| copies.iter().any(|copy| copy.offset == entry.offset)) {
                let start = u64::from(entry.offset);
                let whole = match entry.length <= SEALED_BYTES_LIMIT {
                    true => Some(store.get_range(&key, start..start + u64::from(entry.length)).await?),
                    false => None,
                };
                let Some(bytes) = whole.filter(|bytes| StoredId::of(bytes) == entry.sealed) else {
                    let problem =
                        format!("chunk {} in it is not what was stored; the next dump stores it again", entry.id);
                    return Err(Error::damaged(&key, problem));
                };
                batch.push(SealedChunk { id: entry.id, kind: entry.kind, raw: entry.raw, base: entry.base, bytes });
            }
            shared.packer.put(described.domain, batch).await?;
        }
        shared.packer.flush().await
    }

    fn snapshot(&self, manifest: &Manifest, head: Head, streams: Streams, before: &Snapshots) -> Snapshot {
        let same = before.listed.iter().filter(|listed| listed.snapshot.head.source.is_same(&head.source));
        let last = same.max_by_key(|listed| listed.snapshot.sequence);
        let (parent, sequence) = last.map_or((None, 1), |last| (Some(last.id), last.snapshot.sequence + 1));
        let tool = concat!("pgkeep ", env!("CARGO_PKG_VERSION")).to_owned();
        let totals = self.totals(manifest);
        Snapshot { uid: new_uid(), parent, sequence, tool, head, totals, manifest: streams }
    }

    fn totals(&self, manifest: &Manifest) -> Totals {
        let counts = self.shared.packer.counts();
        let rows: Digest = manifest.parts.iter().map(|part| part.stored.digest).sum();
        let mut tables: Vec<_> = manifest.parts.iter().map(|part| part.object).collect();
        tables.sort_unstable();
        tables.dedup();
        Totals {
            objects: manifest.objects.len() as u64,
            tables: tables.len() as u64,
            rows: rows.rows,
            bytes: rows.bytes,
            chunks: manifest.chunks().count() as u64,
            new_chunks: counts.chunks,
            new_bytes: counts.raw_bytes,
            stored_bytes: counts.stored_bytes,
        }
    }
}
