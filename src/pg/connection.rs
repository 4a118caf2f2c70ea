//! A socket to a server with what has come from it and was not read yet.
//!
//! Owns reading and writing, and how long to wait for either; knows messages only by their length. Everything can be dropped between two polls: what was
//! read stays in the buffer, and a session notices itself that something was sent only in part.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

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

/// How long the server may give no sign of life, and what it is called then.
#[derive(Clone)]
pub(crate) struct Patience {
    pub(crate) server: Arc<str>,
    /// `None` waits for ever.
    pub(crate) limit: Option<Duration>,
    /// How long a stall lasts before it is told, where somebody wants to know.
    pub(crate) told_after: Duration,
    pub(crate) tell: Option<Arc<Tell>>,
}

/// Takes how long the server has given no sign of life; called once for each stall.
pub(crate) type Tell = dyn Fn(Duration) + Send + Sync;

impl Patience {
    /// For a server of this name. A stall is told before it is given up.
    pub(crate) fn new(server: impl Into<Arc<str>>, limit: Option<Duration>, told_after: Duration) -> Self {
        let told_after = limit.map_or(told_after, |limit| told_after.min(limit / 2));
        Self { server: server.into(), limit, told_after, tell: None }
    }

    async fn wait<T>(&self, work: impl Future<Output = io::Result<T>>) -> Result<T, Cause> {
        let mut work = std::pin::pin!(work);
        let mut limit = self.limit;
        if let Some(tell) = &self.tell {
            if let Ok(done) = tokio::time::timeout(self.told_after, &mut work).await {
                return Ok(done?);
            }
            tell(self.told_after);
            limit = limit.map(|limit| limit.saturating_sub(self.told_after));
        }
        let Some(rest) = limit else { return Ok(work.await?) };
        match tokio::time::timeout(rest, work).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Cause::Stalled { server: self.server.to_string(), limit: self.limit.unwrap_or_default() }),
        }
    }
}

/// A stream and its unread bytes.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    patience: Patience,
    unread: BytesMut,
    /// Bytes to come that belong to a message of which enough was kept.
    skipped: usize,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("unread", &self.unread.len()).finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) fn new(stream: Box<dyn Stream>, patience: Patience) -> Self {
        Self { stream, patience, unread: BytesMut::new(), skipped: 0 }
    }

    /// Who is told of stalls from now on.
    pub(crate) fn tell(&mut self, tell: Option<Arc<Tell>>) {
        self.patience.tell = tell;
    }

    /// Bytes that have come and were not consumed, from the start of a message or from where `consume` left it.
    pub(crate) fn unread(&mut self) -> &[u8] {
        self.skip();
        &self.unread
    }

    /// Passes over the rest of a message of which enough was kept.
    fn skip(&mut self) {
        let skipped = self.skipped.min(self.unread.len());
        self.unread.advance(skipped);
        self.skipped -= skipped;
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
        match self.patience.wait(self.stream.read_buf(&mut self.unread)).await? {
            0 => Err(Cause::Closed),
            _ => Ok(()),
        }
    }

    /// The next message if all of it has come that is kept.
    pub(crate) fn ready(&mut self) -> Result<Option<Message>, Cause> {
        self.skip();
        let Some((tag, body)) = wire::header(&self.unread)? else { return Ok(None) };
        let kept = body.min(wire::kept(tag));
        if self.unread.len() < HEADER_BYTES + kept {
            return Ok(None);
        }
        self.unread.advance(HEADER_BYTES);
        self.skipped = body - kept;
        Ok(Some(Message { tag, body: self.unread.split_to(kept).freeze() }))
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
        let patience = self.patience.clone();
        while bytes.has_remaining() {
            let sending = poll_fn(|cx| {
                self.poll_unread(cx)?;
                self.poll_write(cx, &bytes)
            });
            let sent = patience.wait(sending).await?;
            bytes.advance(sent);
        }
        patience.wait(self.stream.flush()).await
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(limit: Option<Duration>) -> (Connection, tokio::io::DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(1000);
        (Connection::new(Box::new(ours), Patience::new("s", limit, Duration::from_millis(20))), theirs)
    }

    #[tokio::test]
    async fn the_rest_of_a_long_notice_is_passed_over() {
        let (mut connection, mut server) = pair(None);
        let length = 1_000_000_u32;
        let mut bytes = [&b"N"[..], &length.to_be_bytes()].concat();
        bytes.resize(1 + usize::try_from(length).unwrap(), b'x');
        bytes.extend_from_slice(b"Z\0\0\0\x05I");
        let writer = async { server.write_all(&bytes).await.unwrap() };
        let reader = async {
            let notice = connection.receive().await.unwrap();
            assert_eq!((notice.tag, notice.body.len()), (b'N', wire::kept(b'N')));
            let ready = connection.receive().await.unwrap();
            assert_eq!((ready.tag, &ready.body[..]), (b'Z', &b"I"[..]));
            assert!(connection.unread().is_empty());
        };
        tokio::join!(writer, reader);
    }

    #[tokio::test]
    async fn every_stall_is_told_once() {
        for limit in [None, Some(Duration::from_secs(60))] {
            let (mut connection, mut server) = pair(limit);
            let (tell, told) = std::sync::mpsc::channel();
            connection.tell(Some(Arc::new(move |silent| tell.send(silent).expect("somebody listens"))));
            for _ in 0..2 {
                // Half a message: the stall is in the middle of it.
                let writer = async {
                    server.write_all(b"Z\0\0").await.unwrap();
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    server.write_all(b"\0\x05I").await.unwrap();
                };
                let (message, ()) = tokio::join!(connection.receive(), writer);
                assert_eq!(message.unwrap().tag, b'Z');
                assert_eq!(told.try_recv().ok(), Some(Duration::from_millis(20)), "{limit:?}");
                assert!(told.try_recv().is_err(), "told twice");
            }
        }
    }

    #[tokio::test]
    async fn a_silent_server_is_not_waited_for_longer_than_wanted() {
        let limit = Duration::from_millis(50);
        let (mut connection, _server) = pair(Some(limit));
        let stalled =
            |cause| matches!(cause, Cause::Stalled { server, limit: after } if server == "s" && after == limit);
        assert!(stalled(connection.receive().await.unwrap_err()));
        assert!(stalled(connection.send(&[0; 5000][..]).await.unwrap_err()), "it takes 1000 bytes and no more");
    }
}
