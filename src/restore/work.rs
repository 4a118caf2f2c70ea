//! Rows and everything after them, side by side as far as needs and locks allow.
//!
//! Keys and indexes of a table are built as soon as its own rows are there, while other tables still load; whatever
//! could fire on rows or read other tables (triggers, foreign keys, policies, rules) waits until all rows are there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::error::{Error, Result};
use crate::object::{Kind, Object, ObjectId, Pass, Section};
use crate::pg::Session;
use crate::plan::{Item, Lock, Locks, Mode, Schedule};
use crate::repository::Part;
use crate::restore::Plan;
use crate::restore::crew::{Seat, Work};
use crate::restore::foreign_keys;
use crate::restore::ledger;
use crate::restore::load::Load;
use crate::restore::phases::{Creation, Restoring};
use crate::restore::statements::is_created;
use crate::text::Text;

/// What a schedule hands out.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// Position among the parts.
    Load { at: usize, number: u32, of: u32 },
    /// All rows are there.
    Loaded,
    /// An object after the rows.
    Create(ObjectId),
    /// A foreign key that the next task checks.
    AddUnchecked(ObjectId),
    /// The check of it.
    Validate(ObjectId),
}

/// A shared schedule.
struct Jobs {
    tasks: Vec<Task>,
    schedule: Mutex<Schedule>,
    changed: Notify,
}

