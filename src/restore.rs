//! From the repository to a database: a plan without side effects, then its execution.
//!
//! Objects before the rows are created in order on one session; parts are loaded in parallel; then everything after the
//! rows, as far as locks and dependencies allow side by side; then grants, refreshes and statistics. Nothing is changed
//! where the plan finds that the restore must fail.

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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancellation;
use crate::error::{Error, Result};
use crate::object::{Kind, Object, ObjectId};
use crate::pg::{Config, Connector};
use crate::plan::select::{LeftOut, Selection, select};
use crate::progress::{Event, Events};
use crate::repository::{Manifest, Part, Reader};
use crate::text::Text;
use ledger::Ledger;
use prepare::existing::{self, Standing};
use prepare::preflight::{self, Origin, findings};
use prepare::target::Target;
use prepare::{dependents, drops, outline, version_differences};
use readback::Readback;
use rename::{Place, Renames};
use run::{database, globals, phases};

pub use crate::plan::Definitions;
pub use options::Manner;
pub use prepare::estimate::Estimate;
pub use prepare::existing::Fill;
pub use prepare::outline::{Outline, Planned, PlannedTable, Server};
pub use prepare::preflight::Finding;
pub use proof::{Proof, Unproven};
pub use readback::{TableCheck, Verdict};
pub use rename::{TableName, old_and_new};
pub use run::conflict_counts::Kept;
pub use run::failures::Failure;
pub(crate) use run::planner_statistics::Calls;

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
    /// How to go about it.
    pub manner: Manner,
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
    /// By object: whether what the planner knew of it is set; nowhere where the target cannot take it.
    statistics: Vec<bool>,
    /// All objects in the order in which they are created.
    order: Vec<usize>,
    /// What is not restored because it needs something that neither the selection nor the target has.
    pub left_out: Vec<String>,
    /// What of it was asked for, by name or with its rows.
    pub not_restored: Vec<String>,
    /// What stands in the way, or should be known.
    pub findings: Vec<Finding>,
    ledger: Ledger,
    encoding: String,
    database: String,
    creates_database: bool,
    jobs: usize,
    server: outline::Server,
    exists: Vec<String>,
    without: Vec<&'static str>,
    standing: Standing,
    /// Event triggers of users on the target.
    event_triggers: Vec<Text>,
    /// Schemas that extensions bring, those that are created and those that are there.
    brought: BTreeSet<Text>,
}

impl Plan {
    /// Objects that are created or changed, in order; the database itself apart.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        let kept = self.order.iter().filter(|at| self.keep[**at]).map(|at| &self.manifest.objects[*at]);
        kept.filter(|object| object.kind != Kind::Database)
    }

    /// Names of the settings of the database, where it is to be made.
    fn settings(&self, options: &Options) -> Vec<Text> {
        let made = self.manifest.objects.iter().filter(|object| object.kind == Kind::Database);
        made.filter(|_| options.create_database).flat_map(|object| object.settings.iter().cloned()).collect()
    }

    /// Whether a list has another order than the snapshot.
    fn is_reordered(&self) -> bool {
        !self.order.is_sorted()
    }

    /// Parts whose rows are loaded.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.manifest.parts.iter().filter(|part| self.data[part.object.0 as usize])
    }

    /// Whether anything of an object is restored.
    fn wants(&self, at: usize) -> bool {
        self.keep[at] || self.data[at] || self.statistics[at]
    }

    /// Whether the snapshot has statistics for the planner and some of them are wanted.
    fn has_statistics(&self) -> bool {
        !self.manifest.statistics.is_empty() && self.statistics.contains(&true)
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
    /// Rows that were sent, with the numbers and digests of the snapshot; the server counted as many.
    pub rows: u64,
    /// Bytes of COPY text loaded.
    pub bytes: u64,
    /// What was left out because it needs something that was not selected, as `kind name needs kind name`.
    pub left_out: Vec<String>,
    /// What of it was asked for, by name or with its rows: the restore is not all that was wanted.
    pub not_restored: Vec<String>,
    /// What failed, or needs what failed, in a restore that kept going.
    pub failures: Vec<Failure>,
    /// Whether what failed, and only that, can be tried again: the ledger is still on the target.
    pub resumable: bool,
    /// Tables whose rows were kept, with what was added to them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
    /// How far the target is proven to have these rows.
    pub proof: Proof,
    /// Tables whose rows on the target cannot be compared with the snapshot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unproven: Vec<Unproven>,
    /// Tables that were read back and found as in the snapshot, where that was asked for or something on the target may
    /// have changed rows.
    pub tables_read_back: Option<u64>,
    /// From the first question to the last commit.
    #[serde(rename = "seconds", serialize_with = "crate::progress::seconds")]
    pub took: Duration,
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
    connector.work(&options.cancellation, work).await
}

