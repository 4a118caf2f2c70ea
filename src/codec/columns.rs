//! Transposition of COPY text: rows become columns, which compress better and faster. The inverse is exact.
//!
//! The definition. A row is the bytes up to and with a newline; a value is the bytes of a row up to and with a tab or
//! the newline. Value `c` of a row stands in column `c`. The transposed bytes are column 0 of all rows in order, then
//! column 1 of all rows that have one, and so on: the bytes of the rows, sorted stably by the number of tabs before
//! them in their row. Nothing is added and nothing left out.
//!
//! The inverse needs the number of rows only: column 0 has a value for every row, and column `c + 1` has one for every
//! value of column `c` that ends with a tab. So rows may have different numbers of values, empty rows are fine, and
//! escapes do not matter, since COPY text has tabs and newlines inside values only as `\t` and `\n`. Bytes that do not
//! end with a newline, that have no tab, or a row of more than [`COLUMNS_MAX`] values are not transposed.

use memchr::{memchr, memchr_iter};

use crate::error::Fault;
use crate::limits::COLUMNS_MAX;

/// The columns of `rows`, of the same length; `None` where transposing does not apply.
#[must_use]
pub fn encode(rows: &[u8]) -> Option<Vec<u8>> {
    if !rows.ends_with(b"\n") || memchr(b'\t', rows).is_none() {
        return None;
    }
    // Where the next value of each row begins, for rows that have one.
    let mut nexts: Vec<usize> = vec![0];
    nexts.extend(memchr_iter(b'\n', &rows[..rows.len() - 1]).map(|newline| newline + 1));
    let mut columns = Output::new(rows.len());
    for _ in 0..COLUMNS_MAX {
        nexts.retain_mut(|next| {
            *next += columns.copy_value(&rows[*next..]);
            rows[*next - 1] == b'\t'
        });
        if nexts.is_empty() {
            return Some(columns.finish());
        }
    }
    None
}

/// The rows whose columns these are, of the same length.
pub fn decode(columns: &[u8], rows: u32) -> Result<Vec<u8>, Fault> {
    let mut nexts = column_starts(columns, rows)?;
    let mut out = Output::new(columns.len());
    for _ in 0..rows {
        for next in &mut nexts {
            *next += out.copy_value(&columns[*next..]);
            if columns[*next - 1] == b'\n' {
                break;
            }
        }
    }
    Ok(out.finish())
}

/// Where each column begins. What passes here transposes back without further checks: every value is one of a row.
fn column_starts(columns: &[u8], rows: u32) -> Result<Vec<usize>, Fault> {
    let mut starts = Vec::new();
    let (mut values, mut at) = (rows as usize, 0);
    while values > 0 {
        if starts.len() == COLUMNS_MAX {
            return Err(Fault::damaged("it has more columns than any table"));
        }
        starts.push(at);
        let (len, tabs) =
            column(&columns[at..], values).ok_or_else(|| Fault::damaged("a column ends before its last row"))?;
        at += len;
        values = tabs;
    }
    if at == columns.len() { Ok(starts) } else { Err(Fault::damaged("it has bytes that belong to no row")) }
}

/// Length of the first `values` values, and how many of them end with a tab.
fn column(bytes: &[u8], mut values: usize) -> Option<(usize, usize)> {
    let (mut at, mut tabs) = (0, 0);
    // Whole words, until the one in which the last value ends.
    for word in bytes.as_chunks::<WORD>().0 {
        let word = u64::from_le_bytes(*word);
        let (tab, newline) = (equal(word, b'\t'), equal(word, b'\n'));
        let ends = (tab | newline).count_ones() as usize;
        if ends >= values {
            break;
        }
        values -= ends;
        tabs += tab.count_ones() as usize;
        at += WORD;
    }
    for (ahead, byte) in bytes[at..].iter().enumerate() {
        tabs += usize::from(*byte == b'\t');
        values -= usize::from(matches!(byte, b'\t' | b'\n'));
        if values == 0 {
            return Some((at + ahead + 1, tabs));
        }
    }
    None
}

/// Bytes looked at and copied at once.
const WORD: usize = 8;

/// The high bit of every byte of the word that has this value, and no other bit.
#[inline]
fn equal(word: u64, value: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let zero_where_equal = word ^ (u64::from(value) * 0x0101_0101_0101_0101);
    !(((zero_where_equal & LOW) + LOW) | zero_where_equal | LOW)
}

/// Values one after another. Copies whole words, so that it has room for one more word than it will hold.
struct Output {
    bytes: Vec<u8>,
    len: usize,
}

impl Output {
    fn new(len: usize) -> Self {
        Self { bytes: vec![0; len + WORD], len: 0 }
    }

