//! What a pack says about itself: a sealed list of its chunks, located by a clear footer.

use super::fields::{Fields, count};
use crate::error::Fault;
use crate::hash::{ChunkId, StoredId};
use crate::repository::keys::Domain;

/// No pack has as many bytes, by format.
pub(crate) const PACK_BYTES_END: u64 = 1 << 32;
/// The end of every pack: length of the sealed trailer, format, magic.
pub(crate) const FOOTER_BYTES: usize = 16;
const MAGIC: &[u8; 8] = b"pgk-pack";
const ENTRY_BYTES: usize = 84;

/// What the bytes of a chunk are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    /// COPY rows of a part.
    Rows = 1,
    /// Objects of a snapshot.
    Contents = 2,
    /// Row counts, digests, sequence positions.
    Facts = 3,
    /// Chunk lists.
    Lists = 4,
}

impl Kind {
    /// Where chunks of this kind belong.
    #[must_use]
    pub(crate) fn domain(self) -> Domain {
        match self {
            Self::Rows | Self::Contents | Self::Facts => Domain::Content,
            Self::Lists => Domain::Structure,
        }
    }
}

/// One chunk of a pack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Its name.
    pub id: ChunkId,
    /// BLAKE3 of its sealed bytes.
    pub sealed: StoredId,
    /// Where it starts in the pack.
    pub offset: u32,
    /// Sealed bytes.
    pub length: u32,
    /// Bytes when opened and decoded.
    pub raw: u32,
    /// Number of a [`Kind`]; others come from newer versions.
    pub kind: u8,
    /// The chunk that it is stored as a difference to.
    pub base: Option<ChunkId>,
}

pub(crate) fn domain_byte(domain: Domain) -> u8 {
    match domain {
        Domain::Content => 1,
        Domain::Structure => 2,
    }
}

pub(crate) fn domain_of(byte: u8) -> Result<Domain, Fault> {
    match byte {
        1 => Ok(Domain::Content),
        2 => Ok(Domain::Structure),
        _ => Err(Fault::Newer(format!("it has chunks of the unknown domain {byte}").into())),
    }
}

/// Numbers of bases in an entry count from 1 in a list of their own; 0 is none.
#[derive(Default)]
pub(crate) struct Bases {
    ids: Vec<ChunkId>,
}

impl Bases {
    pub(crate) fn number(&mut self, base: Option<ChunkId>) -> [u8; 4] {
        let Some(base) = base else { return [0; 4] };
        let at = self.ids.iter().rposition(|id| *id == base).unwrap_or_else(|| {
            self.ids.push(base);
            self.ids.len() - 1
        });
        count(at + 1)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend(count(self.ids.len()));
        out.extend(self.ids.iter().flat_map(|id| id.0));
    }

    pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Self, Fault> {
        let ids = (0..fields.count(32)?).map(|_| Ok(ChunkId(fields.array()?))).collect::<Result<_, Fault>>()?;
        Ok(Self { ids })
    }

    pub(crate) fn get(&self, number: u32) -> Result<Option<ChunkId>, Fault> {
        let at = (number as usize).checked_sub(1);
        let get = |at: usize| self.ids.get(at).copied().ok_or_else(|| Fault::damaged("it names a base that it lacks"));
        at.map(get).transpose()
    }
}

impl Entry {
    /// What follows the names of a chunk, the same in index files and trailers.
    pub(crate) fn write(&self, bases: &mut Bases, out: &mut Vec<u8>) {
        for number in [self.offset, self.length, self.raw] {
            out.extend(number.to_le_bytes());
        }
        out.extend([self.kind, 0, 0, 0]);
        out.extend(bases.number(self.base));
    }

    /// What follows the names, with the number of its base, which is known when all entries are read.
    pub(crate) fn read(id: ChunkId, sealed: StoredId, fields: &mut Fields<'_>) -> Result<(Self, u32), Fault> {
        let (offset, length, raw) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let [kind, ..] = fields.array::<4>()?;
        Ok((Self { id, sealed, offset, length, raw, kind, base: None }, fields.u32()?))
    }
}

