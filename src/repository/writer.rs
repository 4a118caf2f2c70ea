//! Stores rows: cut, named, claimed, compressed, sealed, packed. What nobody commits stays invisible.
//!
//! Commit is [`super::commit`]'s. A chunk that was claimed is always stored or the writer fails, even if the future that
//! brought it is dropped: other parts may refer to it already.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt, stream};
use tokio::sync::{Semaphore, mpsc};

use super::claims::Claims;
use super::format::chunk_ref::{ChunkRef, Stored};
use super::format::layout::Folder;
use super::format::notes::{PackMark, Reason};
use super::format::trailer::Kind;
use super::handle::Repository;
use super::keys::Domain;
use super::pack::{self, SealedChunk};
use super::packer::{Batch, Packer};
use super::reader::{self, SEALED_BYTES_LIMIT};
use super::survey::Survey;
use crate::blocks::Blocks;
use crate::codec::cut::{Cut, Cutter};
use crate::codec::rows::RowKey;
use crate::codec::{chunk, seal};
use crate::cpu;
use crate::error::{Error, Fault, Result};
use crate::hash::StoredId;

/// Chunks of one part in work on the CPU pool. One more waits, and one is being cut.
const JOBS_PER_PART: usize = 2;
/// More parts than this are never copied at once.
const PARTS_MAX: u32 = 1 << 16;

/// How to store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WriteOptions {
    /// zstd level; `None` is the default.
    pub level: Option<i32>,
    /// Decode and compare every chunk before it is stored, not only one in eight.
    pub check_all: bool,
    /// What [`super::Head::run`] says, for several dumps of one run; a dump without it is a run of its own.
    pub run: Option<[u8; 16]>,
}

/// Stores the rows of one dump. Clones share everything, for tasks that copy at the same time.
///
/// Memory: for each part being put [`JOBS_PER_PART`] + 2 chunks and a pack; [`crate::limits::PUTS_IN_FLIGHT`] packs.
#[derive(Clone)]
pub struct Writer {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) repository: Repository,
    pub(super) survey: Arc<Survey>,
    pub(super) claims: Arc<Claims>,
    pub(super) packer: Arc<Packer>,
    /// A permit is out for every part whose chunks are still in work.
    parts: Arc<Semaphore>,
    row_key: RowKey,
    options: WriteOptions,
    /// Packs that hold a chunk which this run would have relied on, and which does not open.
    pub(super) damaged: Mutex<Vec<StoredId>>,
}

impl Writer {
    pub(super) fn new(repository: Repository, survey: Arc<Survey>, options: WriteOptions) -> Self {
        let claims = Arc::new(Claims::default());
        let packer = Packer::new(repository.clone(), Arc::clone(&claims));
        let row_key = repository.keyring().newest().row_key();
        let parts = Arc::new(Semaphore::new(PARTS_MAX as usize));
        Self {
            shared: Arc::new(Shared {
                repository,
                survey,
                claims,
                packer,
                parts,
                row_key,
                options,
                damaged: Mutex::default(),
            }),
        }
    }

    /// Stores the rows of a part; `what` names it in errors. Nothing can refer to them before
    /// [`Writer::finish`](Self::finish), but other parts share their chunks.
    ///
    /// If it fails or is dropped, the part can be put again: what was stored of it is known then.
    ///
    /// # Errors
    ///
    /// Those of `blocks`, [`Error::Store`]; once a put has failed, every further one does.
    ///
    /// # Panics
    ///
    /// Goes on with a panic of the CPU pool.
    pub async fn put(&self, blocks: Blocks<'_>, what: &str) -> Result<Stored> {
        self.put_as(Kind::Rows, Reuse::Listed, blocks, what).await
    }

    /// As [`Writer::put`], for rows without which nothing of the snapshot is known: what is stored of them already is
    /// opened before it is relied on.
    ///
    /// # Errors
    ///
    /// As [`Writer::put`].
    pub async fn put_opened(&self, blocks: Blocks<'_>, what: &str) -> Result<Stored> {
        self.put_as(Kind::Rows, Reuse::Opened, blocks, what).await
    }

    pub(super) async fn put_as(&self, kind: Kind, reuse: Reuse, mut blocks: Blocks<'_>, what: &str) -> Result<Stored> {
        let shared = &self.shared;
        shared.packer.check()?;
        let (send, receive) = mpsc::channel(1);
        let permit = Arc::clone(&shared.parts).acquire_owned().await.expect("this semaphore is never closed");
        let storing = {
            let (shared, what) = (Arc::clone(shared), what.to_owned());
            tokio::spawn(async move {
                let stored = store(&shared, kind, reuse, receive, &what).await;
                drop(permit);
                stored
            })
        };
        let mut cutter = Cutter::new(&shared.row_key);
        let mut open = true;
        while open && let Some(block) = blocks.next().await {
            open = send_all(&send, cutter.push(&block?)).await;
        }
        let (rest, digest) = cutter.finish();
        if open {
            send_all(&send, rest).await;
        }
        drop(send);
        match storing.await {
            Ok(stored) => Ok(Stored { chunks: stored?, digest }),
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            Err(_) => Err(Error::Cancelled),
        }
    }

    /// Waits until no chunk is in work any more, those of dropped puts included.
    pub(super) async fn settle(&self) {
        drop(self.shared.parts.acquire_many(PARTS_MAX).await.expect("this semaphore is never closed"));
    }
}

/// What has to be known of a chunk that is stored already before a run relies on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reuse {
    /// That its pack is listed with its size.
    Listed,
    /// That it opens and is what its name says.
    Opened,
}

