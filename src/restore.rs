//! From the repository to a database: a plan without side effects, then its execution.
//!
//! Objects before the rows are created in order on one session; parts are loaded in parallel; then everything after the
//! rows, as far as locks and dependencies allow side by side; then grants, refreshes and statistics. Nothing is changed
//! where the plan finds that the restore must fail.

mod crew;
mod database;
mod findings;
mod ledger;
mod load;
mod outline;
mod phases;
mod readback;
mod statements;
mod target;
mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancellation;
use crate::error::{Error, Result};
use crate::object::{Kind, Object, ObjectId};
use crate::pg::{Config, Connector};
use crate::plan::select::{LeftOut, Selection, select};
use crate::progress::{Event, Events};
use crate::repository::{Manifest, Part, Reader};
use findings::{Origin, findings};
use readback::Readback;
use target::Target;

pub(crate) use database::maintenance;
pub use findings::Finding;
pub use outline::{Outline, Planned, PlannedTable};
pub use readback::{TableCheck, Verdict};
pub use statements::Definitions;

/// What to restore, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database to restore into.
    pub target: Config,
    /// Parts and objects at the same time; the server sees one connection more.
    pub jobs: usize,
    /// Whether to create the database first; it must not exist.
    pub create_database: bool,
    /// What of the snapshot.
    pub selection: Selection,
    /// What to leave out of definitions.
    pub definitions: Definitions,
    /// Whether to collect statistics for the planner at the end.
    pub analyze: bool,
    /// Stops the restore.
    pub cancellation: Cancellation,
}

/// What a restore will do; made without touching the target.
#[derive(Debug)]
pub struct Plan {
    manifest: Manifest,
    /// By object: whether its definition is run.
    keep: Vec<bool>,
    /// By object: whether its rows or its position are set.
    data: Vec<bool>,
    /// What is not restored because it needs something that neither the selection nor the target has.
    pub left_out: Vec<String>,
    /// What stands in the way, or should be known.
    pub findings: Vec<Finding>,
    encoding: String,
    database: String,
    creates_database: bool,
}

impl Plan {
    /// Objects that are created or changed, in order; the database itself apart.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        let objects = self.manifest.objects.iter().zip(&self.keep);
        objects.filter(|(object, keep)| **keep && object.kind != Kind::Database).map(|(object, _)| object)
    }

    /// Parts whose rows are loaded.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.manifest.parts.iter().filter(|part| self.data[part.object.0 as usize])
    }
}

/// What a restore did.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Summary {
    /// Database that was restored into.
    pub database: String,
    /// Objects created or changed.
    pub objects: u64,
    /// Tables whose rows were loaded.
    pub tables: u64,
    /// Rows loaded, each table's number and digest compared with the snapshot.
    pub rows: u64,
    /// Bytes of COPY text loaded.
    pub bytes: u64,
    /// What was left out because it needs something that was not selected, as `kind name needs kind name`.
    pub left_out: Vec<String>,
    /// From the first question to the last commit.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub took: Duration,
}

fn seconds<S: serde::Serializer>(took: &Duration, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_f64(took.as_secs_f64())
}

/// Restores a snapshot, or what is selected of it.
///
/// # Errors
///
/// [`Error::Unsupported`] before the first change where the restore could not succeed, with all reasons; otherwise
/// whatever fails. After a failure the ledger on the target (schema `pgkeep_restore`) tells what was done.
pub async fn run(reader: &Reader, options: &Options, events: &Events) -> Result<Summary> {
    let connector = Arc::new(Connector::new(options.target.clone()));
    let work = restore(reader, options, &connector, events);
    let done = options.cancellation.unless(work).await;
    if done.is_err() {
        connector.cancel_all().await;
    }
    done
}

async fn restore(reader: &Reader, options: &Options, connector: &Arc<Connector>, events: &Events) -> Result<Summary> {
    let started = Instant::now();
    let plan = prepare(reader, options, connector, events).await?;
    refuse(&plan.findings)?;
    for finding in &plan.findings {
        events(Event::Warning { message: finding.message.clone(), hint: Some(finding.hint.clone()) });
    }
    if options.create_database {
        events(Event::Step { step: "create database" });
        database::create(&plan.manifest.objects, &plan.encoding, options).await?;
    }
    let done = phases::run(reader, &plan, options, connector, events).await?;
    Ok(Summary {
        database: options.target.database.lossy().into_owned(),
        left_out: plan.left_out.clone(),
        took: started.elapsed(),
        ..done
    })
}

/// Tells what [`run`] would do, without changing anything.
///
/// # Errors
///
/// As [`prepare`]. What stands in the way of the restore is no error here but in the answer.
pub async fn outline(reader: &Reader, options: &Options, events: &Events) -> Result<Outline> {
    let connector = Connector::new(options.target.clone());
    let plan = options.cancellation.unless(prepare(reader, options, &connector, events)).await?;
    Ok(plan.outline())
}

