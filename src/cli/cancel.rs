//! Ctrl-C and SIGTERM: the first asks the work to stop cleanly, the second ends the process at once.

use std::io::{self, Write as _};

use pgkeep::ErrorKind;
use pgkeep::cancel::Cancellation;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit;

/// Turns the first signal into a request to stop, from now until the process ends.
///
/// A task of its own hears the second signal while the first one's cleaning up takes its time.
pub(crate) fn listen(cancellation: &Cancellation) -> io::Result<()> {
    let interrupts = signal(SignalKind::interrupt())?;
    let terminations = signal(SignalKind::terminate())?;
    tokio::spawn(hear(interrupts, terminations, cancellation.clone()));
    Ok(())
}

async fn hear(mut interrupts: Signal, mut terminations: Signal, cancellation: Cancellation) {
    loop {
        tokio::select! {
            _ = interrupts.recv() => {}
            _ = terminations.recv() => {}
        }
        if cancellation.is_cancelled() {
            exit::now(ErrorKind::Cancelled);
        }
        cancellation.cancel();
        // Told on stderr also with `--quiet`: somebody is waiting at the keyboard.
        drop(writeln!(io::stderr().lock(), "\npgkeep: stopping; again to stop at once"));
    }
}
