//! Where a chunk ends: consecutive rows are cut by their own hashes, so that equal rows give equal chunks.
//!
//! The rule, for rows of `length` bytes with the hash `h` (low 64 bits of [`RowKey::hash`]):
//!
//! - A row longer than [`CHUNK_BYTES_MAX`] ends the chunk before it and is stored in pieces of exactly
//!   [`CHUNK_BYTES_MAX`], the last one shorter or equal.
//! - Any other row that would make its chunk longer than [`CHUNK_BYTES_MAX`] ends that chunk before itself: after the
//!   row with the smallest `h` among those that leave at least [`CHUNK_BYTES_MIN`] in the chunk, the last one of equals;
//!   where there is none, after its last row.
//! - A row ends its chunk if the chunk then has at least [`CHUNK_BYTES_MIN`] and
//!   `h < length * floor(2^64 / (CHUNK_BYTES_TARGET - CHUNK_BYTES_MIN))`, saturating.
//!
//! The chance of a cut grows with the length of the row, so that the mean size of a chunk is the same for narrow and
//! wide rows. Nothing but the start of the chunk is remembered, so after any change the next cut row of both streams
//! makes them agree again. Readers do not need the rule: another writer may cut otherwise and only loses deduplication.

use std::collections::VecDeque;
use std::mem;

use memchr::memchr_iter;

use super::rows::{Digester, Row, RowKey};
use crate::hash::Digest;
use crate::limits::{CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CHUNK_BYTES_TARGET};

/// Of 2^64, the chance that a chunk ends after one more byte.
const CHANCE_PER_BYTE: u64 = u64::MAX / (CHUNK_BYTES_TARGET - CHUNK_BYTES_MIN) as u64;

/// How the bytes of a chunk relate to rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// Consecutive whole rows.
    WholeRows,
    /// A piece of a row too long for one chunk; the row goes on in the next chunk.
    Piece,
    /// The end of such a row.
    LastPiece,
}

/// The rows of a future chunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// COPY text, never empty, at most [`CHUNK_BYTES_MAX`].
    pub bytes: Vec<u8>,
    /// Rows that end in it: 0 for a piece that is not the last.
    pub rows: u32,
    /// Whole rows, or a piece of one.
    pub extent: Extent,
}

/// A row where the chunk may be cut if it reaches its maximum.
#[derive(Clone, Copy)]
struct Candidate {
    /// Bytes and rows of the chunk up to and with this row.
    end: usize,
    rows: u32,
    low: u64,
}

/// Cuts the rows of one part. Holds at most one chunk, one row up to the maximum and the block at hand.
pub struct Cutter {
    digester: Digester,
    /// Bytes of the chunk, and of the row whose newline is still to come.
    chunk: Vec<u8>,
    /// Where the last whole row in the chunk ends, and the number of rows up to there.
    end: usize,
    rows: u32,
    /// Rows past the minimum with a smaller hash than all rows after them: the first is the smallest of all.
    candidates: VecDeque<Candidate>,
}

impl Cutter {
    /// Before the first row.
    #[must_use]
    pub fn new(key: &RowKey) -> Self {
        let candidates = VecDeque::new();
        Self { digester: Digester::new(key), chunk: Vec::new(), end: 0, rows: 0, candidates }
    }

    /// Takes the next rows, or pieces of them: where a block ends means nothing. Returns the chunks that ended.
    pub fn push(&mut self, block: &[u8]) -> Vec<Cut> {
        let mut cuts = Vec::new();
        let (mut copied, mut start) = (0, 0);
        for newline in memchr_iter(b'\n', block) {
            let row = self.digester.end_row(&block[start..=newline]);
            start = newline + 1;
            let fits = self.end + row.len <= CHUNK_BYTES_MAX;
            if fits && !self.add(row) {
                continue;
            }
            self.chunk.extend_from_slice(&block[copied..start]);
            copied = start;
            if fits { cuts.push(self.cut_at(self.end, self.rows)) } else { self.make_room(row, &mut cuts) }
        }
        self.chunk.extend_from_slice(&block[copied..]);
        self.digester.open_row(&block[start..]);
        if self.digester.open_len() > CHUNK_BYTES_MAX {
            self.cut_pieces(&mut cuts);
        }
        cuts
    }

