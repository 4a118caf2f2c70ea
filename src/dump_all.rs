//! All databases of a server, each into a snapshot of its own. One that fails does not stop the others.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::catalog::GlobalOptions;
use crate::dump;
use crate::error::{Error, ErrorKind, Result};
use crate::pg::Session;
use crate::plan::Pattern;
use crate::plan::select::Selection;
use crate::progress::{Event, Events};
use crate::repository::{Repository, new_run};
use crate::restore;
use crate::text::Text;

/// What to dump, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// How each database is dumped; the source names the server, and its database is replaced by each in turn.
    pub dump: dump::Options,
    /// Which databases; `None` is all that accept connections and are no templates.
    pub pattern: Option<Pattern>,
    /// Whether to dump first what the whole cluster has.
    pub globals: Option<GlobalOptions>,
}

/// What was dumped.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Snapshots that were stored, in this order.
    pub snapshots: Vec<dump::Summary>,
    /// Databases without one.
    pub failed: Vec<Failed>,
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

/// Dumps all databases that match, the largest first.
///
/// # Errors
///
/// Where the databases cannot be listed, none matches, or somebody asks to stop. Databases that fail are in the answer.
pub async fn run(repository: &Repository, options: &Options, events: &Events) -> Result<Summary> {
    let started = Instant::now();
    let names = options.dump.cancellation.unless(databases(options)).await?;
    let mut summary = Summary::default();
    let options = &in_one_run(options);
    if let Some(globals) = &options.globals {
        let dump = of_database(options, &"postgres".into());
        let done = dump::globals(repository, &dump, globals, events).await;
        summary.add("globals".into(), done, events)?;
    }
    for name in &names {
        let done = dump::run(repository, &of_database(options, name), events).await;
        summary.add(name.lossy().into_owned(), done, events)?;
    }
    summary.took = started.elapsed();
    Ok(summary)
}

/// All snapshots say that they belong together.
fn in_one_run(options: &Options) -> Options {
    let mut options = options.clone();
    options.dump.writing.run = Some(new_run());
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

fn of_database(options: &Options, name: &Text) -> dump::Options {
    let selection = Selection { database: Some(name.clone()), ..options.dump.selection.clone() };
    dump::Options { source: options.dump.source.with_database(name.clone()), selection, ..options.dump.clone() }
}

async fn databases(options: &Options) -> Result<Vec<Text>> {
    let mut session = restore::maintenance(&options.dump.source).await?;
    let names = list(&mut session).await?;
    session.close().await;
    let Some(pattern) = &options.pattern else { return Ok(names) };
    let matching: Vec<Text> = names.into_iter().filter(|name| pattern.matches(None, name)).collect();
    if matching.is_empty() {
        return Err(Error::usage(format!("no database matches {pattern}")));
    }
    Ok(matching)
}

async fn list(session: &mut Session) -> Result<Vec<Text>> {
    let rows = session.query(include_str!("dump_all/databases.sql")).await;
    let rows = rows.map_err(|e| e.while_doing("list the databases"))?;
    rows.iter().map(|row| row.text("name")).collect()
}
