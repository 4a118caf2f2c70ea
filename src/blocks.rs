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