    /// The chunks that the end of the part ends, at most two, and the digest of all its rows.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Cut>, Digest) {
        let mut cuts = Vec::new();
        if self.digester.open_len() > 0 {
            let row = self.digester.end_row(&[]);
            if self.end + row.len > CHUNK_BYTES_MAX {
                self.make_room(row, &mut cuts);
            } else {
                self.add(row);
            }
        }
        if self.end > 0 {
            cuts.push(self.cut_at(self.end, self.rows));
        }
        (cuts, self.digester.finish())
    }

    /// Counts a row that fits into the chunk; true if the chunk ends with it.
    #[inline]
    fn add(&mut self, row: Row) -> bool {
        self.end += row.len;
        self.rows += 1;
        if self.end < CHUNK_BYTES_MIN {
            return false;
        }
        let low = row.hash as u64;
        if low < (row.len as u64).saturating_mul(CHANCE_PER_BYTE) {
            return true;
        }
        while self.candidates.pop_back_if(|last| last.low >= low).is_some() {}
        self.candidates.push_back(Candidate { end: self.end, rows: self.rows, low });
        false
    }

    /// Cuts chunks before a row that does not fit, then counts the row; its bytes are in the chunk already.
    fn make_room(&mut self, row: Row, cuts: &mut Vec<Cut>) {
        if row.len > CHUNK_BYTES_MAX {
            self.cut_pieces(cuts);
            let bytes = mem::take(&mut self.chunk);
            cuts.push(Cut { bytes, rows: 1, extent: Extent::LastPiece });
            return;
        }
        while self.end + row.len > CHUNK_BYTES_MAX {
            let (end, rows) = self.candidates.front().map_or((self.end, self.rows), |best| (best.end, best.rows));
            cuts.push(self.cut_at(end, rows));
        }
        if self.add(row) {
            cuts.push(self.cut_at(self.end, self.rows));
        }
    }

    /// Cuts the rows before a row longer than the maximum, then its pieces but for the last one.
    fn cut_pieces(&mut self, cuts: &mut Vec<Cut>) {
        if self.end > 0 {
            cuts.push(self.cut_at(self.end, self.rows));
        }
        let pieces = mem::take(&mut self.chunk);
        let last = (pieces.len() - 1) / CHUNK_BYTES_MAX * CHUNK_BYTES_MAX;
        let piece = |bytes: &[u8]| Cut { bytes: bytes.to_vec(), rows: 0, extent: Extent::Piece };
        cuts.extend(pieces[..last].chunks(CHUNK_BYTES_MAX).map(piece));
        self.chunk.extend_from_slice(&pieces[last..]);
    }

    /// Ends the chunk after `rows` rows of `end` bytes; what follows them begins the next chunk.
    fn cut_at(&mut self, end: usize, rows: u32) -> Cut {
        let next = self.chunk.split_off(end);
        let bytes = mem::replace(&mut self.chunk, next);
        self.end -= end;
        self.rows -= rows;
        self.candidates.retain_mut(|candidate| {
            let keep = candidate.end >= end + CHUNK_BYTES_MIN;
            if keep {
                candidate.end -= end;
                candidate.rows -= rows;
            }
            keep
        });
        Cut { bytes, rows, extent: Extent::WholeRows }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn cut_blocks<'a>(blocks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Cut>, Digest) {
        let mut cutter = Cutter::new(&RowKey::new(&[7; 32]));
        let mut cuts: Vec<Cut> = blocks.into_iter().flat_map(|block| cutter.push(block)).collect();
        let (last, digest) = cutter.finish();
        cuts.extend(last);
        (cuts, digest)
    }

    fn cut(rows: &[u8]) -> (Vec<Cut>, Digest) {
        cut_blocks(rows.chunks(256 << 10))
    }

    /// Distinct rows of exactly `len` bytes, `bytes` in all.
    fn distinct_rows(len: usize, bytes: usize) -> Vec<Vec<u8>> {
        (0..bytes / len).map(|at| [format!("{at:09}\t").as_bytes(), &vec![b' '; len - 11], b"\n"].concat()).collect()
    }

    fn assert_sound(cuts: &[Cut], rows: &[u8]) {
        assert!(cuts.iter().all(|cut| !cut.bytes.is_empty() && cut.bytes.len() <= CHUNK_BYTES_MAX));
        let rest = cuts.iter().try_fold(rows, |rest, cut| rest.strip_prefix(&cut.bytes[..]));
        assert!(rest.is_some_and(<[u8]>::is_empty), "the chunks are not the rows");
        for pair in cuts.windows(2).filter(|pair| pair[0].extent == Extent::WholeRows) {
            let fits = pair[0].bytes.len() + pair[1].bytes.len() <= CHUNK_BYTES_MAX;
            assert!(pair[0].bytes.len() >= CHUNK_BYTES_MIN || !fits, "a small chunk without need");
        }
        let whole = cuts.iter().filter(|cut| cut.extent == Extent::WholeRows);
        for cut in whole {
            let newlines = memchr_iter(b'\n', &cut.bytes).count() + usize::from(!cut.bytes.ends_with(b"\n"));
            assert_eq!(cut.rows as usize, newlines);
        }
    }

    #[test]
    fn mean_is_near_the_target_for_every_width() {
        for (len, bytes) in [(30, 32 << 20), (8 << 10, 64 << 20), (200 << 10, 128 << 20)] {
            let rows = distinct_rows(len, bytes).concat();
            let (cuts, _) = cut(&rows);
            assert_sound(&cuts, &rows);
            let mean = bytes as f64 / cuts.len() as f64 / CHUNK_BYTES_TARGET as f64;
            assert!((0.8..1.25).contains(&mean), "rows of {len} bytes: {mean} of the target");
        }
    }

    #[test]
    fn blocks_mean_nothing() {
        let mut rows = distinct_rows(61, 6 << 20).concat();
        rows.extend(vec![b'x'; 2 * CHUNK_BYTES_MAX + 77]);
        rows.push(b'\n');
        rows.extend(distinct_rows(CHUNK_BYTES_MAX / 2 + 1, 3 * CHUNK_BYTES_MAX).concat());
        let whole = cut_blocks([&rows[..]]);
        assert_sound(&whole.0, &rows);
        for size in [4_095, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX + 1] {
            assert!(cut_blocks(rows.chunks(size)) == whole, "blocks of {size} bytes cut otherwise");
        }
        let mut digester = Digester::new(&RowKey::new(&[7; 32]));
        digester.push(&rows);
        assert_eq!(digester.finish(), whole.1);
    }

    #[test]
    fn a_changed_row_changes_few_chunks() {
        let rows = distinct_rows(120, 24 << 20);
        let (before, _) = cut(&rows.concat());
        let known: HashSet<&[u8]> = before.iter().map(|cut| &cut.bytes[..]).collect();
        for at in [0, 1, 1000, rows.len() / 2, rows.len() - 1] {
            let mut changed = rows.clone();
            changed.insert(at, b"a new row\n".to_vec());
            let (inserted, _) = cut(&changed.concat());
            changed.drain(at..=at + 1);
            let (deleted, _) = cut(&changed.concat());
            for after in [inserted, deleted] {
                let new = after.iter().filter(|cut| !known.contains(&cut.bytes[..])).count();
                assert!((1..=3).contains(&new), "{new} of {} chunks changed at row {at}", after.len());
            }
        }
    }

    #[test]
    fn equal_rows_make_equal_chunks() {
        let rows = b"same\tsame\n".repeat(1_500_000);
        let (cuts, digest) = cut(&rows);
        assert_sound(&cuts, &rows);
        assert_eq!(digest.rows, 1_500_000);
        let distinct: HashSet<&[u8]> = cuts.iter().map(|cut| &cut.bytes[..]).collect();
        assert!(distinct.len() <= 2, "equal rows made {} different chunks", distinct.len());
    }

    #[test]
    fn rows_longer_than_the_maximum_are_pieces() {
        let long = |len: usize| [&vec![b'y'; len - 1][..], b"\n"].concat();
        for len in [CHUNK_BYTES_MAX, CHUNK_BYTES_MAX + 1, 2 * CHUNK_BYTES_MAX, 2 * CHUNK_BYTES_MAX + 1] {
            let rows = [&b"before\n"[..], &long(len), b"after\n"].concat();
            let (cuts, digest) = cut(&rows);
            assert_sound(&cuts, &rows);
            assert_eq!((digest.rows, cuts.iter().map(|cut| u64::from(cut.rows)).sum::<u64>()), (3, 3));
            let extents: Vec<Extent> = cuts.iter().map(|cut| cut.extent).collect();
            let pieces = len.div_ceil(CHUNK_BYTES_MAX);
            if pieces == 1 {
                assert!(extents.iter().all(|extent| *extent == Extent::WholeRows));
                continue;
            }
            assert_eq!(extents.len(), pieces + 2);
            assert!(extents[1..pieces].iter().all(|extent| *extent == Extent::Piece));
            assert_eq!(extents[pieces], Extent::LastPiece);
            assert!(cuts[1..pieces].iter().all(|cut| cut.bytes.len() == CHUNK_BYTES_MAX));
        }
    }

    #[test]
    fn a_missing_last_newline_is_kept() {
        assert_eq!(cut(b"").0, []);
        let (cuts, digest) = cut(b"a\nb");
        assert_eq!(cuts, [Cut { bytes: b"a\nb".to_vec(), rows: 2, extent: Extent::WholeRows }]);
        assert_eq!((digest.rows, digest.bytes), (2, 4 - 1));
        let long = vec![b'z'; CHUNK_BYTES_MAX + 5];
        let (cuts, digest) = cut(&long);
        assert_eq!(
            cuts.iter().map(|cut| (cut.extent, cut.rows)).collect::<Vec<_>>(),
            [(Extent::Piece, 0), (Extent::LastPiece, 1)]
        );
        assert_eq!(digest.rows, 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn cuts_are_the_input(
            lens in prop::collection::vec(prop_oneof![0..200usize, 0..600_000usize, 3_000_000..9_000_000usize], 0..9),
            blocks in prop::collection::vec(1..3_000_000usize, 1..5),
            tail in 0..3usize,
        ) {
            let row = |(at, len): (usize, &usize)| [&vec![b'a' + (at % 26) as u8; *len][..], b"\n"].concat();
            let mut rows: Vec<u8> = lens.iter().enumerate().flat_map(row).collect();
            rows.extend(&b"xx"[..tail]);
            let whole = cut_blocks([&rows[..]]);
            assert_sound(&whole.0, &rows);
            prop_assert_eq!(whole.1.rows, (lens.len() + usize::from(tail > 0)) as u64);
            prop_assert_eq!(whole.0.iter().map(|cut| u64::from(cut.rows)).sum::<u64>(), whole.1.rows);
            let (mut rest, mut pieces) = (&rows[..], Vec::new());
            for len in blocks.iter().cycle() {
                let (one, more) = rest.split_at((*len).min(rest.len()));
                pieces.push(one);
                rest = more;
                if rest.is_empty() { break; }
            }
            prop_assert!(cut_blocks(pieces) == whole, "other blocks cut otherwise");
        }
    }
}
