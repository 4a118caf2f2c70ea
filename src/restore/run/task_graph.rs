//! What there is to do once the objects before the rows exist: tasks with what they need, lock and weigh.
//!
//! Keys and indexes of a table are built as soon as its own rows are there, while other tables still load; whatever
//! could fire on rows or read other tables (triggers, foreign keys, policies, rules) waits until all rows are there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::object::{Kind, Object, ObjectId, Pass, Section, TableLock};
use crate::plan::is_created;
use crate::plan::{Item, Lock, Locks};
use crate::restore::prepare::plan::Plan;
use crate::restore::run::context::Restoring;
use crate::restore::run::foreign_keys;

/// Bytes of rows that the tasks of one transaction have to do with, about: a larger one has its own, so that all workers
/// get some.
pub(super) const SHARED_BYTES: u64 = 1 << 20;

/// What a schedule hands out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
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

/// Tasks and their items, in step.
#[derive(Default)]
pub(super) struct TaskGraph {
    pub(super) tasks: Vec<Task>,
    pub(super) items: Vec<Item>,
    /// Items that load an object's rows.
    loads: HashMap<ObjectId, Vec<usize>>,
    /// Bytes of rows that objects have.
    sizes: HashMap<ObjectId, u64>,
}

/// Bytes of rows by object, as far as the snapshot or this restore knows.
fn sizes(plan: &Plan) -> HashMap<ObjectId, u64> {
    let mut sizes: HashMap<ObjectId, u64> =
        plan.objects().filter(|object| is_created(object)).map(|object| (object.id, 0)).collect();
    for part in &plan.manifest.parts {
        *sizes.entry(part.object).or_default() += part.stored.digest.bytes;
    }
    sizes
}

impl TaskGraph {
    pub(super) fn new(restoring: &Restoring) -> Self {
        let plan = &restoring.plan;
        let mut graph = Self { sizes: sizes(plan), ..Self::default() };
        graph.loads(restoring);
        graph.after_others(&plan.existing.after);
        graph.after_others(&configuration(restoring.objects()));
        let rows: Vec<usize> = (0..graph.items.len()).collect();
        let loaded = graph.push(Task::Loaded, Item { needs: rows, ..Item::default() });
        graph.creations(restoring, loaded);
        graph
    }

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
            let mode = if freeze { TableLock::AccessExclusive } else { TableLock::RowExclusive };
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
                let needs = &mut self.items[load].needs;
                needs.extend(&first);
                needs.sort_unstable();
                needs.dedup();
            }
        }
    }

    fn creations(&mut self, restoring: &Restoring, loaded: usize) {
        let plan = &restoring.plan;
        let after = |object: &&Object| object.section == Section::PostData && object.kind.pass() == Pass::Main;
        let locks = Locks::new(restoring.objects());
        let mut items: HashMap<ObjectId, usize> = HashMap::new();
        for object in plan.objects().filter(after) {
            if restoring.failures.blocks(restoring.objects(), object) {
                continue;
            }
            let own_rows = object.part_of.and_then(|table| self.loads.get(&table)).cloned().unwrap_or_default();
            // What nobody knows of may be large.
            let weight = object.part_of.map_or(0, |table| self.sizes.get(&table).copied().unwrap_or(SHARED_BYTES));
            let mut needs: Vec<usize> = object.needs.iter().filter_map(|id| items.get(id).copied()).collect();
            if waits_for_all_rows(object.kind) {
                needs.push(loaded)
            } else {
                needs.extend(own_rows)
            }
            if plan.is_reordered() {
                // In the order of the list, which only one after another keeps.
                needs.extend(self.items.len().checked_sub(1).filter(|last| *last > loaded));
            }
            let item = Item { needs, locks: locks.of(object.id), weight };
            let apart = !restoring.sessions.single && foreign_keys::in_two_steps(object, restoring.objects());
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
            mode: if Some(lock.relation) == object.part_of {
                TableLock::ShareUpdateExclusive
            } else {
                TableLock::RowShare
            },
        };
        let locks = item.locks.iter().map(check).collect();
        let added = self.push(Task::AddUnchecked(object.id), Item { weight: 0, ..item });
        self.push(Task::Validate(object.id), Item { needs: vec![added], locks, weight })
    }
}

/// Tables of extensions that get rows, with those that must have theirs before.
fn configuration(objects: &[Object]) -> BTreeMap<ObjectId, BTreeSet<ObjectId>> {
    let rows_of = |id: &&ObjectId| objects.get(id.0 as usize).is_some_and(Object::is_configuration);
    let tables = objects.iter().filter(|object| object.is_configuration());
    tables.map(|table| (table.id, table.needs.iter().filter(rows_of).copied().collect())).collect()
}

/// Only what belongs to one table and reads nothing else may come before other tables have their rows.
fn waits_for_all_rows(kind: Kind) -> bool {
    !matches!(kind, Kind::Index | Kind::Constraint)
}
