//! The content of a chunk's age file: our header, one zstd frame, padding. `age -d | zstd -d` takes it as it is.
//!
//! Three zstd frames, one after another, numbers little-endian:
//!
//! ```text
//! u32 0x184D2A50   skippable frame with the header
//! u32 length       16, or 48 with a base
//!   u8  version    1
//!   u8  kind       what the bytes are; the repository numbers them
//!   u8  transform  0 rows: the bytes as they are; 1 columns: see `columns`
//!   u8  extent     0 whole rows, 1 piece of a row, 2 last piece of a row
//!   u8  base use   0 none; 1 the base's bytes, through the same transform, are the prefix of the zstd frame
//!   u8  reserved   three times 0
//!   u32 length of the bytes
//!   u32 rows that end in the bytes
//!   [u8; 32]       chunk id of the base, if the use is not 0
//! .. zstd frame with its length and a checksum
//! u32 0x184D2A51   skippable frame with zeroes, so that the sum of all three is a Padmé length
//! u32 length
//! ```
//!
//! The header rules; what an index says about a chunk is a hint. An unknown version, transform, extent or base use is
//! refused.

use memchr::memchr_iter;

use super::cut::{Cut, Extent};
use super::{columns, compress};
use crate::error::Fault;
use crate::hash::ChunkId;

const HEADER_MAGIC: u32 = 0x184D_2A50;
const PADDING_MAGIC: u32 = 0x184D_2A51;
/// Magic and length of a skippable frame.
const FRAME: usize = 8;
const VERSION: u8 = 1;
const HEADER_LEN: usize = 16;
const BASE_LEN: usize = 32;

/// What is done to the bytes before compression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transform {
    /// Nothing.
    Rows,
    /// Transposed: [`columns`].
    Columns,
}

/// What stands before the bytes of a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// What the bytes are; the repository numbers them.
    pub kind: u8,
    /// What was done to them before compression.
    pub transform: Transform,
    /// Whole rows, or a piece of one.
    pub extent: Extent,
    /// Length of the bytes.
    pub raw_len: u32,
    /// Rows that end in the bytes.
    pub rows: u32,
    /// The chunk that this one is a difference to.
    pub base: Option<ChunkId>,
}

/// How chunks are encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// zstd level, one of [`compress::LEVELS`].
    pub level: i32,
    /// Decode what was encoded, zstd frame included, and compare. The transposition, which is our own, is compared
    /// always: deduplication would spread its faults for ever, and it costs less than a tenth of COPY and codec.
    pub verify: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { level: compress::LEVEL_DEFAULT, verify: false }
    }
}

/// Encodes a cut; transposes it where that applies. Fails only where what was encoded does not decode to the same
/// bytes, which is a fault of this program or machine.
///
/// # Panics
///
/// If the cut is longer than 4 GiB; the longest that [`super::cut`] makes is [`crate::limits::CHUNK_BYTES_MAX`].
pub fn encode(kind: u8, cut: &Cut, options: Options) -> Result<Vec<u8>, Fault> {
    let raw_len = u32::try_from(cut.bytes.len()).expect("a chunk has at most CHUNK_BYTES_MAX bytes");
    let transposed = transposed(cut);
    let transform = if transposed.is_some() { Transform::Columns } else { Transform::Rows };
    if let Some(transposed) = &transposed
        && columns::decode(transposed, cut.rows).as_deref() != Ok(&cut.bytes)
    {
        return Err(Fault::damaged("its columns do not give back its rows"));
    }
    let header = Header { kind, transform, extent: cut.extent, raw_len, rows: cut.rows, base: None };
    let frame = compress::compress(transposed.as_deref().unwrap_or(&cut.bytes), options.level);
    let encoded = assemble(&header, &frame);
    if options.verify
        && !decode(&encoded, cut.bytes.len()).is_ok_and(|(read, bytes)| read == header && bytes == cut.bytes)
    {
        return Err(Fault::damaged("what was encoded does not decode to what was there"));
    }
    Ok(encoded)
}

/// Columns of whole rows. Bytes that are no rows, or whose rows are not counted by newlines, are left alone.
fn transposed(cut: &Cut) -> Option<Vec<u8>> {
    let counted = cut.extent == Extent::WholeRows && memchr_iter(b'\n', &cut.bytes).count() == cut.rows as usize;
    if counted { columns::encode(&cut.bytes) } else { None }
}

/// Decodes a chunk of at most `max` bytes. Neither time nor memory goes beyond what `max` needs, whatever is in it.
pub fn decode(encoded: &[u8], max: usize) -> Result<(Header, Vec<u8>), Fault> {
    let (header, frame) = open(encoded)?;
    if header.base.is_some() {
        return Err(Fault::Newer("it is a difference to another chunk".into()));
    }
    let len = header.raw_len as usize;
    if len > max {
        return Err(Fault::damaged(format!("it states {len} bytes where {max} are allowed")));
    }
    let bytes = compress::decompress(frame, len)?;
    if bytes.len() != len {
        return Err(Fault::damaged("its length is not the stated one"));
    }
    let bytes = match header.transform {
        Transform::Rows => bytes,
        Transform::Columns => columns::decode(&bytes, header.rows)?,
    };
    Ok((header, bytes))
}

