//! How large tables are on disk, and whether their files are still those of the server snapshot.

use std::collections::HashMap;

use crate::error::Result;
use crate::pg::Session;

/// A table on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Whether it is a heap, so that ranges of blocks can be read.
    pub heap: bool,
    /// Blocks of its main fork, exact at the moment of the question.
    pub blocks: u32,
    /// Bytes with TOAST.
    pub bytes: u64,
    /// Its file in the server snapshot; 0 for mapped catalogs.
    pub file: u32,
    /// Its file now, where it still exists.
    pub file_now: Option<u32>,
}

impl Size {
    /// Whether the table was truncated or rewritten after the server snapshot, so that it would look empty in it.
    #[must_use]
    pub fn rewritten(&self) -> bool {
        self.file != 0 && self.file_now != Some(self.file)
    }
}

/// Sizes by oid of all tables of the user. One query.
///
/// # Errors
///
/// Where the server fails.
pub async fn sizes(session: &mut Session) -> Result<HashMap<u32, Size>> {
    let rows = session.query(include_str!("sizes.sql")).await.map_err(|e| e.while_doing("measure the tables"))?;
    rows.iter()
        .map(|row| {
            let size = Size {
                heap: row.boolean("heap")?,
                blocks: row.number("blocks")?,
                bytes: row.number("bytes")?,
                file: row.number("file")?,
                file_now: row.maybe_number("file_now")?,
            };
            Ok((row.number("oid")?, size))
        })
        .collect()
}