/// Whether there is still somebody who takes them.
async fn send_all(send: &mpsc::Sender<Cut>, cuts: Vec<Cut>) -> bool {
    for cut in cuts {
        if send.send(cut).await.is_err() {
            return false;
        }
    }
    true
}

async fn store(
    shared: &Arc<Shared>,
    kind: Kind,
    reuse: Reuse,
    receive: mpsc::Receiver<Cut>,
    what: &str,
) -> Result<Vec<ChunkRef>> {
    let stored = store_or_fail(shared, kind, reuse, receive, what).await;
    if stored.is_err() {
        // Its claims may never be stored, and other parts may refer to them.
        shared.packer.fail(Error::Partial { message: format!("{what} could not be stored") });
    }
    stored
}

async fn store_or_fail(
    shared: &Arc<Shared>,
    kind: Kind,
    reuse: Reuse,
    receive: mpsc::Receiver<Cut>,
    what: &str,
) -> Result<Vec<ChunkRef>> {
    let cuts = stream::unfold(receive, |mut receive: mpsc::Receiver<Cut>| async move {
        receive.recv().await.map(|cut| (cut, receive))
    });
    let jobs = cuts.map(|cut| {
        let shared = Arc::clone(shared);
        async move {
            let named = |fault: Fault| fault.of(format!("encoding of {what}"));
            let again = (reuse == Reuse::Opened).then(|| cut.clone());
            let encoder = Arc::clone(&shared);
            let encoded = cpu::run(move || encoder.encode(kind, cut, true)).await.map_err(named)?;
            match again {
                Some(cut) if encoded.1.is_none() && !shared.opens(kind.domain(), encoded.0).await? => {
                    cpu::run(move || shared.encode(kind, cut, false)).await.map_err(named)
                }
                _ => Ok::<_, Error>(encoded),
            }
        }
    });
    let mut jobs = std::pin::pin!(jobs.buffered(JOBS_PER_PART));
    let (mut chunks, mut batch) = (Vec::new(), Batch::default());
    while let Some(done) = jobs.next().await {
        let (chunk, sealed) = done?;
        chunks.push(chunk);
        if let Some(sealed) = sealed {
            batch.push(sealed);
        }
        if batch.is_full() {
            shared.packer.put(kind.domain(), std::mem::take(&mut batch)).await?;
        }
    }
    shared.packer.leave(kind.domain(), batch).await?;
    Ok(chunks)
}

impl Shared {
    /// Whether a chunk that was found stored is whole; otherwise its pack is marked as damaged. One that this run has
    /// claimed itself is.
    async fn opens(&self, domain: Domain, chunk: ChunkRef) -> Result<bool> {
        let keyring = self.repository.keyring();
        let epoch = keyring.newest().epoch;
        let Some(copy) = self.survey.usable_for_dedup(chunk.id, epoch) else { return Ok(true) };
        let pack = self.survey.index.pack(copy);
        let (store, key) = (self.repository.store(), Folder::Packs.key(pack.id));
        let start = u64::from(copy.offset);
        let sealed = match store.get_range(&key, start..start + u64::from(copy.length.min(SEALED_BYTES_LIMIT))).await {
            Err(error @ Error::Store { .. }) => return Err(error),
            sealed => sealed.ok(),
        };
        let opened = match sealed {
            None => Err(Fault::damaged("it is missing")),
            Some(sealed) => {
                let (repository, hash) = (self.repository.clone(), StoredId::of(&sealed));
                match cpu::run(move || reader::decode(&repository, epoch, domain, chunk, &sealed)).await {
                    // Who cannot read content compares what is sealed with what the pack says about it.
                    Err(Fault::Key) => match pack::describe(store, keyring, pack.id, pack.size).await {
                        Err(error @ Error::Store { .. }) => return Err(error),
                        Ok(said) if said.chunks.iter().any(|e| e.offset == copy.offset && e.sealed == hash) => Ok(()),
                        _ => Err(Fault::damaged("its sealed bytes are not what was stored")),
                    },
                    opened => opened.map(drop),
                }
            }
        };
        if opened.is_ok() {
            return Ok(true);
        }
        let new = {
            let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
            let new = !damaged.contains(&pack.id);
            damaged.extend(new.then_some(pack.id));
            new
        };
        if new {
            self.repository.mark(&PackMark { reason: Reason::Damaged, packs: vec![pack.id] }).await?;
        }
        Ok(false)
    }

    /// Names a chunk and, if nobody has it yet, makes it ready to be stored. What earlier runs have stored counts only
    /// with `reuse`. Runs on the CPU pool.
    fn encode(&self, kind: Kind, cut: Cut, reuse: bool) -> Result<(ChunkRef, Option<SealedChunk>), Fault> {
        let keys = self.repository.keyring().newest();
        let id = keys.chunk_id(kind.domain(), &cut.bytes);
        let raw = u32::try_from(cut.bytes.len()).expect("a chunk has at most CHUNK_BYTES_MAX bytes");
        let chunk = ChunkRef { id, rows: cut.rows, bytes: raw };
        if (reuse && self.survey.usable_for_dedup(id, keys.epoch).is_some()) || !self.claims.claim(id) {
            return Ok((chunk, None));
        }
        let mut options = chunk::Options { verify: self.options.check_all || id.0[0] < 32, ..Default::default() };
        options.level = self.options.level.unwrap_or(options.level);
        let encoded = chunk::encode(kind as u8, &cut, options)?;
        drop(cut);
        let bytes = seal::seal(keys.recipient(kind.domain()), &encoded).into();
        Ok((chunk, Some(SealedChunk { id, kind: kind as u8, raw, base: None, bytes })))
    }
}
