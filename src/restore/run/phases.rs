//! Runs a plan, phase by phase.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::Result;
use crate::object::{Kind, Object, ObjectId, Pass, Section};
use crate::pg::{Connector, Session};
use crate::plan::is_created;
use crate::progress::{Event, Events};
use crate::repository::{Part, Position, Reader};
use crate::restore::batches::{batches, creation};
use crate::restore::ledger::Item;
use crate::restore::prepare::drops;
use crate::restore::run::conflict_counts::Added;
use crate::restore::run::creation::{Batch, Creation, DefaultGrants, Grants};
use crate::restore::run::failures::Failures;
use crate::restore::run::finish::{DURABLE, Finish, Pause};
use crate::restore::run::sessions::{self, Crew, Seat, Work, run_all};
use crate::restore::run::takeover::Takeover;
use crate::restore::run::{analyze, database, maintenance_settings, positions, retry_failed, workers};
use crate::restore::silence::{self, Silence};
use crate::restore::{Definitions, Fill, Options, Plan, Proof, Summary};
use crate::text;
use crate::text::Text;

/// Positions of sequences that one statement sets.
const POSITIONS: usize = 500;

/// Everything a worker needs; shared by all.
pub(crate) struct Restoring {
    pub(crate) crew: Crew,
    pub(crate) reader: Reader,
    pub(crate) objects: Vec<Object>,
    pub(crate) parts: Vec<Part>,
    pub(crate) failures: Failures,
    /// How many rows were added, where those that are there are kept.
    pub(crate) added: Option<Added>,
    /// Whether triggers stay quiet while rows are loaded.
    pub(crate) quiet: bool,
    fill: Fill,
    pub(crate) definitions: Definitions,
    pub(crate) encoding: String,
}

/// Runs the plan on the target.
pub(crate) async fn run(
    reader: &Reader,
    plan: &Plan,
    options: &Options,
    connector: &Arc<Connector>,
    events: &Events,
) -> Result<Summary> {
    let mut session = connector.connect().await?;
    sessions::load(&mut session, &plan.encoding).await?;
    let jobs = if options.manner.single_transaction { 1 } else { options.jobs };
    let speed = maintenance_settings::settings(&mut session, jobs).await?;
    let mut crew = Crew {
        connector: Arc::clone(connector),
        ledger: plan.ledger.clone(),
        events: Events::clone(events),
        settings: settings(options, &speed),
        encoding: plan.encoding.clone(),
        silence: Silence::ask(&mut session, options.manner.role.as_ref()).await?,
        done: Arc::default(),
        single: options.manner.single_transaction,
    };
    let mut lead = Some(session);
    begin(&mut crew, &mut lead, options.manner.resume).await?;
    let restoring = Arc::new(Restoring {
        crew,
        reader: reader.clone(),
        objects: plan.manifest.objects.iter().zip(&plan.keep).map(|(o, keep)| left(o, *keep)).collect(),
        parts: plan.parts().cloned().collect(),
        added: (options.manner.fill == Fill::KeepExisting).then(Added::default),
        quiet: options.manner.disable_triggers,
        fill: options.manner.fill,
        failures: Failures::new(options.manner.keep_going, Events::clone(events)),
        definitions: options.definitions.clone(),
        encoding: plan.encoding.clone(),
    });
    restoring.announce(plan);
    if options.manner.clean {
        restoring.clean(&mut lead, plan).await?;
    }
    restoring.pre_data(&mut lead, plan).await?;
    restoring.truncate(&mut lead, plan).await?;
    (restoring.crew.events)(Event::Step { step: "load" });
    restoring.sequences(&mut lead, plan).await?;
    Box::pin(workers::run(&restoring, plan, options.jobs, &mut lead)).await?;
    restoring.grants(&mut lead, plan).await?;
    retry_failed::grants(&restoring, &mut lead, plan).await?;
    restoring.last(&mut lead, plan).await?;
    restoring.planner(&mut lead, plan, options).await?;
    restoring.end(&mut lead, plan, options).await?;
    Ok(restoring.summary(plan))
}

