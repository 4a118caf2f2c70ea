//! Proof that a snapshot restores: into a scratch database, every table read back and compared, the user's own checks
//! run, the database dropped.

mod scratch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::hash::StoredId;
use crate::pg::settings::Purpose;
use crate::pg::{Connector, Session};
use crate::plan::Pattern;
use crate::plan::select::{Selection, TablePattern, select};
use crate::progress::{Event, Events, Step};
use crate::repository::{Manifest, Reader};
use crate::restore::{self, TableCheck, Verdict};
use scratch::Scratch;

/// What to try, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// How to restore; the target names the server, its database is replaced by a scratch one.
    pub restore: restore::Options,
    /// Restore only the smallest tables that fit into this many bytes of COPY text.
    pub max_bytes: Option<u64>,
    /// Statements that must each return exactly true, with the file that they come from.
    pub checks: Vec<(String, String)>,
    /// Whether to leave the scratch database behind.
    pub keep: bool,
}

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The snapshot that was tried.
    pub snapshot: StoredId,
    /// Database that was dumped.
    pub database: String,
    /// Scratch database that it was restored into; dropped, unless it was to be kept.
    pub scratch: String,
    /// What was restored.
    pub restored: restore::Summary,
    /// Every table with rows.
    pub tables: Vec<TableCheck>,
    /// Every check of the user.
    pub checks: Vec<Check>,
    /// Whether everything is as it was, and all of it could be compared.
    pub passed: bool,
    /// From the first question to the last answer.
    #[serde(rename = "seconds", serialize_with = "crate::progress::seconds")]
    pub took: Duration,
}

impl Report {
    /// Whether a table is not as it was, or a check failed; otherwise what did not pass could not be compared.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.tables.iter().any(|table| table.verdict == Verdict::Differs) || self.checks.iter().any(|c| !c.passed)
    }
}

/// A check of the user.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// File it comes from.
    pub file: String,
    /// The statement.
    pub statement: String,
    /// Whether it returned true.
    pub passed: bool,
    /// What it returned or failed with instead.
    pub answer: String,
}

/// Runs a drill. The scratch database is dropped whatever happens, unless it is to be kept.
///
/// # Errors
///
/// Where the restore fails or a server is lost. Differences are no error here but in the report.
pub async fn run(reader: &Reader, options: &Options, events: &Events) -> Result<Report> {
    let started = Instant::now();
    if reader.snapshot().snapshot.head.is_globals() {
        return Err(Error::unsupported(
            "roles and tablespaces belong to a whole server and cannot be tried in a scratch database",
            "restore this snapshot into a spare server",
        ));
    }
    let admin = options.restore.target.clone();
    let scratch = options.restore.cancellation.unless(Scratch::claim(&admin, options.keep, events)).await?;
    let name = scratch.name.clone();
    let mut restore = options.restore.clone();
    restore.target = admin.with_database(name.as_str());
    restore.start = restore::Start::NewDatabase;
    if let Some(most) = options.max_bytes {
        restore.selection = sample(&reader.manifest().await?, &restore.selection, most)?;
    }
    let tried = attempt(reader, options, &restore, events).await;
    let dropped = scratch.end(events).await;
    let (restored, tables, checks) = tried?;
    dropped?;
    let complete = restored.not_restored.is_empty() && tables.iter().all(|table| table.verdict == Verdict::Same);
    let passed = complete && checks.iter().all(|check| check.passed);
    let database = reader.snapshot().snapshot.head.source.database.lossy().into_owned();
    Ok(Report {
        snapshot: reader.snapshot().id,
        database,
        scratch: name,
        restored,
        tables,
        checks,
        passed,
        took: started.elapsed(),
    })
}

type Tried = (restore::Summary, Vec<TableCheck>, Vec<Check>);

async fn attempt(reader: &Reader, options: &Options, restore: &restore::Options, events: &Events) -> Result<Tried> {
    let restored = restore::from_snapshot(reader, restore, events).await?;
    let connector = Arc::new(Connector::new(restore.target.clone()));
    let work = async {
        let tables = restore::read_back(reader, restore, &connector, events).await?;
        let checks = checks(&connector, options, events).await?;
        Ok((tables, checks))
    };
    let (tables, checks) = connector.work(&restore.cancellation, work).await?;
    Ok((restored, tables, checks))
}

async fn checks(connector: &Connector, options: &Options, events: &Events) -> Result<Vec<Check>> {
    if options.checks.is_empty() {
        return Ok(Vec::new());
    }
    events(Event::Step { step: Step::Check });
    let mut session = connector.connect().await?;
    // The path that the snapshot brought could put functions of its owner in the place of the system's.
    session.pin(Purpose::Loading, "UTF8");
    let mut all = Vec::new();
    for (file, statement) in &options.checks {
        let answer = answer(&mut session, statement).await;
        all.push(Check { file: file.clone(), statement: statement.clone(), passed: answer == "true", answer });
    }
    Ok(all)
}

/// `true`, or what came instead.
async fn answer(session: &mut Session, statement: &str) -> String {
    // Its transaction is pinned when it begins, so that the server shows the statement as it was written.
    let asked = match session.run("BEGIN").await {
        Ok(()) => session.query(statement).await,
        Err(error) => Err(error),
    };
    if !asked.as_ref().is_err_and(Error::is_disconnect) {
        drop(session.run("COMMIT").await);
    }
    match asked {
        Ok(rows) => match rows.iter().map(|row| row.values().next().flatten()).collect::<Vec<_>>().as_slice() {
            [Some(value)] if *value == "t" => "true".into(),
            [Some(value)] => value.lossy().into_owned(),
            [None] => "null".into(),
            rows => format!("{} rows", rows.len()),
        },
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            cause.unwrap_or_else(|| error.to_string())
        }
    }
}

/// The smallest tables whose rows fit together, as a selection.
fn sample(manifest: &Manifest, selection: &Selection, most: u64) -> Result<Selection> {
    let selected = select(&manifest.objects, selection)?;
    let mut sizes: std::collections::BTreeMap<_, u64> = std::collections::BTreeMap::new();
    for part in manifest.parts.iter().filter(|part| selected.data[part.object.0 as usize]) {
        *sizes.entry(part.object).or_default() += part.stored.digest.bytes;
    }
    let mut by_size: Vec<_> = sizes.into_iter().collect();
    by_size.sort_by_key(|&(_, bytes)| bytes);
    let mut left = most;
    let mut tables = Vec::new();
    for (object, bytes) in by_size {
        let Some(rest) = left.checked_sub(bytes) else { break };
        left = rest;
        let pattern = Pattern::of_relation(manifest.objects[object.0 as usize].name.sql())?;
        tables.push(TablePattern { pattern, children: false });
    }
    if tables.is_empty() {
        return Err(Error::usage(format!("no table fits into {most} bytes")));
    }
    Ok(Selection { tables, with_dependencies: true, ..selection.clone() })
}