/// Reads the snapshot and looks at the target, without changing anything.
///
/// # Errors
///
/// Where the snapshot cannot be read, the target not be reached, or a pattern matches nothing.
pub async fn prepare(reader: &Reader, options: &Options, connector: &Connector, events: &Events) -> Result<Plan> {
    events(Event::Step { step: "read snapshot" });
    let manifest = reader.manifest().await?;
    let selected = select(&manifest.objects, &options.selection)?;
    events(Event::Step { step: "look at the target" });
    let server = &reader.snapshot().snapshot.head.server;
    let whole = options.selection.includes_everything();
    let origin = Origin { version: server.version, encoding: server.encoding.clone(), whole };
    let look = if options.create_database {
        database::look(&options.target, &server.encoding).await?
    } else {
        database::Look { target: Target::read(&mut connector.connect().await?).await?, findings: Vec::new() }
    };
    let mut plan = Plan {
        left_out: selected.left_out.iter().map(|left| describe(&manifest.objects, left)).collect(),
        findings: look.findings,
        encoding: server.encoding.clone(),
        database: options.target.database.lossy().into_owned(),
        creates_database: options.create_database,
        keep: selected.keep,
        data: selected.data,
        manifest,
    };
    plan.leave_out_lacking(&look.target);
    let objects: Vec<&Object> = plan.objects().collect();
    let found = findings(&objects, &origin, &look.target, options);
    plan.findings.extend(found);
    Ok(plan)
}

impl Plan {
    /// Leaves out what needs something that a dump of a selection did not keep and the target does not have, and what
    /// needs that in turn.
    fn leave_out_lacking(&mut self, target: &Target) {
        let mut gone = vec![false; self.keep.len()];
        for (at, object) in self.manifest.objects.iter().enumerate().filter(|(at, _)| self.keep[*at] || self.data[*at])
        {
            let lack = object.lacks.iter().find(|lack| !target.has(lack.kind, &lack.name));
            let lack = lack.map(|lack| format!("{} {}", lack.kind.noun(), lack.name)).or_else(|| {
                let need = object.needs.iter().find(|id| gone[id.0 as usize])?;
                let need = &self.manifest.objects[need.0 as usize];
                Some(format!("{} {}", need.kind.noun(), need.name))
            });
            if let Some(lack) = lack {
                gone[at] = true;
                self.left_out.push(format!("{} {} needs {lack}", object.kind.noun(), object.name));
            }
        }
        for (at, _) in gone.iter().enumerate().filter(|(_, gone)| **gone) {
            (self.keep[at], self.data[at]) = (false, false);
        }
    }
}

/// Ends before the first change if anything must fail, with everything that must.
fn refuse(findings: &[Finding]) -> Result<()> {
    let fatal: Vec<&Finding> = findings.iter().filter(|finding| finding.fatal).collect();
    let Some(first) = fatal.first() else { return Ok(()) };
    if fatal.len() == 1 {
        return Err(Error::unsupported(first.message.clone(), first.hint.clone()));
    }
    let lines: Vec<String> = fatal.iter().map(|f| format!("\n  {} ({})", f.message, f.hint)).collect();
    Err(Error::unsupported(
        format!("{} things stand in the way:{}", fatal.len(), lines.concat()),
        "nothing was changed",
    ))
}

fn describe(objects: &[Object], left: &LeftOut) -> String {
    let name =
        |id: ObjectId| objects.get(id.0 as usize).map_or_else(String::new, |o| format!("{} {}", o.kind.noun(), o.name));
    format!("{} needs {}", name(left.object), name(left.needs))
}

/// Reads the selected tables back from the target and compares them with the snapshot.
///
/// # Errors
///
/// Where the server fails; differences are in the answer.
pub async fn read_back(
    reader: &Reader,
    options: &Options,
    connector: &Arc<Connector>,
    events: &Events,
) -> Result<Vec<TableCheck>> {
    let manifest = reader.manifest().await?;
    let selected = select(&manifest.objects, &options.selection)?;
    let wanted = |part: &&Part| selected.data[part.object.0 as usize];
    let parts: Vec<Part> = manifest.parts.iter().filter(wanted).cloned().collect();
    let target = connector.connect().await?.version();
    let readback = Readback {
        connector: Arc::clone(connector),
        reader: reader.clone(),
        encoding: reader.snapshot().snapshot.head.server.encoding.clone(),
        same_major: target / 10_000 == reader.snapshot().snapshot.head.server.version / 10_000,
        events: Events::clone(events),
    };
    readback.run(&manifest.objects, &parts, options.jobs).await
}
