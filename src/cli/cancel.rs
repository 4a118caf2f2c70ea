//! Ctrl-C and SIGTERM: the first stops the work cleanly, the second ends the process at once.

use std::future::Future;
use std::io::{self, Write as _};

use pgkeep::{Error, ErrorKind};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::exit::{self, Outcome};

/// Does `work`, or drops it at the first signal. What a dropped future leaves on a server is cancelled by the library's
/// own sessions.
pub(crate) async fn unless_cancelled(work: impl Future<Output = Outcome>) -> Outcome {
    let (cancel, cancelled) = oneshot::channel();
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    // In a task of its own, so that a second signal is heard while the first one's cleaning up takes its time.
    let listener = tokio::spawn(async move {
        let mut first = Some(cancel);
        loop {
            tokio::select! {
                _ = interrupts.recv() => {}
                _ = terminations.recv() => {}
            }
            match first.take() {
                Some(cancel) => {
                    drop(writeln!(io::stderr().lock(), "\npgkeep: stopping; once more to stop at once"));
                    // Nobody listens where the work has just ended.
                    let _ = cancel.send(());
                }
                None => exit::now(ErrorKind::Cancelled),
            }
        }
    });
    let outcome = tokio::select! {
        outcome = work => outcome,
        Ok(()) = cancelled => Err(Error::Cancelled.into()),
    };
    listener.abort();
    outcome
}
