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

use memchr::memchr;

use crate::error::Fault;
use crate::limits::COLUMNS_MAX;

/// The columns of `rows`, of the same length; `None` where transposing does not apply.
#[must_use]
pub fn encode(rows: &[u8]) -> Option<Vec<u8>> {
    if !rows.ends_with(b"\n") || memchr(b'\t', rows).is_none() {
        return None;
    }
    let mut columns: Vec<Output> = Vec::new();
    let (mut at, mut column) = (0, 0);
    while at < rows.len() {
        if column == columns.len() {
            if column == COLUMNS_MAX {
                return None;
            }
            columns.push(Output::new(0));
        }
        at += columns[column].copy_value(&rows[at..]);
        column = if rows[at - 1] == b'\n' { 0 } else { column + 1 };
    }
    let mut all = Vec::with_capacity(rows.len());
    columns.iter().for_each(|column| all.extend_from_slice(column.bytes()));
    Some(all)
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
    out.room.truncate(out.len);
    Ok(out.room)
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
    // Whole blocks, until the one in which the last value ends.
    for block in bytes.as_chunks::<128>().0 {
        let count = |value| usize::from(block.iter().map(|byte| u8::from(*byte == value)).sum::<u8>());
        let (tabs_here, newlines_here) = (count(b'\t'), count(b'\n'));
        if tabs_here + newlines_here >= values {
            break;
        }
        values -= tabs_here + newlines_here;
        tabs += tabs_here;
        at += block.len();
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

/// Bytes looked at and copied at once: most values are shorter.
const STEP: usize = 16;

/// Where the first tab or newline is, if there is one.
#[inline]
fn first_end(step: &[u8; STEP]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let ends = [0, 1].map(|half| {
        let word = u64::from_le_bytes(step.as_chunks::<8>().0[half]);
        let (tab, newline) = (word ^ (0x09 * ONES), word ^ (0x0a * ONES));
        // The high bit of the first zero byte of each, and of some after it.
        (tab.wrapping_sub(ONES) & !tab | newline.wrapping_sub(ONES) & !newline) & (0x80 * ONES)
    });
    let ends = u128::from(ends[0]) | u128::from(ends[1]) << 64;
    (ends != 0).then(|| ends.trailing_zeros() as usize / 8)
}

/// Values one after another. Copies whole steps, so it has room for one more step than it holds.
struct Output {
    room: Vec<u8>,
    len: usize,
}

impl Output {
    /// Room for `len` bytes to begin with.
    fn new(len: usize) -> Self {
        Self { room: vec![0; len + STEP], len: 0 }
    }

    /// Appends the value at the start of `source`, with its tab or newline, and returns its length.
    ///
    /// # Panics
    ///
    /// If neither a tab nor a newline is in `source`.
    #[inline]
    fn copy_value(&mut self, source: &[u8]) -> usize {
        let mut copied = 0;
        while let Some((step, _)) = source[copied..].split_first_chunk::<STEP>() {
            *self.next_step() = *step;
            if let Some(end) = first_end(step) {
                self.len += end + 1;
                return copied + end + 1;
            }
            self.len += STEP;
            copied += STEP;
        }
        loop {
            let byte = source[copied];
            self.next_step()[0] = byte;
            self.len += 1;
            copied += 1;
            if matches!(byte, b'\t' | b'\n') {
                return copied;
            }
        }
    }

    #[inline]
    fn next_step(&mut self) -> &mut [u8; STEP] {
        if self.room.len() - self.len < STEP {
            self.room.resize(self.room.len() * 2, 0);
        }
        self.room[self.len..].first_chunk_mut().expect("there is room for a step")
    }

    fn bytes(&self) -> &[u8] {
        &self.room[..self.len]
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
        memchr::memchr_iter(b'\n', rows).count() as u32
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
        fn first_end_is_the_first(step: [u8; STEP], few in prop::array::uniform16(7..13u8)) {
            for step in [step, few] {
                prop_assert_eq!(first_end(&step), step.iter().position(|byte| matches!(byte, b'\t' | b'\n')));
            }
        }

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
