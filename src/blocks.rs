//! The currency for data: a stream of blocks of COPY text. Where a block ends means nothing; a row ends at its newline.

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::error::Result;

/// COPY rows in pieces of about [`crate::limits::BLOCK_BYTES`].
pub type Blocks<'a> = BoxStream<'a, Result<Bytes>>;
