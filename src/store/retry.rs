//! What is tried again, and how a failure of a place is told.

use std::time::Duration;

use crate::error::Error;

/// How often something is tried in all where the place fails in a way that may pass.
const TRIES: u32 = 4;
/// Wait before the second try; it doubles from then on.
const FIRST_WAIT: Duration = Duration::from_millis(100);

pub(super) async fn retry<T, F: Future<Output = object_store::Result<T>>>(
    attempt: impl Fn() -> F,
) -> object_store::Result<T> {
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        match attempt().await {
            Err(e) if may_pass(&e) => tokio::time::sleep(wait).await,
            done => return done,
        }
        wait *= 2;
    }
    attempt().await
}

/// Whether the same request may succeed a little later. Errors of the cloud stores were retried inside of them.
fn may_pass(error: &object_store::Error) -> bool {
    use std::io::ErrorKind;
    let passing =
        [ErrorKind::Interrupted, ErrorKind::TimedOut, ErrorKind::WouldBlock, ErrorKind::StaleNetworkFileHandle];
    io_kind(error).is_some_and(|kind| passing.contains(&kind))
}

pub(super) fn is_io(error: &object_store::Error) -> bool {
    io_kind(error).is_some()
}

fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<std::io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}

pub(super) fn error(
    doing: impl Into<String>,
    place: &str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    use std::io::ErrorKind;
    let hint = match io_kind(&source) {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            Some("the disk is full; nothing is lost, make room and run it again".into())
        }
        Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            Some("check who owns the folder and how it is mounted".into())
        }
        _ => None,
    };
    Error::Store { doing: doing.into(), store: place.into(), source: Box::new(source), hint }
}
