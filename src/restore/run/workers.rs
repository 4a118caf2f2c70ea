//! Rows and everything after them, side by side as far as the graph's needs and locks allow, on several sessions.
//!
//! Small tasks share a transaction: where there are ten thousand tables, their beginnings and ends would cost more than
//! their rows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::error::{Error, Result};
use crate::object::{Kind, Object};
use crate::pg::Session;
use crate::plan::Schedule;
use crate::plan::is_created;
use crate::progress::Event;
use crate::repository::Part;
use crate::restore::ledger::{self, Ledger};
use crate::restore::run::context::Restoring;
use crate::restore::run::creation::Creation;
use crate::restore::run::foreign_keys;
use crate::restore::run::load::Load;
use crate::restore::run::sessions::{Slot, Work};
use crate::restore::run::task_graph::{SHARED_BYTES, Task, TaskGraph};
use crate::text::Text;

/// A shared schedule.
struct Jobs {
    tasks: Vec<Task>,
    schedule: Mutex<Schedule>,
    changed: Notify,
    /// Whether small tasks may share a transaction.
    share: bool,
}

/// Bytes of rows from which a table is worth being loaded frozen.
const FREEZE_BYTES: u64 = 128 << 10;
/// Tasks in one transaction at most: each holds locks until it ends.
const SHARED_TASKS: usize = 50;
/// Loads all parts and creates what comes after them on `jobs` sessions, or on the main one where everything is one
/// transaction.
pub(crate) async fn run(restoring: &Arc<Restoring>, jobs: usize, main: &mut Slot) -> Result<()> {
    let shared = Arc::new(Jobs::new(restoring));
    if restoring.sessions.single {
        return shared.work(restoring, main).await;
    }
    let mut sessions = JoinSet::new();
    for _ in 0..jobs.min(shared.tasks.len()) {
        let (restoring, shared) = (Arc::clone(restoring), Arc::clone(&shared));
        sessions.spawn(async move { shared.work(&restoring, &mut None).await });
    }
    while let Some(done) = sessions.join_next().await {
        match done {
            Ok(done) => done?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    Ok(())
}

impl Jobs {
    fn new(restoring: &Restoring) -> Self {
        let graph = TaskGraph::new(restoring);
        // Where failures are collected, one must not undo others.
        let share = !restoring.failures.keep_going() && !restoring.sessions.single;
        let schedule = Mutex::new(Schedule::new(graph.items));
        Self { tasks: graph.tasks, schedule, changed: Notify::new(), share }
    }

    async fn work(&self, restoring: &Restoring, slot: &mut Slot) -> Result<()> {
        loop {
            // Made before the look, so that no change between the look and the wait is missed.
            let change = self.changed.notified();
            let (batch, finished) = self.take();
            match batch.as_slice() {
                [] if finished => return Ok(()),
                [] => change.await,
                [at] => self.alone(restoring, slot, *at).await?,
                _ => self.together(restoring, slot, &batch).await?,
            }
        }
    }

    /// The next task; small ones with others that may run beside them. And whether there will be no more.
    fn take(&self) -> (Vec<usize>, bool) {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut schedule = self.lock();
        while let Some(at) = schedule.next() {
            batch.push(at);
            bytes += schedule.weight(at);
            if !self.share || bytes >= SHARED_BYTES || batch.len() == SHARED_TASKS {
                break;
            }
        }
        (batch, schedule.is_finished())
    }

    async fn alone(&self, restoring: &Restoring, slot: &mut Slot, at: usize) -> Result<()> {
        match restoring.tasks(slot, &[self.tasks[at]]).await {
            Ok(()) => self.lock().done(at),
            Err(error) => self.failed(restoring, at, error)?,
        }
        self.changed.notify_waiters();
        Ok(())
    }

    async fn together(&self, restoring: &Restoring, slot: &mut Slot, batch: &[usize]) -> Result<()> {
        let tasks: Vec<Task> = batch.iter().map(|&at| self.tasks[at]).collect();
        match restoring.tasks(slot, &tasks).await {
            Ok(()) => {
                let mut schedule = self.lock();
                batch.iter().for_each(|&at| schedule.done(at));
            }
            // Functions of users lock what nobody knows of; alone they only wait.
            Err(error) if error.is_conflict() => {
                let message =
                    format!("was interrupted with {} tasks in one transaction: {}", batch.len(), error.explained());
                let hint = Some("doing each in a transaction of its own".into());
                (restoring.sessions.events)(Event::Warning { message, hint });
                for &at in batch {
                    self.alone(restoring, slot, at).await?;
                }
            }
            Err(error) => return Err(error),
        }
        self.changed.notify_waiters();
        Ok(())
    }

    /// Goes on without what failed, where that was asked for. A table without its rows still gets its indexes.
    fn failed(&self, restoring: &Restoring, at: usize, error: Error) -> Result<()> {
        let Some(object) = restoring.object_of(self.tasks[at]) else { return Err(error) };
        if matches!(self.tasks[at], Task::Load { .. }) {
            restoring.failures.rows(object, error)?;
            self.lock().done(at);
            return Ok(());
        }
        restoring.failures.object(object, error)?;
        for skipped in self.lock().failed(at) {
            if let Some(other) = restoring.object_of(self.tasks[skipped]).filter(|other| other.id != object.id) {
                restoring.failures.skip(other, object);
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Restoring {
    /// COPY FREEZE takes the table for one worker; a table of several parts is loaded by several. It wants the table
    /// truncated before, which makes new files: for a table of a few pages that costs more than it ever saves.
    pub(super) fn may_freeze(&self, part: &Part, of: u32) -> bool {
        let object = self.plan.object(part.object);
        let direct = object.table.as_ref().is_some_and(|table| table.root.is_none());
        // Somebody may have worked with what an earlier run left, and it must not be emptied.
        let new = !self.sessions.single && !self.sessions.done.is_some();
        let large = part.stored.digest.bytes >= FREEZE_BYTES;
        of == 1 && large && direct && new && is_created(object) && object.kind == Kind::Table
    }

    /// Does tasks in one transaction, but for those that an earlier run has done.
    async fn tasks(&self, slot: &mut Slot, tasks: &[Task]) -> Result<()> {
        let pieces = tasks.iter().filter_map(|task| self.piece(*task));
        let pieces: Vec<Piece<'_>> = pieces.filter(|piece| !self.sessions.done.has(piece.item)).collect();
        let Some(first) = pieces.first() else { return Ok(()) };
        let what = match pieces.len() {
            1 => first.what.clone(),
            others => format!("{} and {} more", first.what, others - 1),
        };
        self.sessions.run_recorded(slot, first.item, &what, &Together(pieces.as_slice())).await
    }

    fn piece(&self, task: Task) -> Option<Piece<'_>> {
        let object = self.object_of(task)?;
        let (noun, name) = (object.kind.noun(), &object.name);
        let (item, what, step) = match task {
            Task::Loaded => return None,
            Task::Load { at, number, of } => {
                let load = self.load(object, &self.parts[at], number, of)?;
                (ledger::Item::Part(object.id, number), format!("the loading of {name}"), Step::Load(load))
            }
            Task::Create(id) => {
                let creation = Step::Create(Creation { restoring: self, object });
                (ledger::Item::Object(id), format!("the creation of {noun} {name}"), creation)
            }
            Task::AddUnchecked(id) => {
                let statement = foreign_keys::steps(object)?.add;
                let add = Step::ForeignKey(ForeignKey { restoring: self, object, statement, check: false });
                (ledger::Item::Object(id), format!("the creation of {noun} {name}"), add)
            }
            Task::Validate(id) => {
                let statement = foreign_keys::steps(object)?.validate;
                let check = Step::ForeignKey(ForeignKey { restoring: self, object, statement, check: true });
                (ledger::Item::Validation(id), format!("the check of {noun} {name}"), check)
            }
        };
        Some(Piece { item, what, step })
    }

    fn object_of(&self, task: Task) -> Option<&Object> {
        let id = match task {
            Task::Loaded => return None,
            Task::Load { at, .. } => self.parts[at].object,
            Task::Create(id) | Task::AddUnchecked(id) | Task::Validate(id) => id,
        };
        self.objects().get(id.0 as usize)
    }

    fn load<'a>(&'a self, object: &'a Object, part: &'a Part, number: u32, of: u32) -> Option<Load<'a>> {
        Some(Load {
            reader: &self.reader,
            part,
            object,
            table: object.table.as_ref()?,
            number,
            of,
            encoding: &self.plan.encoding,
            freeze: self.may_freeze(part, of),
            quiet: self.plan.quiet,
            silence: &self.sessions.silence,
            conflicts: self.conflicts.as_ref().filter(|_| object.kind != Kind::LargeObjects),
            events: &self.sessions.events,
        })
    }
}

/// A task with all that it takes.
struct Piece<'a> {
    item: ledger::Item,
    /// As in "lost the connection during ..".
    what: String,
    step: Step<'a>,
}

enum Step<'a> {
    Load(Load<'a>),
    Create(Creation<'a>),
    ForeignKey(ForeignKey<'a>),
}

/// Pieces in one transaction. They are recorded together, so that the first stands for all.
struct Together<'a>(&'a [Piece<'a>]);

impl Work for Together<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        for piece in self.0 {
            match &piece.step {
                Step::Load(load) => load.run(session).await?,
                Step::Create(creation) => creation.run(session).await?,
                Step::ForeignKey(step) => step.run(session).await?,
            }
        }
        Ok(())
    }

    fn is_one(&self) -> bool {
        self.0.len() == 1
    }

    fn record(&self, ledger: &Ledger, _first: ledger::Item) -> Text {
        let (mut records, mut parts) = (Vec::new(), Vec::new());
        for piece in self.0 {
            match &piece.step {
                Step::Load(load) => parts.push((piece.item, load.object.name.sql())),
                Step::Create(_) | Step::ForeignKey(_) => records.push(ledger.record(piece.item)),
            }
        }
        if !parts.is_empty() {
            records.push(ledger.record_rows(&parts));
        }
        Text::join(records, "; ")
    }
}

/// One of the two steps of a foreign key.
struct ForeignKey<'a> {
    restoring: &'a Restoring,
    object: &'a Object,
    statement: Text,
    check: bool,
}

impl Work for ForeignKey<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        if !self.check {
            let mut object = self.object.clone();
            object.create = vec![self.statement.clone()];
            return self.restoring.create(session, &object).await;
        }
        let doing = format!("check foreign key {}", self.object.name);
        session.run(&self.statement).await.map_err(|e| e.while_doing(doing))
    }
}
