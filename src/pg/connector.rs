//! Makes the sessions of one piece of work, and can stop what runs on all of them.

use std::sync::{Mutex, PoisonError};

use crate::cancel::Cancellation;
use crate::error::Result;
use crate::pg::{CancelToken, Config, Session};

/// Oldest server that pgkeep reads and writes.
pub const VERSION_MIN: u32 = 130_000;

/// Opens sessions to one database and remembers how to cancel their queries.
#[derive(Debug)]
pub struct Connector {
    config: Config,
    tokens: Mutex<Vec<CancelToken>>,
}

impl Connector {
    /// For the database of this configuration.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, tokens: Mutex::default() }
    }

    /// Where its sessions go.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Opens a session.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached, refuses, or is older than [`VERSION_MIN`].
    pub async fn connect(&self) -> Result<Session> {
        let session = Session::connect(&self.config).await?;
        session.require_version(VERSION_MIN)?;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).push(session.cancel_token());
        Ok(session)
    }

    /// Does `work` unless somebody asks to stop; when it fails or stops, nothing made here goes on on the server.
    ///
    /// # Errors
    ///
    /// What `work` fails with, or [`crate::Error::Cancelled`].
    pub async fn work<T>(&self, cancellation: &Cancellation, work: impl Future<Output = Result<T>>) -> Result<T> {
        let done = cancellation.unless(work).await;
        if done.is_err() {
            self.cancel_all().await;
        }
        done
    }

    /// Asks the server to cancel whatever runs on any session made here. Failures are ignored: a session may be gone,
    /// and closing the rest ends their queries too, only later.
    async fn cancel_all(&self) {
        let tokens = std::mem::take(&mut *self.tokens.lock().unwrap_or_else(PoisonError::into_inner));
        let all = tokens.iter().map(CancelToken::cancel);
        drop(futures_util::future::join_all(all).await);
    }
}