/// Body of a trailer.
pub(crate) fn encode(domain: Domain, entries: &[Entry]) -> Vec<u8> {
    let mut body = Vec::with_capacity(16 + entries.len() * ENTRY_BYTES);
    let mut bases = Bases::default();
    body.extend([domain_byte(domain), 0, 0, 0]);
    body.extend(count(entries.len()));
    for entry in entries {
        body.extend(entry.id.0);
        body.extend(entry.sealed.0);
        entry.write(&mut bases, &mut body);
    }
    bases.write(&mut body);
    body
}

pub(crate) fn decode(body: &[u8]) -> Result<(Domain, Vec<Entry>), Fault> {
    let mut fields = Fields::new(body);
    let [domain, ..] = fields.array::<4>()?;
    let domain = domain_of(domain)?;
    let entries = (0..fields.count(ENTRY_BYTES)?).map(|_| {
        let (id, sealed) = (ChunkId(fields.array()?), StoredId(fields.array()?));
        Entry::read(id, sealed, &mut fields)
    });
    let entries = entries.collect::<Result<Vec<_>, Fault>>()?;
    let bases = Bases::read(&mut fields)?;
    fields.end()?;
    let based = entries.into_iter().map(|(entry, base)| Ok(Entry { base: bases.get(base)?, ..entry }));
    Ok((domain, based.collect::<Result<_, Fault>>()?))
}

pub(crate) fn footer(trailer_bytes: usize) -> [u8; FOOTER_BYTES] {
    let mut footer = [0; FOOTER_BYTES];
    footer[..4].copy_from_slice(&count(trailer_bytes));
    footer[4..8].copy_from_slice(&super::config::FORMAT.to_le_bytes());
    footer[8..].copy_from_slice(MAGIC);
    footer
}

/// Length of the sealed trailer before the footer of a pack of `size` bytes.
pub(crate) fn trailer_bytes(footer: &[u8], size: u64) -> Result<u64, Fault> {
    let mut fields = Fields::new(footer);
    let (length, format) = (fields.u32()?, fields.u32()?);
    if fields.bytes(8)? != MAGIC {
        return Err(Fault::damaged("it does not end as a pack"));
    }
    fields.end()?;
    match u64::from(length) {
        _ if format > super::config::FORMAT => Err(Fault::Newer(format!("it has format {format}").into())),
        length if length + FOOTER_BYTES as u64 <= size => Ok(length),
        _ => Err(Fault::damaged("its trailer is longer than itself")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u8, base: Option<ChunkId>) -> Entry {
        let (id, sealed) = (ChunkId([n; 32]), StoredId([n + 1; 32]));
        Entry { id, sealed, offset: 7, length: 300, raw: 1 << 20, kind: 1, base }
    }

    #[test]
    fn round_trip_with_bases() {
        let base = Some(ChunkId([99; 32]));
        let entries = vec![entry(1, None), entry(2, base), entry(3, base), entry(4, Some(ChunkId([98; 32])))];
        let body = encode(Domain::Content, &entries);
        assert_eq!(body.len(), 8 + 4 * ENTRY_BYTES + 4 + 2 * 32);
        assert_eq!(decode(&body).unwrap(), (Domain::Content, entries));
        for cut in 0..body.len() {
            assert!(decode(&body[..cut]).is_err(), "cut at {cut}");
        }
        assert!(matches!(decode(&[&[9], &body[1..]].concat()), Err(Fault::Newer(_))));
    }

    #[test]
    fn footers_that_lie() {
        assert_eq!(trailer_bytes(&footer(100), 200).unwrap(), 100);
        assert!(trailer_bytes(&footer(100), 115).is_err());
        assert!(trailer_bytes(&footer(100)[1..], 200).is_err());
        let mut newer = footer(100);
        newer[4] = 2;
        assert!(matches!(trailer_bytes(&newer, 200), Err(Fault::Newer(_))));
    }
}
