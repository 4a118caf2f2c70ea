//! All databases of a server, each into a snapshot of its own, some at the same time. One that fails does not stop the
//! others.

mod telling;
mod vanished;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::catalog::GlobalOptions;
use crate::dump::{self, Among};
use crate::error::{Error, ErrorKind, Result};
use crate::pg::{Session, maintenance};
use crate::plan::Pattern;
use crate::plan::select::Selection;
use crate::progress::{Event, Events, Step};
use crate::repository::{Relied, Repository, new_run};
use crate::text::Text;
use telling::Telling;

pub use vanished::Vanished;

/// What to dump, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// How each database is dumped; the source names the server, and its database is replaced by each in turn.
    pub dump: dump::Options,
    /// Which databases; `None` is all that accept connections and are no templates.
    pub pattern: Option<Pattern>,
    /// How many at the same time; they share the jobs, so that it is never more than these.
    pub at_once: usize,
    /// Whether to dump first what the whole cluster has.
    pub globals: Option<GlobalOptions>,
}

/// What was dumped.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Snapshots that were stored, those of the largest databases first.
    pub snapshots: Vec<dump::Summary>,
    /// Databases without one.
    pub failed: Vec<Failed>,
    /// What earlier runs of the same pattern had, and this one has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vanished: Vec<Vanished>,
    /// From the first question to the last commit.
    #[serde(rename = "seconds", serialize_with = "crate::progress::seconds")]
    pub took: Duration,
}

/// A database that could not be dumped.
#[derive(Clone, Debug, Serialize)]
pub struct Failed {
    /// Its name, `globals` for what the whole cluster has.
    pub database: String,
    /// Why, with what the server said.
    pub error: String,
    /// Which kind of error it was.
    #[serde(skip)]
    pub kind: ErrorKind,
}

/// The databases of the server at the beginning, the largest first.
#[derive(Clone, Debug, Default)]
struct Names {
    /// Those to dump.
    dumped: Vec<Text>,
    /// Those that take no connections, and templates.
    closed: Vec<Text>,
}

/// Dumps all databases that match, the largest first.
///
/// # Errors
///
/// Where the databases or the repository cannot be listed, none matches, or somebody asks to stop. Databases that fail
/// are in the answer.
pub async fn run(repository: &Repository, options: &Options, events: &Events) -> Result<Summary> {
    let started = Instant::now();
    let cancellation = &options.dump.cancellation;
    let names = cancellation.unless(databases(options)).await?;
    events(Event::Step { step: Step::OpenRepository });
    let opening = cancellation.unless(repository.opening()).await?;
    let at_once = options.at_once.min(options.dump.jobs).min(names.dumped.len()).max(1);
    let among = Among {
        opening,
        workers: Arc::new(Semaphore::new(options.dump.jobs.saturating_sub(at_once))),
        pattern: options.pattern.as_ref().map(|pattern| Text::from(pattern.to_string())).unwrap_or_default(),
    };
    let mut summary = Summary::default();
    let options = &in_one_run(options, &among);
    if let Some(globals) = &options.globals {
        let dump = of_database(options, &"postgres".into());
        let done = dump::globals(repository, &dump, globals, events).await;
        summary.add("globals".into(), done, events)?;
    }
    let telling = Telling::new(events, at_once > 1);
    let dumps = names.dumped.iter().enumerate().map(|(at, name)| {
        let events = telling.of(name);
        async move { (at, dump::run(repository, &of_database(options, name), &events).await) }
    });
    let mut all: Vec<_> = stream::iter(dumps).buffer_unordered(at_once).collect().await;
    all.sort_by_key(|(at, _)| *at);
    for (name, (_, done)) in names.dumped.iter().zip(all) {
        summary.add(name.lossy().into_owned(), done, events)?;
    }
    summary.last_look(repository, &among, events).await?;
    summary.vanished = cancellation.unless(vanished::look(repository, &among, &names, &summary.snapshots)).await?;
    for vanished in &summary.vanished {
        events(vanished.warning(&among.pattern));
    }
    summary.took = started.elapsed();
    Ok(summary)
}

/// All snapshots say that they belong together.
fn in_one_run(options: &Options, among: &Among) -> Options {
    let mut options = options.clone();
    options.dump.writing.run = Some(new_run());
    options.dump.among = Some(among.clone());
    options
}

impl Summary {
    fn add(&mut self, database: String, done: Result<dump::Summary>, events: &Events) -> Result<()> {
        match done {
            Ok(summary) => self.snapshots.push(summary),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                let told = format!("{error}{}", cause.unwrap_or_default());
                let message = format!("database {database} was not dumped: {told}");
                events(Event::Warning { message, hint: error.hint() });
                self.failed.push(Failed { database, error: told, kind: error.kind() });
            }
        }
        Ok(())
    }
}

impl Summary {
    /// Takes out what lost something that it relies on while the others were dumped.
    async fn last_look(&mut self, repository: &Repository, among: &Among, events: &Events) -> Result<()> {
        let stored = std::mem::take(&mut self.snapshots);
        let relied: Vec<&Relied> = stored.iter().map(|one| &one.relied).collect();
        let looks = repository.last_look(&among.opening.survey, &relied).await?;
        for (one, gone) in stored.into_iter().zip(looks) {
            let database = one.database.clone();
            self.add(database, gone.map_or(Ok(one), Err), events)?;
        }
        Ok(())
    }
}

fn of_database(options: &Options, name: &Text) -> dump::Options {
    let selection = Selection { database: Some(name.clone()), ..options.dump.selection.clone() };
    dump::Options { source: options.dump.source.with_database(name.clone()), selection, ..options.dump.clone() }
}

async fn databases(options: &Options) -> Result<Names> {
    let mut session = maintenance::connect(&options.dump.source).await?;
    let mut names = list(&mut session).await?;
    session.close().await;
    let Some(pattern) = &options.pattern else { return Ok(names) };
    names.dumped.retain(|name| pattern.matches(None, name));
    if names.dumped.is_empty() {
        return Err(Error::usage(format!("no database matches {pattern}")));
    }
    Ok(names)
}

async fn list(session: &mut Session) -> Result<Names> {
    let rows = session.query(include_str!("all/databases.sql")).await;
    let rows = rows.map_err(|e| e.while_doing("list the databases"))?;
    let mut names = Names::default();
    for row in &rows {
        let into = if row.boolean("open")? { &mut names.dumped } else { &mut names.closed };
        into.push(row.text("name")?);
    }
    Ok(names)
}