    /// Appends the value at the start of `source`, with its tab or newline, and returns its length.
    ///
    /// # Panics
    ///
    /// If there is no value, or if all values together are longer than promised.
    #[inline]
    fn copy_value(&mut self, source: &[u8]) -> usize {
        let mut copied = 0;
        while let Some((word, _)) = source[copied..].split_first_chunk::<WORD>() {
            let place = &mut self.bytes[self.len..self.len + WORD];
            place.copy_from_slice(word);
            let word = u64::from_le_bytes(*word);
            let ends = equal(word, b'\t') | equal(word, b'\n');
            if ends != 0 {
                let last = ends.trailing_zeros() as usize / 8 + 1;
                self.len += last;
                return copied + last;
            }
            self.len += WORD;
            copied += WORD;
        }
        loop {
            let byte = source[copied];
            self.bytes[self.len] = byte;
            self.len += 1;
            copied += 1;
            if matches!(byte, b'\t' | b'\n') {
                return copied;
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, taken literally.
    fn defined(rows: &[u8]) -> Vec<u8> {
        let mut column = 0;
        let mut sorted: Vec<(usize, u8)> = Vec::new();
        for byte in rows {
            sorted.push((column, *byte));
            column = match byte {
                b'\t' => column + 1,
                b'\n' => 0,
                _ => column,
            };
        }
        sorted.sort_by_key(|(column, _)| *column);
        sorted.into_iter().map(|(_, byte)| byte).collect()
    }

    fn count(rows: &[u8]) -> u32 {
        memchr_iter(b'\n', rows).count() as u32
    }

    /// Bytes rich in separators and escapes, with values shorter and longer than a machine word.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let bytes = prop_oneof![
            4 => Just(b"\t".to_vec()),
            2 => Just(b"\n".to_vec()),
            1 => Just(b"\\t\\n\\\\\\N".to_vec()),
            4 => prop::collection::vec(any::<u8>(), 0..30),
            1 => prop::collection::vec(any::<u8>(), 0..300),
            1 => prop::collection::vec(8..12u8, 0..20),
        ];
        prop::collection::vec(bytes, 0..60).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn example() {
        let rows = b"1\tone\n\n2\t\\N\tx\n3\n";
        let columns = b"1\t\n2\t3\none\n\\N\tx\n";
        assert_eq!(encode(rows).as_deref(), Some(&columns[..]));
        assert_eq!(decode(columns, 4).as_deref(), Ok(&rows[..]));
    }

    #[test]
    fn not_transposed() {
        for rows in [&b""[..], b"a\tb", b"a\nb\n", b"a\tb\nc", &[&[b'\t'; COLUMNS_MAX][..], b"\n"].concat()] {
            assert_eq!(encode(rows), None);
        }
        assert!(encode(&[&[b'\t'; COLUMNS_MAX - 1][..], b"\n"].concat()).is_some());
    }

    #[test]
    fn every_alignment() {
        for long in 0..40 {
            for short in 0..12 {
                let row = [&vec![b'a'; long][..], b"\t", &vec![b'b'; short], b"\n"].concat();
                for rows in [row.clone(), row.repeat(7), [&row[..], b"\n", &row].concat()] {
                    let columns = encode(&rows).unwrap();
                    assert_eq!(columns, defined(&rows));
                    assert_eq!(decode(&columns, count(&rows)), Ok(rows));
                }
            }
        }
    }

    #[test]
    fn lies_are_refused() {
        for (columns, rows) in
            [(&b"1\t2\tone\n"[..], 2), (b"1\n2\n", 3), (b"1\n2\n", 1), (b"1", 1), (b"", 1), (b"1", 0)]
        {
            assert!(decode(columns, rows).is_err(), "{columns:?}");
        }
        assert!(decode(&[&[b'\t'; COLUMNS_MAX][..], b"\n"].concat(), 1).is_err());
        assert!(decode(b"1\n", u32::MAX).is_err());
        assert_eq!(decode(b"", 0), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn round_trip(mut rows in text()) {
            rows.push(b'\n');
            match encode(&rows) {
                Some(columns) => {
                    prop_assert_eq!(&columns, &defined(&rows));
                    prop_assert_eq!(decode(&columns, count(&rows)), Ok(rows));
                }
                None => prop_assert!(!rows.contains(&b'\t')),
            }
        }

        #[test]
        fn hostile_columns_are_columns_or_refused(columns in text(), rows in 0..70u32) {
            if let Ok(back) = decode(&columns, rows) {
                prop_assert_eq!(defined(&back), columns);
                prop_assert_eq!(count(&back), rows);
            }
        }
    }
}
