//! Reads rows back: ranges of packs, opened, decoded and checked against their ids before anybody sees a byte.
//!
//! Restore and verify read through this and nothing else. Where one copy of a chunk is damaged and another is not, the
//! other is used.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::format::chunk_ref::{ChunkRef, Stored};
use super::format::layout::Folder;
use super::format::manifest::{Encoded, Manifest};
use super::handle::Repository;
use super::index::Location;
use super::keys::Domain;
use super::snapshots::Listed;
use super::survey::Survey;
use crate::blocks::Blocks;
use crate::codec::chunk::{self, Header};
use crate::codec::rows::Digester;
use crate::cpu;
use crate::error::{Error, Fault, Result};
use crate::hash::ChunkId;

/// Neighbouring chunks are fetched together up to this much.
const FETCH_BYTES: u64 = 4 << 20;
/// Fetches ahead of the one that is being read.
const FETCHES_AHEAD: usize = 2;
/// Chunks being decoded at the same time.
const DECODES_AHEAD: usize = 2;
/// Longest chunk that any writer of format 1 may store, before compression.
pub(super) const CHUNK_BYTES_LIMIT: u32 = 16 << 20;
/// Longest sealed chunk that is fetched: what does not compress grows a little.
pub(super) const SEALED_BYTES_LIMIT: u32 = CHUNK_BYTES_LIMIT + (CHUNK_BYTES_LIMIT >> 2);

/// Reads one snapshot. Clones share everything.
#[derive(Clone)]
pub struct Reader {
    repository: Repository,
    survey: Arc<Survey>,
    snapshot: Arc<Listed>,
}

/// Chunks that one request brings.
struct Fetch {
    chunks: Vec<(ChunkRef, Option<Location>)>,
    /// Offset in the pack, and length, of all of them.
    range: std::ops::Range<u64>,
}

impl Reader {
    pub(super) fn new(repository: Repository, survey: Arc<Survey>, snapshot: Listed) -> Self {
        Self { repository, survey, snapshot: Arc::new(snapshot) }
    }

    /// The snapshot that is read.
    #[must_use]
    pub fn snapshot(&self) -> &Listed {
        &self.snapshot
    }

    /// Makes digests that compare with those of this snapshot.
    #[must_use]
    pub fn digester(&self) -> Digester {
        let keys = self.repository.keyring().epoch(self.snapshot.epoch);
        Digester::new(&keys.expect("a record of an unknown epoch does not open").row_key())
    }

    /// What the snapshot consists of.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] without an owner's identity, [`Error::Damaged`], [`Error::Store`].
    pub async fn manifest(&self) -> Result<Manifest> {
        let streams = &self.snapshot.snapshot.manifest;
        let encoded = Encoded {
            contents: self.whole(Domain::Content, &streams.contents).await?,
            facts: self.whole(Domain::Content, &streams.facts).await?,
            lists: self.whole(Domain::Structure, &streams.lists).await?,
        };
        let keys = self.repository.keyring().epoch(self.snapshot.epoch);
        let keys = keys.expect("a record of an unknown epoch does not open");
        let decoded = Manifest::decode(&encoded, &keys.derived);
        let manifest = decoded.map_err(|fault| fault.of(format!("snapshot {}", self.snapshot.id)))?;
        Ok(Manifest { statistics: streams.statistics.clone(), ..manifest })
    }

