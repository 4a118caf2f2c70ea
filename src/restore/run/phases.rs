//! Runs a plan, phase by phase.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::object::{Kind, Object, ObjectId, Pass, Section};
use crate::pg::{Connector, Session};
use crate::plan::is_created;
use crate::progress::{Event, Events, Step};
use crate::repository::{Position, Reader};
use crate::restore::batches::{batches, creation};
use crate::restore::ledger::Item;
use crate::restore::prepare::finding::Finding;
use crate::restore::prepare::plan::Plan;
use crate::restore::proof::{self, Proof};
use crate::restore::readback::Readback;
use crate::restore::run::conflict_counts::Conflicts;
use crate::restore::run::context::{Restoring, Statements};
use crate::restore::run::creation::{Batch, Creation, DefaultGrants, Grants};
use crate::restore::run::failures::Failures;
use crate::restore::run::finish::{DURABLE, Finish, Pause};
use crate::restore::run::sessions::{self, Sessions, Slot, Work};
use crate::restore::run::takeover::Takeover;
use crate::restore::run::{analyze, database, maintenance_settings, positions, retry_failed, workers};
use crate::restore::silence::{self, Silence};
use crate::restore::summary::Summary;
use crate::text;
use crate::text::Text;

/// Positions of sequences that one statement sets.
const POSITIONS: usize = 500;