/// Opens the one transaction, or makes the ledger or takes it over.
async fn begin(crew: &mut Crew, lead: &mut Seat, resume: bool) -> Result<()> {
    (crew.events)(Event::Step { step: "begin" });
    if crew.single {
        let begin = text!["BEGIN; ", crew.settings];
        return crew.repeatedly(lead, begin, "begin the transaction of the restore").await;
    }
    let takeover = Takeover::new(crew, resume);
    crew.by_itself(lead, "the making of the ledger", &takeover).await?;
    let done = takeover.into_done();
    crew.done = Arc::new(done);
    Ok(())
}

/// Of every transaction beside what a session pins.
fn settings(options: &Options, speed: &str) -> Text {
    match &options.manner.role {
        Some(role) => text![speed, " SET LOCAL ROLE ", role.ident(), ";"],
        None => Text::from(speed),
    }
}

impl Restoring {
    /// Tells how much is left to do.
    fn announce(&self, plan: &Plan) {
        let mut numbers = std::collections::HashMap::new();
        let mut left = Vec::new();
        for part in &self.parts {
            let number: &mut u32 = numbers.entry(part.object).or_default();
            if !self.crew.done.has(Item::Part(part.object, *number)) {
                left.push(part);
            }
            *number += 1;
        }
        (self.crew.events)(Event::Planned {
            tables: self.tables(),
            parts: left.len() as u64,
            bytes: left.iter().map(|part| part.stored.digest.bytes).sum(),
            rows: Some(left.iter().map(|part| part.stored.digest.rows).sum()),
            objects: plan.objects().filter(|object| !self.crew.done.has(Item::Object(object.id))).count() as u64,
        });
    }

    fn tables(&self) -> u64 {
        let tables: std::collections::BTreeSet<ObjectId> = self.parts.iter().map(|part| part.object).collect();
        tables.len() as u64
    }

    fn summary(&self, plan: &Plan) -> Summary {
        let loaded = || self.parts.iter().filter(|part| !self.failures.has_lost_rows(part.object));
        Summary {
            database: String::new(),
            objects: plan.objects().filter(|object| !self.failures.is_lost(object.id)).count() as u64,
            tables: self.tables(),
            rows: loaded().map(|part| part.stored.digest.rows).sum(),
            bytes: loaded().map(|part| part.stored.digest.bytes).sum(),
            left_out: Vec::new(),
            not_restored: Vec::new(),
            failures: self.failures.all(),
            resumable: !self.failures.all().is_empty(),
            kept: self.added.as_ref().map(|added| added.tables(&self.objects)).unwrap_or_default(),
            proof: Proof::default(),
            unproven: Vec::new(),
            tables_read_back: None,
            took: std::time::Duration::ZERO,
        }
    }

    /// Removes what will be created, the last first.
    async fn clean(&self, lead: &mut Seat, plan: &Plan) -> Result<()> {
        (self.crew.events)(Event::Step { step: "drop" });
        let all = drops::statements(plan, &self.definitions);
        for (at, batch) in batches(&all, |(_, locks)| *locks).into_iter().enumerate() {
            let statements: Vec<Text> = batch.iter().map(|(statement, _)| statement.clone()).collect();
            let drops = Statements { statements: &statements, doing: "drop what will be created" };
            self.crew.once(lead, Item::Drops(at), "the removal of what will be created", &drops).await?;
        }
        Ok(())
    }

    /// Makes room in tables that stand already.
    async fn truncate(&self, lead: &mut Seat, plan: &Plan) -> Result<()> {
        if plan.standing.defer {
            let defer = Text::from("SET CONSTRAINTS ALL DEFERRED");
            self.crew.repeatedly(lead, defer, "let foreign keys wait").await?;
        }
        let Some(truncate) = &plan.standing.truncate else { return Ok(()) };
        (self.crew.events)(Event::Step { step: "empty" });
        let all = [Text::from(silence::REPLICA), truncate.clone(), Text::from(silence::ORIGIN)];
        let statements = if self.quiet { &all[..] } else { &all[1..2] };
        let emptying = Statements { statements, doing: "empty the tables that are refilled" };
        self.crew.once(lead, Item::Truncation, "the emptying of tables", &emptying).await
    }

