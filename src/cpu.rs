//! The one bridge from async code to CPU threads. Nothing else may start a thread or block a worker of the runtime.

use tokio::sync::oneshot;

/// Runs `job` on the CPU pool and waits for it without holding a worker of the runtime.
///
/// # Panics
///
/// Goes on with the panic of `job`, if it panics.
pub async fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = oneshot::channel();
    rayon::spawn(move || {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
        // Nobody waits any more where the task was cancelled.
        drop(done.send(outcome));
    });
    match result.await.expect("the pool runs every job to its end and catches its panic") {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