/// Loads all parts and creates what comes after them on `jobs` sessions, or on that of the lead where everything is one
/// transaction.
pub(crate) async fn run(restoring: &Arc<Restoring>, plan: &Plan, jobs: usize, lead: &mut Seat) -> Result<()> {
    let shared = Arc::new(Jobs::new(restoring, plan));
    if restoring.crew.single {
        return shared.work(restoring, lead).await;
    }
    let mut crew = JoinSet::new();
    for _ in 0..jobs.min(shared.tasks.len()) {
        let (restoring, shared) = (Arc::clone(restoring), Arc::clone(&shared));
        crew.spawn(async move { shared.work(&restoring, &mut None).await });
    }
    while let Some(done) = crew.join_next().await {
        match done {
            Ok(done) => done?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    Ok(())
}

impl Jobs {
    fn new(restoring: &Restoring, plan: &Plan) -> Self {
        let mut list = List::default();
        list.loads(restoring);
        list.after_others(&plan.standing.after);
        let rows: Vec<usize> = (0..list.items.len()).collect();
        let loaded = list.push(Task::Loaded, Item { needs: rows, ..Item::default() });
        list.creations(restoring, plan, loaded);
        Self { tasks: list.tasks, schedule: Mutex::new(Schedule::new(list.items)), changed: Notify::new() }
    }

    async fn work(&self, restoring: &Restoring, seat: &mut Seat) -> Result<()> {
        loop {
            // Made before the look, so that no change between the look and the wait is missed.
            let change = self.changed.notified();
            let (next, finished) = {
                let mut schedule = self.lock();
                let next = schedule.next();
                (next, schedule.is_finished())
            };
            match next {
                Some(at) => {
                    match restoring.task(seat, self.tasks[at]).await {
                        Ok(()) => self.lock().done(at),
                        Err(error) => self.failed(restoring, at, error)?,
                    }
                    self.changed.notify_waiters();
                }
                None if finished => return Ok(()),
                None => change.await,
            }
        }
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

/// Items and tasks while they are listed, in step.
#[derive(Default)]
struct List {
    tasks: Vec<Task>,
    items: Vec<Item>,
    /// Items that load an object's rows.
    loads: HashMap<ObjectId, Vec<usize>>,
}

impl List {
    fn push(&mut self, task: Task, item: Item) -> usize {
        self.tasks.push(task);
        self.items.push(item);
        self.items.len() - 1
    }

    fn loads(&mut self, restoring: &Restoring) {
        let mut counts: HashMap<ObjectId, u32> = HashMap::new();
        for part in &restoring.parts {
            *counts.entry(part.object).or_default() += 1;
        }
        let mut numbers: HashMap<ObjectId, u32> = HashMap::new();
        for (at, part) in restoring.parts.iter().enumerate() {
            let number = numbers.entry(part.object).or_default();
            let task = Task::Load { at, number: *number, of: counts[&part.object] };
            *number += 1;
            if restoring.failures.is_lost(part.object) {
                continue;
            }
            let freeze = restoring.may_freeze(part, counts[&part.object]);
            let mode = if freeze { Mode::AccessExclusive } else { Mode::RowExclusive };
            let locks = vec![Lock { relation: part.object, mode }];
            let item = self.push(task, Item { locks, weight: part.stored.digest.bytes, needs: Vec::new() });
            self.loads.entry(part.object).or_default().push(item);
        }
    }

    /// Tables that stand already let rows in only after those that they refer to.
    fn after_others(&mut self, after: &BTreeMap<ObjectId, BTreeSet<ObjectId>>) {
        for (child, parents) in after {
            let first: Vec<usize> =
                parents.iter().filter_map(|parent| self.loads.get(parent)).flatten().copied().collect();
            for &load in self.loads.get(child).into_iter().flatten() {
                self.items[load].needs.extend(&first);
            }
        }
    }

    fn creations(&mut self, restoring: &Restoring, plan: &Plan, loaded: usize) {
        let after = |object: &&Object| object.section == Section::PostData && object.kind.pass() == Pass::Main;
        let locks = Locks::new(&restoring.objects);
        let mut items: HashMap<ObjectId, usize> = HashMap::new();
        for object in plan.objects().filter(after) {
            if restoring.failures.blocks(&restoring.objects, object) {
                continue;
            }
            let own_rows = object.part_of.and_then(|table| self.loads.get(&table)).cloned().unwrap_or_default();
            let weight = own_rows.iter().map(|&load| self.items[load].weight).sum();
            let mut needs: Vec<usize> = object.needs.iter().filter_map(|id| items.get(id).copied()).collect();
            if waits_for_all_rows(object.kind) {
                needs.push(loaded)
            } else {
                needs.extend(own_rows)
            }
            let item = Item { needs, locks: locks.of(object.id), weight };
            let apart = !restoring.crew.single && foreign_keys::in_two_steps(object, &plan.manifest.objects);
            items.insert(object.id, if apart { self.foreign_key(object, item) } else { self.create(object, item) });
        }
    }

    fn create(&mut self, object: &Object, item: Item) -> usize {
        self.push(Task::Create(object.id), item)
    }

    /// Adding it takes strong locks for a moment, checking it weak ones for long: keys of different tables are checked
    /// side by side.
    fn foreign_key(&mut self, object: &Object, item: Item) -> usize {
        let weight = item.weight;
        let check = |lock: &Lock| Lock {
            relation: lock.relation,
            mode: if Some(lock.relation) == object.part_of { Mode::ShareUpdateExclusive } else { Mode::RowShare },
        };
        let locks = item.locks.iter().map(check).collect();
        let added = self.push(Task::AddUnchecked(object.id), Item { weight: 0, ..item });
        self.push(Task::Validate(object.id), Item { needs: vec![added], locks, weight })
    }
}

/// Only what belongs to one table and reads nothing else may come before other tables have their rows.
fn waits_for_all_rows(kind: Kind) -> bool {
    !matches!(kind, Kind::Index | Kind::Constraint)
}

impl Restoring {
    /// COPY FREEZE takes the table for one worker; a table of several parts is loaded by several.
    fn may_freeze(&self, part: &Part, of: u32) -> bool {
        let object = &self.objects[part.object.0 as usize];
        let direct = object.table.as_ref().is_some_and(|table| table.root.is_none());
        // Somebody may have worked with what an earlier run left, and it must not be emptied.
        let new = !self.crew.single && !self.crew.done.is_some();
        of == 1 && direct && new && is_created(object) && object.kind == Kind::Table
    }

    async fn task(&self, seat: &mut Seat, task: Task) -> Result<()> {
        match task {
            Task::Loaded => Ok(()),
            Task::Load { at, number, of } => self.load(seat, &self.parts[at], number, of).await,
            Task::Create(id) => {
                let object = &self.objects[id.0 as usize];
                let what = format!("the creation of {} {}", object.kind.noun(), object.name);
                let creation = Creation { restoring: self, object };
                self.crew.once(seat, ledger::Item::Object(id), &what, &creation).await
            }
            Task::AddUnchecked(id) | Task::Validate(id) => {
                let object = &self.objects[id.0 as usize];
                self.foreign_key(seat, object, matches!(task, Task::Validate(_))).await
            }
        }
    }

    async fn foreign_key(&self, seat: &mut Seat, object: &Object, check: bool) -> Result<()> {
        let Some(steps) = foreign_keys::steps(object) else { return Ok(()) };
        let (what, item) = if check {
            (format!("the check of foreign key {}", object.name), ledger::Item::Validation(object.id))
        } else {
            (format!("the creation of foreign key {}", object.name), ledger::Item::Object(object.id))
        };
        let step =
            ForeignKey { restoring: self, object, statement: if check { steps.validate } else { steps.add }, check };
        self.crew.once(seat, item, &what, &step).await
    }

    fn object_of(&self, task: Task) -> Option<&Object> {
        let id = match task {
            Task::Loaded => return None,
            Task::Load { at, .. } => self.parts[at].object,
            Task::Create(id) | Task::AddUnchecked(id) | Task::Validate(id) => id,
        };
        self.objects.get(id.0 as usize)
    }

    async fn load(&self, seat: &mut Seat, part: &Part, number: u32, of: u32) -> Result<()> {
        let object = &self.objects[part.object.0 as usize];
        let Some(table) = &object.table else { return Ok(()) };
        let load = Load {
            reader: &self.reader,
            part,
            object,
            table,
            number,
            of,
            encoding: &self.encoding,
            freeze: self.may_freeze(part, of),
            quiet: self.quiet,
            added: self.added.as_ref().filter(|_| object.kind != Kind::LargeObjects),
            events: &self.crew.events,
        };
        let what = format!("the loading of {}", object.name);
        self.crew.once(seat, ledger::Item::Part(part.object, number), &what, &load).await
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