    /// Statistics for the planner as they were copied, each chunk checked; nothing where the dump took none.
    #[must_use]
    pub fn statistics(&self) -> Blocks<'static> {
        self.chunks(Domain::Content, self.snapshot.snapshot.manifest.statistics.clone())
    }

    /// All chunks of all parts, without knowing whose they are: what a writer's credential can tell.
    pub(crate) async fn lists(&self) -> Result<Vec<ChunkRef>> {
        let stream = self.whole(Domain::Structure, &self.snapshot.snapshot.manifest.lists).await?;
        let lines = super::format::lists::read(&stream).map(|line| line.map(|line| line.chunk));
        lines.collect::<Result<_, _>>().map_err(|fault| fault.of(format!("snapshot {}", self.snapshot.id)))
    }

    async fn whole(&self, domain: Domain, chunks: &[ChunkRef]) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        let mut chunks = self.chunks(domain, chunks.to_vec());
        while let Some(bytes) = chunks.try_next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    /// The rows of a part, as they were put. The stream ends without an error only if row count, bytes and digest are
    /// those of the dump: rows must not be committed anywhere before it has ended.
    ///
    /// Memory: [`FETCHES_AHEAD`] + 1 fetches and as many chunks.
    #[must_use]
    pub fn blocks(&self, stored: &Stored) -> Blocks<'static> {
        let keys = self.repository.keyring().epoch(self.snapshot.epoch);
        let keys = keys.expect("a record of an unknown epoch does not open");
        let (expected, digester) = (stored.digest, Digester::new(&keys.row_key()));
        let chunks = self.chunks(Domain::Content, stored.chunks.clone());
        stream::try_unfold((chunks, Some(digester)), move |(mut chunks, digester)| async move {
            let Some(mut digester) = digester else { return Ok(None) };
            if let Some(bytes) = chunks.try_next().await? {
                digester.push(&bytes);
                return Ok(Some((bytes, (chunks, Some(digester)))));
            }
            let found = digester.finish();
            if found != expected {
                let problem = format!("{} rows with another digest than the {} dumped", found.rows, expected.rows);
                return Err(Error::damaged("a part", problem));
            }
            Ok(None)
        })
        .boxed()
    }

    /// Checked bytes, chunk by chunk.
    pub(super) fn chunks(&self, domain: Domain, chunks: Vec<ChunkRef>) -> Blocks<'static> {
        let (fetcher, opener) = (self.clone(), self.clone());
        stream::iter(self.plan(&chunks))
            .map(move |fetch| fetcher.clone().fetch(fetch))
            .buffered(FETCHES_AHEAD)
            .flat_map(stream::iter)
            .map(move |(chunk, sealed)| opener.clone().open(domain, chunk, sealed))
            .buffered(DECODES_AHEAD)
            .boxed()
    }

    /// Groups chunks that lie one after another in a pack.
    fn plan(&self, chunks: &[ChunkRef]) -> Vec<Fetch> {
        let mut fetches: Vec<Fetch> = Vec::new();
        for chunk in chunks {
            let copy =
                self.survey.readable_copies(chunk.id).first().copied().filter(|c| c.length <= SEALED_BYTES_LIMIT);
            let range =
                copy.map_or(0..0, |copy| u64::from(copy.offset)..u64::from(copy.offset) + u64::from(copy.length));
            if let (Some(copy), Some(last)) = (copy, fetches.last_mut())
                && last.chunks.first().and_then(|first| first.1).is_some_and(|first| first.pack == copy.pack)
                && last.range.end == range.start
                && range.end - last.range.start <= FETCH_BYTES
            {
                last.range.end = range.end;
                last.chunks.push((*chunk, Some(copy)));
            } else {
                fetches.push(Fetch { chunks: vec![(*chunk, copy)], range });
            }
        }
        fetches
    }

    /// The sealed bytes of chunks, as far as the best copies have them.
    async fn fetch(self, fetch: Fetch) -> Vec<(ChunkRef, Option<Bytes>)> {
        let mut whole = None;
        if let Some((_, Some(copy))) = fetch.chunks.first() {
            let key = Folder::Packs.key(self.survey.index.pack(*copy).id);
            // What is wrong with it is found out chunk by chunk.
            whole = self.repository.store().get_range(&key, fetch.range.clone()).await.ok();
        }
        let slice = |copy: Option<Location>| {
            let (whole, copy) = (whole.as_ref()?, copy?);
            let start = usize::try_from(u64::from(copy.offset) - fetch.range.start).ok()?;
            let end = start.checked_add(copy.length as usize)?;
            (end <= whole.len()).then(|| whole.slice(start..end))
        };
        fetch.chunks.iter().map(|(chunk, copy)| (*chunk, slice(*copy))).collect()
    }

    /// The bytes of a chunk from the sealed bytes at hand, or from any other copy.
    async fn open(self, domain: Domain, chunk: ChunkRef, sealed: Option<Bytes>) -> Result<Bytes> {
        if let Some(sealed) = sealed
            && let Ok(bytes) = self.decode(domain, chunk, sealed).await
        {
            return Ok(bytes);
        }
        self.chunk(domain, chunk).await
    }

    /// The bytes of a chunk from any copy that is whole.
    ///
    /// # Errors
    ///
    /// What is wrong with the best copy.
    pub(super) async fn chunk(&self, domain: Domain, chunk: ChunkRef) -> Result<Bytes> {
        let mut first = None;
        for copy in self.survey.readable_copies(chunk.id) {
            let pack = self.survey.index.pack(copy);
            let key = Folder::Packs.key(pack.id);
            match self.copy(domain, chunk, copy, &key).await {
                Ok(bytes) => return Ok(bytes),
                Err(error @ (Error::Store { .. } | Error::Key { .. })) => return Err(error),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| self.missing(chunk.id)))
    }

    async fn copy(&self, domain: Domain, chunk: ChunkRef, copy: Location, key: &str) -> Result<Bytes> {
        let start = u64::from(copy.offset);
        if copy.length > SEALED_BYTES_LIMIT {
            return Err(Error::damaged(key, "its index declares a chunk of absurd length"));
        }
        let sealed = self.repository.store().get_range(key, start..start + u64::from(copy.length)).await?;
        let opened = self.decode(domain, chunk, sealed).await;
        opened.map_err(|fault| fault.of(format!("chunk {} in {key}", chunk.id)))
    }

    /// Why a chunk cannot even be looked for.
    fn missing(&self, id: ChunkId) -> Error {
        let packs = self.survey.index.copies(id).map(|copy| self.survey.index.pack(copy).id);
        match packs.into_iter().next() {
            Some(pack) => Error::damaged(Folder::Packs.key(pack), format!("it is missing, and chunk {id} with it")),
            None => Error::damaged(format!("chunk {id}"), "no pack has it"),
        }
    }

    async fn decode(&self, domain: Domain, chunk: ChunkRef, sealed: Bytes) -> Result<Bytes, Fault> {
        let (repository, epoch) = (self.repository.clone(), self.snapshot.epoch);
        cpu::run(move || decode(&repository, epoch, domain, chunk, &sealed)).await
    }
}

