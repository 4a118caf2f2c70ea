//! Every bound and default that is not a choice of the user, with its unit in its name.
//!
//! Peak memory of a dump or restore is about
//! `jobs * (2 * BLOCK_BYTES + 4 * CHUNK_BYTES_MAX) + PUTS_IN_FLIGHT * PACK_BYTES` plus the index.

/// COPY rows travel in blocks of about this size; boundaries mean nothing.
pub const BLOCK_BYTES: usize = 256 << 10;

/// Mean size of a chunk's rows that the cutter aims at.
pub const CHUNK_BYTES_TARGET: usize = 1 << 20;
/// No chunk but the last of a part is smaller, unless the row that follows it would pass the maximum.
pub const CHUNK_BYTES_MIN: usize = 256 << 10;
/// No chunk is larger; a longer row is stored in pieces of exactly this size.
pub const CHUNK_BYTES_MAX: usize = 4 << 20;
/// Rows with more values are not transposed; a server has no table or result with more columns.
pub const COLUMNS_MAX: usize = 1664;

/// A pack is sealed and put once it holds this much.
pub const PACK_BYTES: usize = 16 << 20;
/// Packs being put at the same time.
pub const PUTS_IN_FLIGHT: usize = 2;
/// An index file holds at most this much.
pub const INDEX_FILE_BYTES: usize = 8 << 20;

/// A part's heap plus TOAST aims at this; the number of blocks is a power of two.
pub const PART_BYTES: u64 = 256 << 20;

/// A server that sends or takes nothing for so long in the middle of rows is told.
pub const STALL_TOLD: std::time::Duration = std::time::Duration::from_secs(30);

/// A catalog answer may hold at most this much, so that a hostile server cannot exhaust memory.
pub const MESSAGE_BYTES_MAX: usize = 1 << 30;

/// Bytes of a large object in one row of its data; a multiple of the 2 KiB pages of every server.
pub const LARGE_OBJECT_PAGE_BYTES: u32 = 64 << 10;

/// Names in one `LOCK TABLE` statement take at most about this much text.
pub const LOCK_STATEMENT_BYTES: usize = 100_000;

const _: () = assert!(CHUNK_BYTES_MIN < CHUNK_BYTES_TARGET && CHUNK_BYTES_TARGET < CHUNK_BYTES_MAX);
const _: () = assert!(CHUNK_BYTES_MAX < PACK_BYTES);
