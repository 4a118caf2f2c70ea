//! A request to stop, which may come at any time from anywhere.
//!
//! Verbs take a [`Cancellation`], stop soon after it was asked for, cancel what still runs on servers and answer with
//! [`crate::Error::Cancelled`]. Dropping a verb's future stops it too, but leaves the server to notice by itself.

use tokio::sync::watch;

use crate::error::{Error, Result};

/// Handle to ask for a stop and to hear of it; clones are the same request.
#[derive(Clone, Debug)]
pub struct Cancellation {
    asked: watch::Sender<bool>,
}

impl Default for Cancellation {
    fn default() -> Self {
        Self { asked: watch::Sender::new(false) }
    }
}

impl Cancellation {
    /// Asks everybody who watches to stop.
    pub fn cancel(&self) {
        self.asked.send_replace(true);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.asked.borrow()
    }

    /// Waits until somebody asks.
    pub async fn cancelled(&self) {
        let mut asked = self.asked.subscribe();
        // The sender lives in `self`, so waiting can only end by the request.
        let _ = asked.wait_for(|asked| *asked).await;
    }

    /// Does `work` unless somebody asks to stop first.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`], or what `work` fails with.
    pub async fn unless<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancelled() => Err(Error::Cancelled),
            done = work => done,
        }
    }
}
