//! The currency for data: a stream of blocks of COPY text. Where a block ends means nothing; a row ends at its newline.

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::error::Result;

/// COPY rows in pieces of about [`crate::limits::BLOCK_BYTES`].
pub type Blocks<'a> = BoxStream<'a, Result<Bytes>>;

/// Rows that end in a block: COPY text escapes newlines inside values, so every one ends a row.
#[must_use]
pub fn rows_in(block: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', block).count() as u64
}

/// Where the first row of these bytes ends: the position of its newline.
#[must_use]
pub fn row_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes)
}

/// A field of COPY text without its escapes; `None` for NULL (PostgreSQL documentation, COPY, Text Format).
#[must_use]
pub fn value(field: &[u8]) -> Option<Vec<u8>> {
    if field == b"\\N" {
        return None;
    }
    let mut value = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(&byte) = bytes.next() {
        let escaped = if byte == b'\\' { bytes.next() } else { None };
        value.push(match escaped {
            None => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(other) => *other,
        });
    }
    Some(value)
}
