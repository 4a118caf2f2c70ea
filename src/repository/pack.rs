//! Packs: sealed chunks one after another, a sealed trailer, a footer. Built whole in memory, named by their bytes.

use bytes::Bytes;

use super::format::index::PackEntry;
use super::format::layout::Folder;
use super::format::record;
use super::format::trailer::{self, Entry, FOOTER_BYTES};
use super::keys::{Domain, Keyring};
use crate::error::{Fault, Result};
use crate::hash::{ChunkId, StoredId};
use crate::store::Store;

/// The end of a pack that is fetched first: holds the trailer of a pack of full-sized chunks many times over.
const TAIL_BYTES: u64 = 64 << 10;

/// A chunk ready to be stored.
#[derive(Clone, Debug)]
pub(super) struct SealedChunk {
    /// Its name.
    pub id: ChunkId,
    /// Number of a [`trailer::Kind`].
    pub kind: u8,
    /// Bytes when opened and decoded.
    pub raw: u32,
    /// The chunk that it is stored as a difference to.
    pub base: Option<ChunkId>,
    /// Its age file.
    pub bytes: Bytes,
}

/// A pack ready to be put.
#[derive(Debug)]
pub(super) struct Pack {
    /// What index files say about it.
    pub entry: PackEntry,
    /// Its bytes.
    pub pieces: Vec<Bytes>,
}

/// Puts chunks of one domain together, in this order, under the newest keys.
#[must_use]
pub(super) fn build(keyring: &Keyring, domain: Domain, chunks: Vec<SealedChunk>) -> Pack {
    let mut offset = 0;
    let mut entries = Vec::with_capacity(chunks.len());
    for chunk in &chunks {
        let length = u32::try_from(chunk.bytes.len()).expect("a sealed chunk is far below 4 GiB");
        let sealed = StoredId::of(&chunk.bytes);
        let SealedChunk { id, kind, raw, base, .. } = *chunk;
        entries.push(Entry { id, sealed, offset, length, raw, kind, base });
        offset = offset.checked_add(length).expect("a pack is closed long before 4 GiB");
    }
    let sealed = record::seal(keyring, record::Kind::Trailer, &trailer::encode(domain, &entries));
    let footer = trailer::footer(sealed.len());
    let mut pieces: Vec<Bytes> = chunks.into_iter().map(|chunk| chunk.bytes).collect();
    pieces.extend([sealed.into(), Bytes::copy_from_slice(&footer)]);
    let mut hasher = blake3::Hasher::new();
    let mut size = 0;
    for piece in &pieces {
        hasher.update(piece);
        size += piece.len() as u64;
    }
    let id = StoredId(*hasher.finalize().as_bytes());
    Pack { entry: PackEntry { id, size, domain, epoch: keyring.newest().epoch, chunks: entries }, pieces }
}

/// What a stored pack of `size` bytes says about itself, with the sealed hash of every chunk.
///
/// # Errors
///
/// [`crate::Error::Damaged`], [`crate::Error::Store`].
pub(super) async fn describe(store: &Store, keyring: &Keyring, id: StoredId, size: u64) -> Result<PackEntry> {
    let key = Folder::Packs.key(id);
    let short = || Fault::damaged("it is too short for a pack").of(&key);
    let start = size.saturating_sub(TAIL_BYTES);
    let mut tail = store.get_range(&key, start..size.max(1)).await?;
    let footer = tail.len().checked_sub(FOOTER_BYTES).ok_or_else(short)?;
    let length = trailer::trailer_bytes(&tail[footer..], size).map_err(|fault| fault.of(&key))?;
    if length > record::SEALED_BYTES_MAX {
        return Err(Fault::damaged("its trailer is longer than any").of(&key));
    }
    let trailer_start = size - FOOTER_BYTES as u64 - length;
    if trailer_start < start {
        tail = store.get_range(&key, trailer_start..size).await?;
    }
    let skip = tail.len().checked_sub(FOOTER_BYTES + length as usize).ok_or_else(short)?;
    parse_trailer(keyring, id, size, &tail[skip..tail.len() - FOOTER_BYTES]).map_err(|fault| fault.of(&key))
}

/// As [`describe`], from all bytes of the pack.
///
/// # Errors
///
/// [`Fault::Damaged`], [`Fault::Newer`].
pub(super) fn describe_bytes(keyring: &Keyring, id: StoredId, pack: &[u8]) -> Result<PackEntry, Fault> {
    let (rest, footer) = pack.split_last_chunk::<FOOTER_BYTES>().ok_or_else(|| Fault::damaged("it is too short"))?;
    let length = trailer::trailer_bytes(footer, pack.len() as u64)? as usize;
    parse_trailer(keyring, id, pack.len() as u64, &rest[rest.len() - length..])
}

fn parse_trailer(keyring: &Keyring, id: StoredId, size: u64, sealed: &[u8]) -> Result<PackEntry, Fault> {
    let record = record::open(keyring, record::Kind::Trailer, sealed)?;
    let (domain, chunks) = trailer::decode(&record.body)?;
    let end = size - (sealed.len() + FOOTER_BYTES) as u64;
    if chunks.iter().any(|chunk| u64::from(chunk.offset) + u64::from(chunk.length) > end) {
        return Err(Fault::damaged("its trailer names chunks beyond its end"));
    }
    Ok(PackEntry { id, size, domain, epoch: record.epoch, chunks })
}