impl Repository {
    /// Begins to read a snapshot.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn reader(&self, snapshot: &Listed) -> Result<Reader> {
        Ok(Reader::new(self.clone(), self.survey().await?, snapshot.clone()))
    }

    /// As [`Repository::reader`], where a survey is at hand.
    #[must_use]
    pub fn reader_with(&self, survey: Arc<Survey>, snapshot: &Listed) -> Reader {
        Reader::new(self.clone(), survey, snapshot.clone())
    }
}

/// Opens one chunk and checks its id. Runs on the CPU pool.
pub(super) fn decode(
    repository: &Repository,
    epoch: u32,
    domain: Domain,
    chunk: ChunkRef,
    sealed: &[u8],
) -> Result<Bytes, Fault> {
    open(repository, epoch, domain, chunk, sealed).map(|(_, bytes)| bytes)
}

/// As [`decode`], with what stands before its bytes.
pub(super) fn open(
    repository: &Repository,
    epoch: u32,
    domain: Domain,
    chunk: ChunkRef,
    sealed: &[u8],
) -> Result<(Header, Bytes), Fault> {
    if chunk.bytes > CHUNK_BYTES_LIMIT {
        return Err(Fault::damaged("its list declares an absurd length"));
    }
    let encoded = repository.keyring().open(domain, sealed, SEALED_BYTES_LIMIT as usize)?;
    let (header, bytes) = chunk::decode(&encoded, chunk.bytes as usize)?;
    let keys = repository.keyring().epoch(epoch).expect("a record of an unknown epoch does not open");
    if keys.chunk_id(domain, &bytes) != chunk.id {
        return Err(Fault::damaged("its bytes are those of another chunk"));
    }
    Ok((header, bytes.into()))
}
