//! One connection to a server.

use bytes::Bytes;

use crate::error::Result;
use crate::pg::Rows;

/// One connection to a server, speaking the simple query protocol with statements of bytes.
#[derive(Debug)]
pub struct Session;

impl Session {
    /// `server_version_num` of the server: 180004 for 18.4.
    #[must_use]
    pub fn version(&self) -> u32 {
        unimplemented!()
    }
    /// Major version: 18.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.version() / 10_000
    }
    /// Runs statements separated by semicolons and drops what they answer.
    pub async fn run(&mut self, _sql: impl AsRef<[u8]>) -> Result<()> {
        unimplemented!()
    }
    /// Runs one statement and collects its rows.
    pub async fn query(&mut self, _sql: impl AsRef<[u8]>) -> Result<Rows> {
        unimplemented!()
    }
    /// Starts `COPY .. TO STDOUT`.
    pub async fn copy_out(&mut self, _sql: impl AsRef<[u8]>) -> Result<CopyOut<'_>> {
        unimplemented!()
    }
    /// Starts `COPY .. FROM STDIN`.
    pub async fn copy_in(&mut self, _sql: impl AsRef<[u8]>) -> Result<CopyIn<'_>> {
        unimplemented!()
    }
}

/// Rows coming from the server.
#[derive(Debug)]
pub struct CopyOut<'a>(&'a mut Session);

impl CopyOut<'_> {
    /// The next block of about [`crate::limits::BLOCK_BYTES`]; `None` after the last, as often as asked.
    pub async fn block(&mut self) -> Result<Option<Bytes>> {
        unimplemented!()
    }
    /// Rows by the server's command tag; known once `block` has returned `None`.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        unimplemented!()
    }
}

/// Rows going to the server. Dropped without `finish`, the COPY fails and no row stays.
#[derive(Debug)]
pub struct CopyIn<'a>(&'a mut Session);

impl CopyIn<'_> {
    /// Sends a block.
    pub async fn send(&mut self, _block: Bytes) -> Result<()> {
        unimplemented!()
    }
    /// Ends the COPY and returns the rows by the server's command tag.
    pub async fn finish(self) -> Result<u64> {
        unimplemented!()
    }
    /// Makes the COPY fail on the server with this reason; no row stays.
    pub async fn fail(self, _reason: &str) -> Result<()> {
        unimplemented!()
    }
}
