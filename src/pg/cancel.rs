//! Stopping what a session does, from outside.

use std::fmt;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::error::{Cause, Error, Result};
use crate::pg::route::Route;
use crate::pg::wire::violation;

/// How long a server may take to hear it: whoever stops must not wait for one that is silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the server to stop what one session does at this moment.
#[derive(Clone)]
pub struct CancelToken {
    route: Route,
    key: Bytes,
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").field("route", &self.route).finish_non_exhaustive()
    }
}

impl CancelToken {
    /// `key` is the body of BackendKeyData: process and secret.
    pub(crate) fn new(route: Route, key: Bytes) -> Self {
        Self { route, key }
    }

    /// The process that the key names; a pooler's names none of the server.
    pub(crate) fn process(&self) -> Option<i32> {
        self.key.first_chunk().map(|bytes| i32::from_be_bytes(*bytes))
    }

    /// Sends the request over a connection of its own, encrypted as the session's, and waits until the server has taken it. Whether it came in time
    /// shows in the session: its statement fails with SQLSTATE 57014, or has already ended.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached.
    pub async fn cancel(&self) -> Result<()> {
        tokio::time::timeout(PATIENCE, self.request())
            .await
            .unwrap_or(Err(Cause::Timeout(PATIENCE)))
            .map_err(|cause| Error::Postgres { doing: "ask the server to cancel".into(), source: Box::new(cause) })
    }

    async fn request(&self) -> Result<(), Cause> {
        let mut stream = self.route.open().await?.stream;
        let mut request = BytesMut::new();
        let length = u32::try_from(8 + self.key.len()).map_err(|_| violation("a cancel key is too long"))?;
        request.put_u32(length);
        request.put_u32(80_877_102);
        request.put_slice(&self.key);
        stream.write_all(&request).await?;
        stream.flush().await?;
        // The server answers by closing, once the signal is sent. It may do that without ceremony.
        let _ = stream.read(&mut [0]).await;
        Ok(())
    }
}