    /// Creates, in order, everything that must exist before the rows.
    async fn pre_data(&self, lead: &mut Seat, plan: &Plan) -> Result<()> {
        (self.crew.events)(Event::Step { step: "create" });
        let wanted: Vec<&Object> = plan.objects().filter(|object| object.section != Section::PostData).collect();
        let schemas = missing_schemas(&wanted, &plan.brought);
        for (at, objects) in batches(&wanted, |object| creation(object)).into_iter().enumerate() {
            let schemas = if at == 0 { schemas.as_slice() } else { &[] };
            let batch = Batch { restoring: self, schemas, objects };
            self.crew.once(lead, Item::PreData(at), "the creation of objects", &batch).await?;
        }
        retry_failed::creations(self, lead, &wanted).await
    }

    /// Sets every sequence to where it stood.
    async fn sequences(&self, lead: &mut Seat, plan: &Plan) -> Result<()> {
        let wanted = |at: &&Position| plan.data[at.object.0 as usize] && !self.failures.is_lost(at.object);
        let positions: Vec<&Position> = plan.manifest.sequences.iter().filter(wanted).collect();
        for (item, unlogged) in [(Item::Sequences, false), (Item::UnloggedSequences, true)] {
            let calls = positions.chunks(POSITIONS).map(|batch| self.positions(batch, unlogged));
            let statements: Vec<Text> = calls.collect();
            let set = Statements { statements: &statements, doing: "set the positions of sequences" };
            self.crew.once(lead, item, "the setting of sequences", &set).await?;
        }
        retry_failed::positions(self, lead, &positions).await
    }

    /// Sets the positions of those that a crash of the server resets, or of the others: the target says which they are.
    fn positions(&self, positions: &[&Position], unlogged: bool) -> Text {
        let named = positions.iter().map(|at| (self.objects[at.object.0 as usize].name.sql(), *at));
        positions::statement(&named.collect::<Vec<_>>(), unlogged, self.fill == Fill::KeepExisting)
    }

    /// The setting of one position.
    pub(crate) fn position(&self, position: &Position) -> [Text; 2] {
        [self.positions(&[position], false), self.positions(&[position], true)]
    }

    /// Grants come after all objects exist, and one after another: two on the same object collide.
    async fn grants(&self, lead: &mut Seat, plan: &Plan) -> Result<()> {
        (self.crew.events)(Event::Step { step: "grant" });
        let what = "the granting of privileges";
        let granted_on: Vec<&Object> = plan.objects().filter(|object| !object.grants.is_empty()).collect();
        for (at, objects) in batches(&granted_on, |object| creation(object)).into_iter().enumerate() {
            let grants = Grants { restoring: self, objects };
            self.crew.once(lead, Item::GrantBatch(at), what, &grants).await?;
        }
        let defaults = DefaultGrants { restoring: self, plan };
        self.crew.once(lead, Item::Grants, what, &defaults).await
    }

    /// Refreshes, in order.
    async fn last(&self, lead: &mut Seat, plan: &Plan) -> Result<()> {
        (self.crew.events)(Event::Step { step: "refresh" });
        let last = |object: &&Object| object.kind.pass() == Pass::Last && object.kind != Kind::EventTrigger;
        for object in plan.objects().filter(last) {
            self.create_alone(lead, object).await?;
        }
        Ok(())
    }

    /// Creates an object in a transaction of its own; a failure is collected, where that was asked for.
    pub(crate) async fn create_alone(&self, lead: &mut Seat, object: &Object) -> Result<()> {
        if self.failures.blocks(&self.objects, object) {
            return Ok(());
        }
        let what = format!("the creation of {} {}", object.kind.noun(), object.name);
        let creation = Creation { restoring: self, object };
        match self.crew.once(lead, Item::Object(object.id), &what, &creation).await {
            Err(error) => self.failures.object(object, error),
            Ok(()) => Ok(()),
        }
    }

    /// What the planner knows: from the snapshot, and of other tables by ANALYZE.
    async fn planner(&self, lead: &mut Seat, plan: &Plan, options: &Options) -> Result<()> {
        let mut known = BTreeSet::new();
        let has_statistics = plan.statistics.contains(&true);
        if has_statistics {
            (self.crew.events)(Event::Step { step: "statistics" });
            known = self.statistics(lead, &plan.statistics).await?;
        }
        if !options.analyze {
            return Ok(());
        }
        let tables = self.unknown(plan, &known);
        let all = if has_statistics { analyze::statement(&tables) } else { Text::from("ANALYZE") };
        analyze::run(self, lead, all, &tables, options.manner.role.is_some()).await
    }

