//! From the repository to a database: a plan without side effects, then its execution.
//!
//! [`prepare`] resolves options, target and snapshot into a [`Plan`], and [`run`] does what the plan says. Objects before
//! the rows are created in order on one session; parts are loaded in parallel; then everything after the rows, as far as
//! locks and dependencies allow side by side; then grants, refreshes and statistics. Nothing is changed where the plan
//! finds that the restore must fail.

mod batches;
mod choices;
mod ledger;
mod options;
mod prepare;
mod proof;
mod readback;
mod rename;
mod run;
mod silence;
mod stopped;
mod summary;

use std::sync::Arc;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::pg::Connector;
use crate::progress::Events;
use crate::repository::Reader;
use stopped::Progress;

pub use crate::plan::Rendering;
pub use options::{Course, Fill, Options, Start};
pub use prepare::estimate::Estimate;
pub use prepare::finding::Finding;
pub use prepare::outline::{Outline, Planned, PlannedTable};
pub use prepare::plan::{Plan, Server};
pub use prepare::prepare;
pub use proof::{Proof, Unproven};
pub use readback::{TableCheck, Verdict, read_back};
pub use rename::table_names::{TableName, old_and_new};
pub use run::phases::run;
pub use stopped::{Reached, Stopped};
pub use summary::{ConflictCounts, Failure, Summary};

/// Restores a snapshot, or what is selected of it.
///
/// # Errors
///
/// [`Error::Unsupported`] before the first change where the restore could not succeed, with all reasons; otherwise
/// whatever fails. After a failure the ledger on the target (schema `pgkeep_restore`) tells what was done.
pub async fn from_snapshot(reader: &Reader, options: &Options, events: &Events) -> Result<Summary> {
    attempt(reader, options, events).await.map_err(|stopped| stopped.error)
}

/// As [`from_snapshot`], but a failure says also what the target holds.
///
/// # Errors
///
/// As [`from_snapshot`].
pub async fn attempt(reader: &Reader, options: &Options, events: &Events) -> Result<Summary, Stopped> {
    let (progress, events) = Progress::follow(events, options.course);
    let connector = Arc::new(Connector::new(options.target.clone()));
    let work = prepare_and_run(reader, options, &connector, &events);
    let done = connector.work(&options.cancellation, work).await;
    done.map_err(|error| Stopped { error, reached: progress.reached() })
}

async fn prepare_and_run(
    reader: &Reader,
    options: &Options,
    connector: &Arc<Connector>,
    events: &Events,
) -> Result<Summary> {
    let started = Instant::now();
    if reader.snapshot().snapshot.head.is_globals() {
        options.check()?;
        if options.selection.list.is_some() {
            return Err(Error::usage("roles and tablespaces come back whole, without a list; `pgkeep sql` takes one"));
        }
        return run::globals::run(reader, options, events).await;
    }
    // Both are large: on the heap, so that a thread with a small stack can run a restore.
    let plan = Box::pin(prepare(reader, options, connector, events)).await?;
    let done = Box::pin(run(plan, reader, connector, events)).await?;
    Ok(Summary { took: started.elapsed(), ..done })
}

/// Tells what [`from_snapshot`] would do, without changing anything.
///
/// # Errors
///
/// As [`prepare`]. What stands in the way of the restore is no error here but in the answer.
pub async fn outline(reader: &Reader, options: &Options, events: &Events) -> Result<Outline> {
    if reader.snapshot().snapshot.head.is_globals() {
        return Err(Error::unsupported(
            "roles and tablespaces have no plan",
            "`pgkeep show` and `pgkeep sql` list them",
        ));
    }
    let connector = Connector::new(options.target.clone());
    let plan = options.cancellation.unless(Box::pin(prepare(reader, options, &connector, events))).await?;
    Ok(plan.outline())
}
