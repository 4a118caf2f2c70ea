//! Fills packs, puts them while copying goes on, and writes index files now and then. Bounded in memory and in puts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::claims::Claims;
use super::format::index::{self, PackEntry};
use super::format::layout::Folder;
use super::format::record;
use super::handle::Repository;
use super::keys::Domain;
use super::pack::{self, SealedChunk};
use crate::error::{Error, Result};
use crate::limits::{INDEX_FILE_BYTES, PACK_BYTES, PUTS_IN_FLIGHT};
use crate::{cpu, hash::StoredId};

/// A dump that dies loses the deduplication of at most this much of its work; later ones find its packs even so, but
/// have to ask each.
const INDEX_EVERY: Duration = Duration::from_secs(120);

/// Sealed chunks that wait for a full pack, in order.
#[derive(Default)]
pub(super) struct Batch {
    chunks: Vec<SealedChunk>,
    bytes: usize,
}

impl Batch {
    pub(super) fn push(&mut self, chunk: SealedChunk) {
        self.bytes += chunk.bytes.len();
        self.chunks.push(chunk);
    }

    fn append(&mut self, mut other: Self) {
        self.bytes += other.bytes;
        self.chunks.append(&mut other.chunks);
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= PACK_BYTES
    }
}

/// What was stored so far.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Counts {
    pub(super) chunks: u64,
    /// Before compression.
    pub(super) raw_bytes: u64,
    /// Packs.
    pub(super) stored_bytes: u64,
}

struct State {
    content: Batch,
    structure: Batch,
    /// Packs that no index file of this run lists yet.
    unindexed: Vec<PackEntry>,
    indexed_at: Instant,
    counts: Counts,
    /// The first error of a put that nobody waited for.
    failure: Option<Error>,
    failed: bool,
}

pub(super) struct Packer {
    repository: Repository,
    claims: Arc<Claims>,
    puts: Arc<Semaphore>,
    state: Mutex<State>,
}

impl Packer {
    pub(super) fn new(repository: Repository, claims: Arc<Claims>) -> Arc<Self> {
        let state = State {
            content: Batch::default(),
            structure: Batch::default(),
            unindexed: Vec::new(),
            indexed_at: Instant::now(),
            counts: Counts::default(),
            failure: None,
            failed: false,
        };
        let puts = Arc::new(Semaphore::new(PUTS_IN_FLIGHT));
        Arc::new(Self { repository, claims, puts, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything in it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Fails if a put has failed: the whole dump has.
    pub(super) fn check(&self) -> Result<()> {
        let mut state = self.lock();
        if !state.failed {
            return Ok(());
        }
        let again = || Error::Partial { message: "the dump failed before, when rows could not be stored".into() };
        Err(state.failure.take().unwrap_or_else(again))
    }

    pub(super) fn fail(&self, error: Error) {
        let mut state = self.lock();
        if !state.failed {
            state.failed = true;
            state.failure = Some(error);
        }
    }

    /// Puts what is left of a part together with the rest of others, which fills packs even where tables are small.
    pub(super) async fn leave(self: &Arc<Self>, domain: Domain, rest: Batch) -> Result<()> {
        let full = {
            let mut state = self.lock();
            let batch = match domain {
                Domain::Content => &mut state.content,
                Domain::Structure => &mut state.structure,
            };
            batch.append(rest);
            if batch.is_full() { std::mem::take(batch) } else { Batch::default() }
        };
        self.put(domain, full).await
    }

    /// Puts a pack with these chunks, in the background as soon as fewer than [`PUTS_IN_FLIGHT`] others are.
    pub(super) async fn put(self: &Arc<Self>, domain: Domain, batch: Batch) -> Result<()> {
        self.check()?;
        if batch.chunks.is_empty() {
            return Ok(());
        }
        let permit = Arc::clone(&self.puts).acquire_owned().await.expect("this semaphore is never closed");
        let packer = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = packer.put_now(domain, batch).await {
                packer.fail(error);
            }
            drop(permit);
        });
        Ok(())
    }

    async fn put_now(&self, domain: Domain, batch: Batch) -> Result<()> {
        let repository = self.repository.clone();
        let built = cpu::run(move || pack::build(repository.keyring(), domain, batch.chunks)).await;
        let entry = built.entry;
        self.repository.store().put(&Folder::Packs.key(entry.id), &built.pieces).await?;
        self.claims.stored(entry.chunks.iter().map(|chunk| chunk.id));
        let due = {
            let mut state = self.lock();
            state.counts.chunks += entry.chunks.len() as u64;
            state.counts.raw_bytes += entry.chunks.iter().map(|chunk| u64::from(chunk.raw)).sum::<u64>();
            state.counts.stored_bytes += entry.size;
            state.unindexed.push(entry);
            let bytes: usize = state.unindexed.iter().map(index::encoded_bytes).sum();
            if state.indexed_at.elapsed() > INDEX_EVERY || bytes > INDEX_FILE_BYTES / 2 {
                state.indexed_at = Instant::now();
                std::mem::take(&mut state.unindexed)
            } else {
                Vec::new()
            }
        };
        self.put_index(due).await
    }

    async fn put_index(&self, packs: Vec<PackEntry>) -> Result<()> {
        if packs.is_empty() {
            return Ok(());
        }
        let body = index::encode(&[], &packs);
        let put = self.repository.put_record(Folder::Index, record::Kind::Index, &body).await;
        put.map(|_: StoredId| ())
    }

    /// Puts everything that waits and waits for all puts.
    pub(super) async fn flush(self: &Arc<Self>) -> Result<()> {
        let (content, structure) = {
            let mut state = self.lock();
            (std::mem::take(&mut state.content), std::mem::take(&mut state.structure))
        };
        self.put(Domain::Content, content).await?;
        self.put(Domain::Structure, structure).await?;
        let all = u32::try_from(PUTS_IN_FLIGHT).expect("a small constant");
        drop(self.puts.acquire_many(all).await.expect("this semaphore is never closed"));
        self.check()?;
        let unindexed = std::mem::take(&mut self.lock().unindexed);
        self.put_index(unindexed).await
    }
}