/// The header and the zstd frame, without decompressing it.
pub fn open(encoded: &[u8]) -> Result<(Header, &[u8]), Fault> {
    let broken = || Fault::damaged("it is not made of a header, a zstd frame and padding");
    let (header, rest) = skippable(encoded, HEADER_MAGIC).ok_or_else(broken)?;
    let header = parse(header)?;
    let frame_len = zstd::zstd_safe::find_frame_compressed_size(rest).map_err(|_| broken())?;
    let (frame, padding) = rest.split_at_checked(frame_len).ok_or_else(broken)?;
    match skippable(padding, PADDING_MAGIC) {
        Some((zeroes, [])) if zeroes.iter().all(|byte| *byte == 0) => Ok((header, frame)),
        _ => Err(broken()),
    }
}

fn assemble(header: &Header, frame: &[u8]) -> Vec<u8> {
    let base_len = if header.base.is_some() { BASE_LEN } else { 0 };
    let used = FRAME + HEADER_LEN + base_len + frame.len() + FRAME;
    let total = padme(used);
    let mut out = Vec::with_capacity(total);
    out.extend(HEADER_MAGIC.to_le_bytes());
    out.extend(((HEADER_LEN + base_len) as u32).to_le_bytes());
    let transform = match header.transform {
        Transform::Rows => 0,
        Transform::Columns => 1,
    };
    let extent = match header.extent {
        Extent::WholeRows => 0,
        Extent::Piece => 1,
        Extent::LastPiece => 2,
    };
    out.extend([VERSION, header.kind, transform, extent, u8::from(header.base.is_some()), 0, 0, 0]);
    out.extend(header.raw_len.to_le_bytes());
    out.extend(header.rows.to_le_bytes());
    out.extend(header.base.iter().flat_map(|base| base.0));
    out.extend_from_slice(frame);
    out.extend(PADDING_MAGIC.to_le_bytes());
    out.extend(((total - used) as u32).to_le_bytes());
    out.resize(total, 0);
    out
}

fn parse(header: &[u8]) -> Result<Header, Fault> {
    let newer = |what: &str| Fault::Newer(format!("its {what} is not known").into());
    let (fixed, base) =
        header.split_first_chunk::<HEADER_LEN>().ok_or_else(|| Fault::damaged("its header is cut off"))?;
    let [version, kind, transform, extent, base_use, zero @ .., l0, l1, l2, l3, r0, r1, r2, r3] = *fixed;
    if version != VERSION {
        return Err(newer("version"));
    }
    let transform = match transform {
        0 => Transform::Rows,
        1 => Transform::Columns,
        _ => return Err(newer("transform")),
    };
    let extent = match extent {
        0 => Extent::WholeRows,
        1 => Extent::Piece,
        2 => Extent::LastPiece,
        _ => return Err(newer("extent")),
    };
    let base = match (base_use, base) {
        (0, []) => None,
        (1, base) => Some(ChunkId(base.try_into().map_err(|_| Fault::damaged("its base is not a chunk id"))?)),
        (0, _) => return Err(Fault::damaged("its header is too long")),
        _ => return Err(newer("use of a base")),
    };
    if zero != [0; 3] {
        return Err(newer("header"));
    }
    let raw_len = u32::from_le_bytes([l0, l1, l2, l3]);
    let rows = u32::from_le_bytes([r0, r1, r2, r3]);
    Ok(Header { kind, transform, extent, raw_len, rows, base })
}

/// What is in the skippable frame at the start of `bytes`, and what follows it.
fn skippable(bytes: &[u8], magic: u32) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first_chunk::<4>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*found) != magic {
        return None;
    }
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

