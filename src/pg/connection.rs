//! A socket to a server with what has come from it and was not read yet.
//!
//! Owns reading and writing; knows messages only by their length. Everything can be dropped between two polls: what was
//! read stays in the buffer, and a session notices itself that something was sent only in part.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::error::Cause;
use crate::pg::wire::{self, HEADER_BYTES, Message};

/// Room for what one read may bring. Servers send pieces of 8 KiB; a larger buffer takes many of them at once.
const READ_BYTES: usize = 256 << 10;

/// While this much room is left, the buffer is used on: answers that are kept share it, and a new one for every read
/// would hold much memory for few bytes.
const ROOM_BYTES_MIN: usize = 64 << 10;

/// What may wait unread while we write. Only reports come then, so more is not the protocol.
const UNREAD_BYTES_MAX: usize = 16 << 20;

/// A TCP, Unix or TLS stream.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// A stream and its unread bytes.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    unread: BytesMut,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("unread", &self.unread.len()).finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, unread: BytesMut::new() }
    }

    /// Bytes that have come and were not consumed.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// Forgets the first unread bytes.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.unread.advance(bytes);
    }

    /// Waits until at least one more byte has come.
    pub(crate) async fn fill(&mut self) -> Result<(), Cause> {
        if self.unread.capacity() - self.unread.len() < ROOM_BYTES_MIN {
            self.unread.reserve(READ_BYTES);
        }
        match self.stream.read_buf(&mut self.unread).await? {
            0 => Err(Cause::Closed),
            _ => Ok(()),
        }
    }

    /// The next message if all of it has come.
    pub(crate) fn ready(&mut self) -> Result<Option<Message>, Cause> {
        let Some((tag, body)) = wire::header(&self.unread)? else { return Ok(None) };
        if self.unread.len() < HEADER_BYTES + body {
            return Ok(None);
        }
        self.unread.advance(HEADER_BYTES);
        Ok(Some(Message { tag, body: self.unread.split_to(body).freeze() }))
    }

    /// The next message. The buffer grows with what has really come, not with what a header announces.
    pub(crate) async fn receive(&mut self) -> Result<Message, Cause> {
        loop {
            if let Some(message) = self.ready()? {
                return Ok(message);
            }
            self.fill().await?;
        }
    }

    /// Writes everything, and reads meanwhile: a server that reports while we send must never have to wait for us.
    pub(crate) async fn send(&mut self, mut bytes: impl Buf) -> Result<(), Cause> {
        while bytes.has_remaining() {
            let sent = poll_fn(|cx| {
                self.poll_unread(cx)?;
                self.poll_write(cx, &bytes)
            })
            .await?;
            bytes.advance(sent);
        }
        self.stream.flush().await?;
        Ok(())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &impl Buf) -> Poll<io::Result<usize>> {
        let mut slices = [io::IoSlice::new(&[]); 2];
        let count = bytes.chunks_vectored(&mut slices);
        match ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, &slices[..count]))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            sent => Poll::Ready(Ok(sent)),
        }
    }

    /// Takes what has come without waiting for it. The end of the stream is not reported here but by the next read.
    fn poll_unread(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut piece = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut piece);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.unread.extend_from_slice(buffer.filled()),
                Poll::Ready(Err(error)) => return Err(error),
                _ => return Ok(()),
            }
            if self.unread.len() > UNREAD_BYTES_MAX {
                return Err(io::Error::other("the server sends more than reports while rows are sent to it"));
            }
        }
    }
}
