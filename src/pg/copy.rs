//! COPY both ways, in blocks.
//!
//! Rows are bytes that are passed on: nothing here looks for the end of a row. The way out is the hottest loop of a
//! dump: messages are taken apart in place, with one copy and no allocation for a row.

use bytes::{Buf, Bytes, BytesMut};
use postgres_protocol::message::frontend;

use crate::error::{Cause, Error, Result};
use crate::limits::BLOCK_BYTES;
use crate::pg::session::{Session, State, no_copy, unexpected};
use crate::pg::wire::{self, HEADER_BYTES, Message, tag, violation};

/// Rows coming from the server. Dropped before its end, it leaves a session that refuses further work.
#[derive(Debug)]
pub struct CopyOut<'a> {
    session: &'a mut Session,
    /// Rows on their way to the caller.
    block: Vec<u8>,
    /// Bytes of the current message that have not come yet.
    missing: usize,
    /// The server has said that all rows are sent.
    done: bool,
    rows: Option<u64>,
}

impl<'a> CopyOut<'a> {
    pub(crate) fn new(session: &'a mut Session) -> Self {
        Self { session, block: Vec::new(), missing: 0, done: false, rows: None }
    }

    /// The next block of about [`BLOCK_BYTES`], never more; `None` after the last, as often as asked. Can be dropped and
    /// asked again without loss.
    ///
    /// # Errors
    ///
    /// What the server says, or that the connection is lost. What `block` returned before is then incomplete.
    pub async fn block(&mut self) -> Result<Option<Bytes>> {
        self.next().await.map_err(receiving)
    }

    /// Rows by the server's command tag; known once `block` has returned `None`.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.rows
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Cause> {
        if self.rows.is_some() {
            return Ok(None);
        }
        if self.session.state != State::Busy {
            return Err(no_copy(self.session.state));
        }
        loop {
            if self.block.capacity() == 0 {
                self.block.reserve_exact(BLOCK_BYTES);
            }
            if self.take()? {
                return Ok(Some(std::mem::take(&mut self.block).into()));
            }
            match self.session.connection.ready() {
                Ok(Some(message)) => self.handle(message).await?,
                Ok(None) => self.session.connection.fill().await?,
                Err(cause) => return Err(cause),
            }
            if self.rows.is_some() {
                let rest = std::mem::take(&mut self.block);
                return Ok((!rest.is_empty()).then(|| rest.into()));
            }
        }
    }

    /// Moves rows into the block until it is full (true), or what comes next is not there or no row.
    fn take(&mut self) -> Result<bool, Cause> {
        let unread = self.session.connection.unread();
        let mut at = 0;
        let full = loop {
            let piece = self.missing.min(BLOCK_BYTES - self.block.len()).min(unread.len() - at);
            self.block.extend_from_slice(&unread[at..at + piece]);
            self.missing -= piece;
            at += piece;
            if self.block.len() == BLOCK_BYTES {
                break true;
            }
            if self.missing > 0 {
                break false;
            }
            match wire::header(&unread[at..])? {
                Some((tag::COPY_DATA, body)) if !self.done => {
                    self.missing = body;
                    at += HEADER_BYTES;
                }
                _ => break false,
            }
        };
        self.session.connection.consume(at);
        Ok(full)
    }

    async fn handle(&mut self, message: Message) -> Result<(), Cause> {
        match message.tag {
            tag::COPY_DONE if !self.done => self.done = true,
            tag::COMMAND_COMPLETE if self.done => {
                let rows =
                    wire::affected(message.body).ok_or_else(|| violation("the server does not count its rows"))?;
                let last = self.session.receive().await?;
                if last.tag != tag::READY {
                    return Err(unexpected(last.tag, "after COPY"));
                }
                self.rows = Some(rows);
            }
            tag::ERROR => return Err(self.session.after_error(wire::report(message.body)).await),
            tag::NOTICE | tag::PARAMETER | tag::NOTIFICATION => self.session.note(message)?,
            other => return Err(unexpected(other, "among rows")),
        }
        Ok(())
    }
}

/// Rows going to the server. Dropped without `finish`, the COPY fails and no row stays.
#[derive(Debug)]
pub struct CopyIn<'a> {
    session: &'a mut Session,
}

impl<'a> CopyIn<'a> {
    pub(crate) fn new(session: &'a mut Session) -> Self {
        Self { session }
    }

    /// Sends a block. An error of the server may show only at a later block, or at the end.
    ///
    /// # Errors
    ///
    /// What the server says, or that the connection is lost; the COPY has failed then.
    pub async fn send(&mut self, block: Bytes) -> Result<()> {
        self.put(block).await.map_err(sending)
    }

    /// Ends the COPY and returns the rows by the server's command tag. Dropped before it returns, nobody knows whether
    /// the rows stay.
    ///
    /// # Errors
    ///
    /// What the server says, or that the connection is lost.
    pub async fn finish(self) -> Result<u64> {
        self.end().await.map_err(sending)
    }

    /// Makes the COPY fail on the server with this reason; no row stays.
    ///
    /// # Errors
    ///
    /// Where the connection is lost.
    pub async fn fail(self, reason: &str) -> Result<()> {
        if self.session.state != State::CopyIn {
            return Ok(());
        }
        self.session.abandon_copy(reason).await.map_err(sending)
    }

    async fn put(&mut self, block: Bytes) -> Result<(), Cause> {
        if self.session.state != State::CopyIn {
            return Err(no_copy(self.session.state));
        }
        if block.is_empty() {
            return Ok(());
        }
        let header = wire::copy_data(block.len())?;
        self.session.transmit((&header[..]).chain(block)).await?;
        while let Some(message) = self.session.connection.ready()? {
            match message.tag {
                tag::ERROR => return Err(self.session.after_error(wire::report(message.body)).await),
                tag::NOTICE | tag::PARAMETER | tag::NOTIFICATION => self.session.note(message)?,
                other => return Err(unexpected(other, "while rows are sent")),
            }
        }
        self.session.state = State::CopyIn;
        Ok(())
    }

    async fn end(self) -> Result<u64, Cause> {
        if self.session.state != State::CopyIn {
            return Err(no_copy(self.session.state));
        }
        let mut done = BytesMut::new();
        frontend::copy_done(&mut done);
        self.session.transmit(done).await?;
        let message = self.session.receive().await?;
        if message.tag != tag::COMMAND_COMPLETE {
            return Err(unexpected(message.tag, "at the end of COPY"));
        }
        let rows = wire::affected(message.body).ok_or_else(|| violation("the server does not count its rows"))?;
        match self.session.receive().await?.tag {
            tag::READY => Ok(rows),
            other => Err(unexpected(other, "after COPY")),
        }
    }
}

fn receiving(cause: Cause) -> Error {
    Error::Postgres { doing: "read rows".into(), source: Box::new(cause) }
}

fn sending(cause: Cause) -> Error {
    Error::Postgres { doing: "send rows".into(), source: Box::new(cause) }
}