    /// Restored tables that the snapshot knows nothing of.
    fn unknown(&self, plan: &Plan, known: &BTreeSet<ObjectId>) -> Vec<&Object> {
        let has_rows = |kind| matches!(kind, Kind::Table | Kind::MaterializedView);
        let tables = self.objects.iter().zip(&plan.data).zip(&plan.keep).filter(|((object, data), keep)| {
            let there = !self.failures.is_lost(object.id) && !known.contains(&object.id);
            has_rows(object.kind) && (**data || **keep) && there
        });
        tables.map(|((object, _), _)| object).collect()
    }

    /// The settings of a database that was created, and the end of the transaction or of the ledger: with it come event
    /// triggers, which would see whatever else is still done.
    async fn end(&self, lead: &mut Seat, plan: &Plan, options: &Options) -> Result<()> {
        if options.create_database {
            self.properties(lead, options).await?;
        }
        let event_triggers = || plan.objects().filter(|object| object.kind == Kind::EventTrigger);
        if self.crew.single {
            for object in event_triggers() {
                self.create_alone(lead, object).await?;
            }
            (self.crew.events)(Event::Step { step: "commit" });
            return self.crew.repeatedly(lead, text![DURABLE, "; COMMIT"], "commit").await;
        }
        let all: Vec<&Object> = event_triggers().collect();
        // What failed can be tried again, and only that.
        let mut failed = None;
        if self.failures.all().is_empty() {
            let last = EventTriggers { restoring: self, objects: &all };
            let finish = Finish { crew: &self.crew, last: &last };
            match self.crew.by_itself(lead, "the end of the restore", &finish).await {
                Err(error) if self.failures.keep_going() && !error.is_disconnect() => failed = Some(error),
                done => return done,
            }
        }
        for object in all {
            self.create_alone(lead, object).await?;
        }
        match failed.filter(|_| self.failures.all().is_empty()) {
            Some(error) => Err(error),
            None => self.crew.by_itself(lead, "the end of the run", &Pause { crew: &self.crew }).await,
        }
    }

    async fn properties(&self, lead: &mut Seat, options: &Options) -> Result<()> {
        let Some(object) = self.objects.iter().find(|object| object.kind == Kind::Database) else { return Ok(()) };
        let name = options.target.database.clone();
        let doing = format!("set properties of database {name}");
        let object = &database::renamed(object, &name);
        let (all, grants) = (self.definitions.create(object), self.definitions.grants(object));
        let created = all.iter().position(|statement| Some(statement) == object.create.first());
        for statement in all.iter().skip(created.map_or(0, |at| at + 1)).chain(&grants) {
            self.crew.repeatedly(lead, statement.clone(), &doing).await?;
        }
        Ok(())
    }
}

/// Event triggers that an earlier run has not made.
struct EventTriggers<'a> {
    restoring: &'a Restoring,
    objects: &'a [&'a Object],
}

impl Work for EventTriggers<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        let done = &self.restoring.crew.done;
        for object in self.objects.iter().filter(|object| !done.has(Item::Object(object.id))) {
            self.restoring.create(session, object).await?;
        }
        Ok(())
    }
}

/// Statements that stand or fall together.
pub(crate) struct Statements<'a> {
    pub(crate) statements: &'a [Text],
    pub(crate) doing: &'a str,
}

impl Work for Statements<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        run_all(session, self.statements, self.doing).await
    }
}

/// An object as this restore sees it: what it does not create was there before, with rows that are not its own.
fn left(object: &Object, keep: bool) -> Object {
    let mut object = object.clone();
    if !keep && object.kind != Kind::Database {
        object.create.clear();
    }
    object
}

/// Schemas that selected objects live in and that neither are created themselves nor `brought` by extensions.
fn missing_schemas(objects: &[&Object], brought: &BTreeSet<Text>) -> Vec<Text> {
    let created: std::collections::BTreeSet<&Text> =
        objects.iter().filter(|o| o.kind == Kind::Schema && !o.create.is_empty()).map(|o| &o.name.name).collect();
    let used: std::collections::BTreeSet<&Text> =
        objects.iter().filter(|o| is_created(o)).filter_map(|o| o.name.schema.as_ref()).collect();
    let missing = used.difference(&created).filter(|s| **s != &Text::from("public") && !brought.contains(**s));
    missing.map(|schema| text!["CREATE SCHEMA IF NOT EXISTS ", schema.ident()]).collect()
}