/// Runs the plan on the target of the connector.
///
/// # Errors
///
/// [`Error::Unsupported`] before the first change where the plan says that it must fail, with all reasons; otherwise
/// whatever fails. After a failure the ledger on the target (schema `pgkeep_restore`) tells what was done.
pub async fn run(plan: Plan, reader: &Reader, connector: &Arc<Connector>, events: &Events) -> Result<Summary> {
    let started = Instant::now();
    refuse(&plan.findings)?;
    tell(&plan, events);
    database::create(&plan, connector, events).await?;
    let restoring = phases(plan, reader, connector, events).await?;
    let mut summary = restoring.summary();
    let plan = &restoring.plan;
    // What failed is known, and would only be found again.
    let meddlers = plan.meddlers();
    let parts = plan.comparable();
    let wanted = plan.verify || !meddlers.is_empty() && !parts.is_empty();
    if wanted && summary.failures.is_empty() {
        let readback = Readback::new(reader, plan.role.as_ref(), connector, events).await?;
        let tables = readback.run(restoring.objects(), &parts, plan.jobs).await?;
        summary.tables_read_back = Some(proof::compare(&tables, &meddlers)?);
        summary.proof = Proof::ReadBack;
    }
    Ok(Summary { took: started.elapsed(), ..summary })
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

/// Tells what a person should know before the first change.
fn tell(plan: &Plan, events: &Events) {
    for (what, reason) in &plan.manifest.about.missing {
        let message = format!("rows of {what} are missing in the snapshot: {reason}");
        events(Event::Warning { message, hint: None });
    }
    for finding in &plan.findings {
        events(Event::Warning { message: finding.message.clone(), hint: Some(finding.hint.clone()) });
    }
}

/// All that changes the database, phase by phase.
async fn phases(plan: Plan, reader: &Reader, connector: &Arc<Connector>, events: &Events) -> Result<Arc<Restoring>> {
    let (course, jobs) = (plan.course, plan.jobs);
    let mut session = connector.connect().await?;
    sessions::load(&mut session, &plan.encoding).await?;
    let at_once = if course.is_one_transaction() { 1 } else { jobs };
    let maintenance = maintenance_settings::settings(&mut session, at_once).await?;
    let mut sessions = Sessions {
        connector: Arc::clone(connector),
        ledger: plan.ledger.clone(),
        events: Events::clone(events),
        settings: settings(plan.role.as_ref(), &maintenance),
        encoding: plan.encoding.clone(),
        silence: Silence::ask(&mut session, plan.role.as_ref()).await?,
        done: Arc::default(),
        single: course.is_one_transaction(),
    };
    let mut main = Some(session);
    begin(&mut sessions, &mut main, course.resumes()).await?;
    let restoring = Arc::new(Restoring {
        sessions,
        reader: reader.clone(),
        parts: plan.parts().cloned().collect(),
        conflicts: plan.keeps_existing.then(Conflicts::default),
        failures: Failures::new(course.keeps_going(), Events::clone(events)),
        plan,
    });
    restoring.announce();
    restoring.clean(&mut main).await?;
    restoring.pre_data(&mut main).await?;
    restoring.truncate(&mut main).await?;
    (restoring.sessions.events)(Event::Step { step: Step::Load });
    restoring.sequences(&mut main).await?;
    Box::pin(workers::run(&restoring, jobs, &mut main)).await?;
    restoring.grants(&mut main).await?;
    retry_failed::grants(&restoring, &mut main).await?;
    restoring.last(&mut main).await?;
    restoring.planner(&mut main).await?;
    restoring.end(&mut main).await?;
    Ok(restoring)
}

/// Opens the one transaction, or makes the ledger or takes it over.
async fn begin(sessions: &mut Sessions, main: &mut Slot, resume: bool) -> Result<()> {
    (sessions.events)(Event::Step { step: Step::Begin });
    if sessions.single {
        let begin = text!["BEGIN; ", sessions.settings];
        return sessions.run_idempotent(main, begin, "begin the transaction of the restore").await;
    }
    let takeover = Takeover::new(sessions, resume);
    sessions.run_in_own_transaction(main, "the making of the ledger", &takeover).await?;
    let done = takeover.into_done();
    sessions.done = Arc::new(done);
    Ok(())
}

/// Of every transaction beside what a session pins.
fn settings(role: Option<&Text>, maintenance: &str) -> Text {
    match role {
        Some(role) => text![maintenance, " SET LOCAL ROLE ", role.ident(), ";"],
        None => Text::from(maintenance),
    }
}

impl Restoring {
    /// Tells how much is left to do.
    fn announce(&self) {
        let mut numbers = HashMap::new();
        let mut left = Vec::new();
        for part in &self.parts {
            let number: &mut u32 = numbers.entry(part.object).or_default();
            if !self.sessions.done.has(Item::Part(part.object, *number)) {
                left.push(part);
            }
            *number += 1;
        }
        (self.sessions.events)(Event::Planned {
            tables: self.tables(),
            parts: left.len() as u64,
            bytes: left.iter().map(|part| part.stored.digest.bytes).sum(),
            rows: Some(left.iter().map(|part| part.stored.digest.rows).sum()),
            objects: self.plan.objects().filter(|object| !self.sessions.done.has(Item::Object(object.id))).count()
                as u64,
        });
    }

    fn tables(&self) -> u64 {
        let tables: BTreeSet<ObjectId> = self.parts.iter().map(|part| part.object).collect();
        tables.len() as u64
    }

    fn summary(&self) -> Summary {
        let loaded = || self.parts.iter().filter(|part| !self.failures.has_lost_rows(part.object));
        Summary {
            database: self.plan.database.clone(),
            objects: self.plan.objects().filter(|object| !self.failures.is_lost(object.id)).count() as u64,
            tables: self.tables(),
            rows: loaded().map(|part| part.stored.digest.rows).sum(),
            bytes: loaded().map(|part| part.stored.digest.bytes).sum(),
            left_out: self.plan.left_out.clone(),
            not_restored: self.plan.not_restored.clone(),
            failures: self.failures.all(),
            resumable: !self.failures.all().is_empty(),
            kept: self
                .conflicts
                .as_ref()
                .map(|conflicts| conflicts.tables(self.objects(), &self.plan.existing.turning))
                .unwrap_or_default(),
            proof: Proof::default(),
            unproven: self.plan.unproven(),
            tables_read_back: None,
            took: Duration::ZERO,
        }
    }

    /// Removes what will be created, the last first.
    async fn clean(&self, main: &mut Slot) -> Result<()> {
        let Some(all) = &self.plan.drops else { return Ok(()) };
        (self.sessions.events)(Event::Step { step: Step::Drop });
        for (at, batch) in batches(all, |(_, locks)| *locks).into_iter().enumerate() {
            let statements: Vec<Text> = batch.iter().map(|(statement, _)| statement.clone()).collect();
            let drops = Statements { statements: &statements, doing: "drop what will be created" };
            self.sessions.run_recorded(main, Item::Drops(at), "the removal of what will be created", &drops).await?;
        }
        Ok(())
    }

    /// Makes room in tables that stand already.
    async fn truncate(&self, main: &mut Slot) -> Result<()> {
        if self.plan.existing.defer {
            let defer = Text::from("SET CONSTRAINTS ALL DEFERRED");
            self.sessions.run_idempotent(main, defer, "let foreign keys wait").await?;
        }
        let Some(truncate) = &self.plan.existing.truncate else { return Ok(()) };
        (self.sessions.events)(Event::Step { step: Step::Empty });
        let all = [Text::from(silence::REPLICA), truncate.clone(), Text::from(silence::ORIGIN)];
        let statements = if self.plan.quiet { &all[..] } else { &all[1..2] };
        let emptying = Statements { statements, doing: "empty the tables that are refilled" };
        self.sessions.run_recorded(main, Item::Truncation, "the emptying of tables", &emptying).await
    }

    /// Creates, in order, everything that must exist before the rows.
    async fn pre_data(&self, main: &mut Slot) -> Result<()> {
        (self.sessions.events)(Event::Step { step: Step::Create });
        let wanted: Vec<&Object> = self.plan.objects().filter(|object| object.section != Section::PostData).collect();
        let schemas = missing_schemas(&wanted, &self.plan.brought);
        for (at, objects) in batches(&wanted, |object| creation(object)).into_iter().enumerate() {
            let schemas = if at == 0 { schemas.as_slice() } else { &[] };
            let batch = Batch { restoring: self, schemas, objects };
            self.sessions.run_recorded(main, Item::PreData(at), "the creation of objects", &batch).await?;
        }
        retry_failed::creations(self, main, &wanted).await
    }

    /// Sets every sequence to where it stood.
    async fn sequences(&self, main: &mut Slot) -> Result<()> {
        let wanted = |at: &&Position| self.plan.chosen.has_rows(at.object) && !self.failures.is_lost(at.object);
        let positions: Vec<&Position> = self.plan.manifest.sequences.iter().filter(wanted).collect();
        for (item, unlogged) in [(Item::Sequences, false), (Item::UnloggedSequences, true)] {
            let calls = positions.chunks(POSITIONS).map(|batch| self.positions(batch, unlogged));
            let statements: Vec<Text> = calls.collect();
            let set = Statements { statements: &statements, doing: "set the positions of sequences" };
            self.sessions.run_recorded(main, item, "the setting of sequences", &set).await?;
        }
        retry_failed::positions(self, main, &positions).await
    }

    /// Sets the positions of those that a crash of the server resets, or of the others: the target says which they are.
    fn positions(&self, positions: &[&Position], unlogged: bool) -> Text {
        let named = positions.iter().map(|at| (self.plan.object(at.object).name.sql(), *at));
        positions::statement(&named.collect::<Vec<_>>(), unlogged, self.plan.keeps_existing)
    }

    /// The setting of one position.
    pub(crate) fn position(&self, position: &Position) -> [Text; 2] {
        [self.positions(&[position], false), self.positions(&[position], true)]
    }

    /// Grants come after all objects exist, and one after another: two on the same object collide.
    async fn grants(&self, main: &mut Slot) -> Result<()> {
        (self.sessions.events)(Event::Step { step: Step::Grant });
        let what = "the granting of privileges";
        let granted_on: Vec<&Object> = self.plan.objects().filter(|object| !object.grants.is_empty()).collect();
        for (at, objects) in batches(&granted_on, |object| creation(object)).into_iter().enumerate() {
            let grants = Grants { restoring: self, objects };
            self.sessions.run_recorded(main, Item::GrantBatch(at), what, &grants).await?;
        }
        let defaults = DefaultGrants { restoring: self };
        self.sessions.run_recorded(main, Item::Grants, what, &defaults).await
    }

    /// Refreshes, in order.
    async fn last(&self, main: &mut Slot) -> Result<()> {
        (self.sessions.events)(Event::Step { step: Step::Refresh });
        let last = |object: &&Object| object.kind.pass() == Pass::Last && object.kind != Kind::EventTrigger;
        for object in self.plan.objects().filter(last) {
            self.create_alone(main, object).await?;
        }
        Ok(())
    }

    /// Creates an object in a transaction of its own; a failure is collected, where that was asked for.
    pub(crate) async fn create_alone(&self, main: &mut Slot, object: &Object) -> Result<()> {
        if self.failures.blocks(self.objects(), object) {
            return Ok(());
        }
        let what = format!("the creation of {} {}", object.kind.noun(), object.name);
        let creation = Creation { restoring: self, object };
        match self.sessions.run_recorded(main, Item::Object(object.id), &what, &creation).await {
            Err(error) => self.failures.object(object, error),
            Ok(()) => Ok(()),
        }
    }

    /// What the planner knows: from the snapshot, and of other tables by ANALYZE.
    async fn planner(&self, main: &mut Slot) -> Result<()> {
        let mut known = BTreeSet::new();
        let has_statistics = self.plan.chosen.any_statistics();
        if has_statistics {
            (self.sessions.events)(Event::Step { step: Step::Statistics });
            known = self.statistics(main).await?;
        }
        if !self.plan.analyze {
            return Ok(());
        }
        let tables = self.unknown(&known);
        let all = if has_statistics { analyze::statement(&tables) } else { Text::from("ANALYZE") };
        analyze::run(self, main, all, &tables, self.plan.role.is_some()).await
    }

    /// Restored tables that the snapshot knows nothing of.
    fn unknown(&self, known: &BTreeSet<ObjectId>) -> Vec<&Object> {
        let has_rows = |kind| matches!(kind, Kind::Table | Kind::MaterializedView);
        let chosen = &self.plan.chosen;
        let tables = self.objects().iter().filter(|object| {
            let there = !self.failures.is_lost(object.id) && !known.contains(&object.id);
            has_rows(object.kind) && (chosen.has_rows(object.id) || chosen.keeps(object.id)) && there
        });
        tables.collect()
    }

    /// The settings of a database that was created, and the end of the transaction or of the ledger: with it come event
    /// triggers, which would see whatever else is still done.
    async fn end(&self, main: &mut Slot) -> Result<()> {
        database::properties(self, main).await?;
        let event_triggers = || self.plan.objects().filter(|object| object.kind == Kind::EventTrigger);
        if self.sessions.single {
            for object in event_triggers() {
                self.create_alone(main, object).await?;
            }
            (self.sessions.events)(Event::Step { step: Step::Commit });
            return self.sessions.run_idempotent(main, text![DURABLE, "; COMMIT"], "commit").await;
        }
        let all: Vec<&Object> = event_triggers().collect();
        // What failed can be tried again, and only that.
        let mut failed = None;
        if self.failures.all().is_empty() {
            let last = EventTriggers { restoring: self, objects: &all };
            let finish = Finish { sessions: &self.sessions, last: &last };
            match self.sessions.run_in_own_transaction(main, "the end of the restore", &finish).await {
                Err(error) if self.failures.keep_going() && !error.is_disconnect() => failed = Some(error),
                done => return done,
            }
        }
        for object in all {
            self.create_alone(main, object).await?;
        }
        match failed.filter(|_| self.failures.all().is_empty()) {
            Some(error) => Err(error),
            None => {
                self.sessions
                    .run_in_own_transaction(main, "the end of the run", &Pause { sessions: &self.sessions })
                    .await
            }
        }
    }
}

/// Event triggers that an earlier run has not made.
struct EventTriggers<'a> {
    restoring: &'a Restoring,
    objects: &'a [&'a Object],
}

impl Work for EventTriggers<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        let done = &self.restoring.sessions.done;
        for object in self.objects.iter().filter(|object| !done.has(Item::Object(object.id))) {
            self.restoring.create(session, object).await?;
        }
        Ok(())
    }
}

/// Schemas that selected objects live in and that neither are created themselves nor `brought` by extensions.
fn missing_schemas(objects: &[&Object], brought: &BTreeSet<Text>) -> Vec<Text> {
    let created: BTreeSet<&Text> =
        objects.iter().filter(|o| o.kind == Kind::Schema && !o.create.is_empty()).map(|o| &o.name.name).collect();
    let used: BTreeSet<&Text> =
        objects.iter().filter(|o| is_created(o)).filter_map(|o| o.name.schema.as_ref()).collect();
    let missing = used.difference(&created).filter(|s| **s != &Text::from("public") && !brought.contains(**s));
    missing.map(|schema| text!["CREATE SCHEMA IF NOT EXISTS ", schema.ident()]).collect()
}