/// The next length that has as few significant bits as its size has digits: reveals `O(log log)` bits of a length for
/// at most 12 % of padding, 1.3 % on average at our sizes (Nikitin et al., PURBs, 2019).
fn padme(len: usize) -> usize {
    let exponent = len.max(2).ilog2();
    let kept = exponent.ilog2() + 1;
    len.next_multiple_of(1 << exponent.saturating_sub(kept))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(bytes: &[u8]) -> Cut {
        let rows = memchr_iter(b'\n', bytes).count() + usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
        Cut { bytes: bytes.to_vec(), rows: rows as u32, extent: Extent::WholeRows }
    }

    fn verified() -> Options {
        Options { level: 1, verify: true }
    }

    #[test]
    fn bytes_are_pinned() {
        let encoded = encode(7, &whole(b"1\ta\n2\tb\n"), Options::default()).unwrap();
        let (header, frame) = open(&encoded).unwrap();
        assert_eq!(
            header,
            Header {
                kind: 7,
                transform: Transform::Columns,
                extent: Extent::WholeRows,
                raw_len: 8,
                rows: 2,
                base: None
            }
        );
        assert_eq!(
            crate::hash::hex(&encoded[..24]),
            "502a4d1810000000010701000000000008000000".to_owned() + "02000000"
        );
        assert_eq!(compress::decompress(frame, 8).unwrap(), b"1\t2\ta\nb\n");
        assert_eq!(encoded.len(), padme(encoded.len()));
    }

    #[test]
    fn a_piece_is_never_transposed() {
        let cut = Cut { bytes: b"a\tb\n".to_vec(), rows: 1, extent: Extent::LastPiece };
        let (header, bytes) = decode(&encode(0, &cut, verified()).unwrap(), 4).unwrap();
        assert_eq!(
            (header.transform, header.extent, header.rows, &bytes),
            (Transform::Rows, cut.extent, 1, &cut.bytes)
        );
    }

    #[test]
    fn what_are_no_rows_is_never_transposed() {
        let cut = Cut { bytes: b"\x01\t\x02\n".to_vec(), rows: 0, extent: Extent::WholeRows };
        let (header, bytes) = decode(&encode(0, &cut, verified()).unwrap(), 4).unwrap();
        assert_eq!((header.transform, header.rows, &bytes), (Transform::Rows, 0, &cut.bytes));
    }

    #[test]
    fn a_base_has_its_place() {
        let base = Some(ChunkId([9; 32]));
        let header =
            Header { kind: 0, transform: Transform::Rows, extent: Extent::WholeRows, raw_len: 4, rows: 1, base };
        let encoded = assemble(&header, &compress::compress_with_base(b"new\n", b"old\n", 3));
        assert_eq!(open(&encoded).unwrap().0, header);
        assert!(matches!(decode(&encoded, 100), Err(Fault::Newer(_))));
    }

    #[test]
    fn lies_and_damage_are_refused() {
        let encoded = encode(0, &whole(b"1\ta\n2\tb\n"), Options::default()).unwrap();
        assert!(decode(&encoded, 8).is_ok());
        assert!(decode(&encoded, 7).is_err());
        for (at, value) in [(0, 0), (4, 17), (8, 2), (10, 2), (11, 3), (12, 1), (13, 1), (16, 9), (16, 7), (20, 3)] {
            let mut damaged = encoded.clone();
            damaged[at] = value;
            assert!(decode(&damaged, 100).is_err(), "byte {at}");
        }
        let mut padded = encoded.clone();
        *padded.last_mut().unwrap() = 1;
        assert!(decode(&padded, 8).is_err());
        assert!(decode(&[&encoded[..], b"\0"].concat(), 8).is_err());
    }

    #[test]
    fn padding_is_padme() {
        assert_eq!([1, 2, 9, 33, 100, 1000, 100_001].map(padme), [1, 2, 10, 36, 104, 1024, 100_352]);
        for len in 64..200_000 {
            assert!((len..=len + len / 8).contains(&padme(len)) && padme(padme(len)) == padme(len));
        }
    }

    #[test]
    fn zstd_reads_rows() {
        let rows = b"one\ntwo\n".repeat(1000);
        let encoded = encode(0, &whole(&rows), verified()).unwrap();
        assert_eq!(open(&encoded).unwrap().0.transform, Transform::Rows);
        assert!(super::super::seal::tests::stock("zstd", &["-dc"], &encoded) == rows);
    }

    proptest! {
        #[test]
        fn round_trip(bytes in prop::collection::vec(prop_oneof![Just(9), Just(10), any::<u8>()], 0..2000), level in compress::LEVELS) {
            let encoded = encode(3, &whole(&bytes), Options { level, verify: true }).unwrap();
            let (header, decoded) = decode(&encoded, bytes.len()).unwrap();
            prop_assert_eq!((header.kind, header.raw_len as usize), (3, bytes.len()));
            prop_assert_eq!(decoded, bytes);
        }

        #[test]
        fn damage_never_gets_through(
            rows in prop::collection::vec((any::<u32>(), "[a-z]{0,9}"), 1..300),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut_off in any::<prop::sample::Index>(),
        ) {
            let rows: String = rows.iter().map(|(id, name)| format!("{id}\t{name}\n")).collect();
            let encoded = encode(0, &whole(rows.as_bytes()), Options::default()).unwrap();
            prop_assert!(decode(&encoded[..cut_off.index(encoded.len())], rows.len()).is_err());
            let (header, _) = open(&encoded).unwrap();
            let mut damaged = encoded;
            for (at, value) in damage {
                let at = at.index(damaged.len());
                damaged[at] ^= value;
            }
            // The header has no checksum: age and the chunk id protect it.
            if let Ok((read, bytes)) = decode(&damaged, rows.len()) && read == header {
                prop_assert_eq!(bytes, rows.as_bytes());
            }
        }

        #[test]
        fn hostile_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            prop_assert!(decode(&bytes, 1000).is_err());
            let framed = assemble(&Header { kind: 0, transform: Transform::Rows, extent: Extent::Piece, raw_len: 5, rows: 0, base: None }, &bytes);
            prop_assert!(decode(&framed, 1000).is_err());
        }
    }
}
