//! Stores rows: cut, named, claimed, compressed, sealed, packed. What nobody commits stays invisible.
//!
//! Commit is [`super::commit`]'s. A chunk that was claimed is always stored or the writer fails, even if the future that
//! brought it is dropped: other parts may refer to it already.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::{Semaphore, mpsc};

use super::claims::Claims;
use super::pack::SealedChunk;
use super::packer::{Batch, Packer};
use super::survey::Survey;
use super::trailer::Kind;
use super::{ChunkRef, Repository, Stored};
use crate::blocks::Blocks;
use crate::codec::cut::{Cut, Cutter};
use crate::codec::rows::RowKey;
use crate::codec::{chunk, seal};
use crate::cpu;
use crate::error::{Error, Fault, Result};

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
}

impl Writer {
    pub(super) fn new(repository: Repository, survey: Arc<Survey>, options: WriteOptions) -> Self {
        let claims = Arc::new(Claims::default());
        let packer = Packer::new(repository.clone(), Arc::clone(&claims));
        let row_key = repository.keyring().newest().row_key();
        let parts = Arc::new(Semaphore::new(PARTS_MAX as usize));
        Self { shared: Arc::new(Shared { repository, survey, claims, packer, parts, row_key, options }) }
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
        self.put_as(Kind::Rows, blocks, what).await
    }

    pub(super) async fn put_as(&self, kind: Kind, mut blocks: Blocks<'_>, what: &str) -> Result<Stored> {
        let shared = &self.shared;
        shared.packer.check()?;
        let (send, receive) = mpsc::channel(1);
        let permit = Arc::clone(&shared.parts).acquire_owned().await.expect("this semaphore is never closed");
        let storing = {
            let (shared, what) = (Arc::clone(shared), what.to_owned());
            tokio::spawn(async move {
                let stored = store(&shared, kind, receive, &what).await;
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

/// Whether there is still somebody who takes them.
async fn send_all(send: &mpsc::Sender<Cut>, cuts: Vec<Cut>) -> bool {
    for cut in cuts {
        if send.send(cut).await.is_err() {
            return false;
        }
    }
    true
}

async fn store(shared: &Arc<Shared>, kind: Kind, receive: mpsc::Receiver<Cut>, what: &str) -> Result<Vec<ChunkRef>> {
    let stored = store_or_fail(shared, kind, receive, what).await;
    if stored.is_err() {
        // Its claims may never be stored, and other parts may refer to them.
        shared.packer.fail(Error::Partial { message: format!("{what} could not be stored") });
    }
    stored
}

async fn store_or_fail(
    shared: &Arc<Shared>,
    kind: Kind,
    receive: mpsc::Receiver<Cut>,
    what: &str,
) -> Result<Vec<ChunkRef>> {
    let cuts = stream::unfold(receive, |mut receive: mpsc::Receiver<Cut>| async move {
        receive.recv().await.map(|cut| (cut, receive))
    });
    let jobs = cuts.map(|cut| {
        let shared = Arc::clone(shared);
        cpu::run(move || shared.encode(kind, cut))
    });
    let mut jobs = std::pin::pin!(jobs.buffered(JOBS_PER_PART));
    let (mut chunks, mut batch) = (Vec::new(), Batch::default());
    while let Some(done) = jobs.next().await {
        let (chunk, sealed) = done.map_err(|fault| fault.of(format!("encoding of {what}")))?;
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
    /// Names a chunk and, if nobody has it yet, makes it ready to be stored. Runs on the CPU pool.
    fn encode(&self, kind: Kind, cut: Cut) -> Result<(ChunkRef, Option<SealedChunk>), Fault> {
        let keys = self.repository.keyring().newest();
        let id = keys.chunk_id(kind.domain(), &cut.bytes);
        let raw = u32::try_from(cut.bytes.len()).expect("a chunk has at most CHUNK_BYTES_MAX bytes");
        let chunk = ChunkRef { id, rows: cut.rows, bytes: raw };
        if self.survey.counted(id, keys.epoch).is_some() || !self.claims.claim(id) {
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