async fn restore(reader: &Reader, options: &Options, connector: &Arc<Connector>, events: &Events) -> Result<Summary> {
    let started = Instant::now();
    options.manner.check()?;
    if reader.snapshot().snapshot.head.is_globals() {
        if options.selection.list.is_some() {
            return Err(Error::usage("roles and tablespaces come back whole, without a list; `pgkeep sql` takes one"));
        }
        return globals::run(reader, options, events).await;
    }
    // Its parts are large: on the heap, so that a thread with a small stack can run a restore.
    let plan = Box::pin(prepare(reader, options, connector, events)).await?;
    refuse(&plan.findings)?;
    for (what, reason) in &plan.manifest.about.missing {
        let message = format!("rows of {what} are missing in the snapshot: {reason}");
        events(Event::Warning { message, hint: None });
    }
    for finding in &plan.findings {
        events(Event::Warning { message: finding.message.clone(), hint: Some(finding.hint.clone()) });
    }
    if options.create_database && !options.manner.resume {
        events(Event::Step { step: "create database" });
        database::create(&plan.manifest.objects, &plan.encoding, options).await?;
    }
    let mut done = Box::pin(phases::run(reader, &plan, options, connector, events)).await?;
    // What failed is known, and would only be found again.
    let meddlers = plan.meddlers();
    let parts = plan.comparable();
    let wanted = options.manner.verify || !meddlers.is_empty() && !parts.is_empty();
    if wanted && done.failures.is_empty() {
        let readback = Readback::new(reader, options.manner.role.as_ref(), connector, events).await?;
        let tables = readback.run(&plan.manifest.objects, &parts, options.jobs).await?;
        done.tables_read_back = Some(compare(&tables, &meddlers)?);
        done.proof = Proof::ReadBack;
    }
    Ok(Summary {
        database: options.target.database.lossy().into_owned(),
        left_out: plan.left_out.clone(),
        unproven: plan.unproven(options),
        not_restored: plan.not_restored.clone(),
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

/// Reads the snapshot and looks at the target, without changing anything.
///
/// # Errors
///
/// Where the snapshot cannot be read, the target not be reached, or a pattern matches nothing.
pub async fn prepare(reader: &Reader, options: &Options, connector: &Connector, events: &Events) -> Result<Plan> {
    events(Event::Step { step: "read snapshot" });
    let mut manifest = reader.manifest().await?;
    let mut selection = options::narrowed(options)?;
    selection.omissions.access_methods = options.definitions.omit.access_methods;
    events(Event::Step { step: "look at the target" });
    let server = &reader.snapshot().snapshot.head.server;
    let whole = selection.includes_everything() && selection.list.is_none();
    let role = options.manner.role.as_ref();
    let look = if options.create_database && !options.manner.resume {
        database::look(&options.target, &server.encoding, role).await?
    } else {
        database::Look { target: Target::read(&mut connector.connect().await?, role).await?, findings: Vec::new() }
    };
    version_differences::adapt(&mut manifest.objects, server.version, look.target.version);
    if !whole {
        selection.present = Some(present(&manifest.objects, &look.target, &options.manner.into_schema));
    }
    let selected = select(&manifest.objects, &selection)?;
    let mut plan = Plan {
        left_out: selected.left_out.iter().map(|left| describe(&manifest.objects, left)).collect(),
        not_restored: asked_for(&manifest.objects, &selected.left_out),
        findings: look.findings,
        ledger: Ledger::default(),
        encoding: server.encoding.clone(),
        database: options.target.database.lossy().into_owned(),
        creates_database: options.create_database,
        jobs: options.jobs,
        server: outline::Server::default(),
        exists: Vec::new(),
        without: options.definitions.without(),
        keep: selected.keep,
        data: selected.data,
        statistics: selected.statistics,
        order: selected.order,
        manifest,
        standing: Standing::default(),
        event_triggers: look.target.event_triggers.clone(),
        brought: BTreeSet::new(),
    };
    let target = look.target;
    plan.brought = plan.brought(&target);
    let schemas = Renames::of_schemas(&plan.manifest.objects, &options.manner.into_schema);
    let mut refused = plan.rename(&schemas);
    let copies = rename::rename_tables(&mut plan, &options.manner.into_table)?;
    refused.extend(copies.refused);
    plan.leave_out(&target, refused, &selected.explicit);
    plan.left_out.extend(copies.notes);
    plan.tell_not_restored();
    plan.ledger = Ledger::new(reader.snapshot().id, options::choices(&plan.keep, &plan.data, &plan.order, options));
    let origin = Origin { settings: plan.settings(options), ..Origin::new(server, whole, &plan.ledger) };
    let objects: Vec<&Object> = plan.objects().collect();
    let found = findings(&objects, &origin, &target, options);
    plan.exists = target.existing_of(&objects);
    plan.leave_statistics(&target, options);
    plan.server = outline::Server::new(&target, server.version, options);
    plan.findings.extend(found);
    plan.look_at_tables(&copies.places, connector, options).await?;
    Ok(plan)
}

impl Plan {
    /// Looks at tables of the target that get rows, and at names that copies of tables will have.
    async fn look_at_tables(&mut self, copies: &[Place], connector: &Connector, options: &Options) -> Result<()> {
        let exists = !options.create_database || options.manner.resume;
        if options.manner.fill == Fill::Truncate {
            let large = |object: &&mut Object| object.kind == Kind::LargeObjects;
            self.manifest.objects.iter_mut().filter(large).for_each(drops::replace);
        }
        let (standing, found) = existing::look(self, connector, options, exists).await?;
        self.standing = standing;
        self.findings.extend(found);
        self.findings.extend(rename::taken(copies, connector, options).await?);
        self.findings.extend(dependents::look(self, connector, options).await?);
        Ok(())
    }
}

impl Plan {
    /// Gives schemas their new names in all that is restored. Returns what cannot be renamed, by position, and why.
    fn rename(&mut self, renames: &Renames) -> BTreeMap<usize, String> {
        let mut refused = BTreeMap::new();
        if renames.schemas.is_empty() {
            return refused;
        }
        for at in (0..self.keep.len()).filter(|at| self.wants(*at)).collect::<Vec<_>>() {
            match rename::rename(renames, &mut self.manifest.objects[at]) {
                Ok(told) => self.tell_mentions(at, &told),
                Err(reason) => drop(refused.insert(at, reason)),
            }
        }
        refused
    }

    /// Tells of old names in what comes back as it is.
    fn tell_mentions(&mut self, at: usize, told: &[String]) {
        let object = &self.manifest.objects[at];
        let what = format!("{} {}", object.kind.noun(), object.name);
        self.findings.extend(told.iter().map(|said| Finding {
            fatal: false,
            message: format!("{what} {said}, which stays as it is"),
            hint: "look whether it is meant as a name: it means the live one then".into(),
        }));
    }

    /// Tells what was asked for and stays behind.
    fn tell_not_restored(&mut self) {
        self.findings.extend(self.not_restored.iter().map(|what| Finding {
            fatal: false,
            message: format!("{what}, and does not come back"),
            hint: "restore that first, or with it: --with-dependencies adds what is needed".into(),
        }));
    }

    /// Schemas that come with extensions of this restore or of the target.
    fn brought(&self, target: &Target) -> BTreeSet<Text> {
        let objects = &self.manifest.objects;
        let there = |id: &ObjectId| {
            let (at, need) = (id.0 as usize, &objects[id.0 as usize]);
            need.kind == Kind::Extension && (self.keep[at] || target.offers(need.kind, &need.name))
        };
        let schemas = objects.iter().filter(|object| object.kind == Kind::Schema && object.create.is_empty());
        schemas.filter(|schema| schema.needs.iter().any(there)).map(|schema| schema.name.name.clone()).collect()
    }

    /// Leaves out what is `refused`, what needs something that a dump of a selection did not keep and the target does not
    /// have, what needs an extension that is neither chosen nor there, and what needs that in turn.
    fn leave_out(&mut self, target: &Target, mut refused: BTreeMap<usize, String>, explicit: &[bool]) {
        let mut gone = vec![false; self.keep.len()];
        let mut extensions: BTreeMap<Text, BTreeSet<String>> = BTreeMap::new();
        let wanted: Vec<bool> = (0..gone.len()).map(|at| self.wants(at)).collect();
        for (at, object) in self.manifest.objects.iter().enumerate().filter(|(at, _)| wanted[*at]) {
            // Rows alone need nothing but their table.
            let made = self.keep[at] || object.is_configuration();
            let lack = object.lacks.iter().find(|lack| made && !target.provides(lack));
            let lack = lack.map(|lack| (lack.kind, &lack.name)).or_else(|| {
                let foreign = |id: &&ObjectId| made && self.is_foreign(**id, target);
                let need = object.needs.iter().find(foreign)?;
                let need = &self.manifest.objects[need.0 as usize];
                Some((need.kind, &need.name))
            });
            if let Some((Kind::Extension, name)) = lack {
                let user = format!("{} {}", object.kind.noun(), object.name);
                extensions.entry(name.name.clone()).or_default().insert(user);
            }
            let lack = lack.or_else(|| {
                let need = object.needs.iter().chain(&object.part_of).find(|id| gone[id.0 as usize])?;
                let need = &self.manifest.objects[need.0 as usize];
                Some((need.kind, &need.name))
            });
            let lack = lack.map(|(kind, name)| format!("needs {} {name}", kind.noun()));
            if let Some(lack) = refused.remove(&at).or(lack) {
                gone[at] = true;
                let said = format!("{} {} {lack}", object.kind.noun(), object.name);
                if explicit[at] || self.data[at] || self.keep[at] && object.kind == Kind::MaterializedView {
                    self.not_restored.push(said.clone());
                }
                self.left_out.push(said);
            }
        }
        for (at, _) in gone.iter().enumerate().filter(|(_, gone)| **gone) {
            (self.keep[at], self.data[at], self.statistics[at]) = (false, false, false);
        }
        self.findings.extend(extensions.iter().map(|(name, users)| preflight::without_extension(name, users, target)));
    }

    /// Whether it is an extension or a language that is neither chosen nor there.
    fn is_foreign(&self, id: ObjectId, target: &Target) -> bool {
        let need = &self.manifest.objects[id.0 as usize];
        let from_outside = matches!(need.kind, Kind::Extension | Kind::Language);
        from_outside && !self.keep[id.0 as usize] && !target.offers(need.kind, &need.name)
    }
}

/// Objects of the snapshot that the target has already, with their keys and indexes: what is restored may need them. A
/// schema under another name uses types and routines of others, and stays apart from their tables and triggers.
fn present(objects: &[Object], target: &Target, renamed: &BTreeMap<Text, Text>) -> BTreeSet<ObjectId> {
    let mut there = BTreeSet::new();
    let triggers = objects.iter().filter(|object| object.kind == Kind::Trigger);
    let called: BTreeSet<ObjectId> = triggers.flat_map(|trigger| &trigger.needs).copied().collect();
    let usable = |object: &&Object| rename::may_use(object, renamed) && !called.contains(&object.id);
    for object in objects.iter().filter(|object| renamed.is_empty() || usable(object)) {
        let whole_is_there = object.part_of.is_some_and(|whole| there.contains(&whole));
        if whole_is_there || target.offers(object.kind, &object.name) {
            there.insert(object.id);
        }
    }
    there
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

/// What of it was asked for.
fn asked_for(objects: &[Object], left_out: &[LeftOut]) -> Vec<String> {
    left_out.iter().filter(|left| left.asked_for).map(|left| describe(objects, left)).collect()
}

fn describe(objects: &[Object], left: &LeftOut) -> String {
    let name =
        |id: ObjectId| objects.get(id.0 as usize).map_or_else(String::new, |o| format!("{} {}", o.kind.noun(), o.name));
    format!("{} needs {}", name(left.object), name(left.needs))
}

/// How many tables are as in the snapshot, where none differs.
fn compare(tables: &[TableCheck], meddlers: &[String]) -> Result<u64> {
    if let Some(difference) = proof::difference(tables, meddlers) {
        return Err(difference);
    }
    let uncompared: Vec<String> = tables.iter().filter_map(TableCheck::not_compared).collect();
    if !uncompared.is_empty() {
        let message =
            format!("everything is restored, but not everything could be compared: {}", uncompared.join("; "));
        return Err(Error::Partial { message });
    }
    Ok(tables.iter().filter(|table| table.verdict == Verdict::Same).count() as u64)
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
    let readback = Readback::new(reader, options.manner.role.as_ref(), connector, events).await?;
    readback.run(&manifest.objects, &parts, options.jobs).await
}
