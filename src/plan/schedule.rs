//! What may run now: everything it needs is done, and nothing that runs holds a lock in its way.
//!
//! The schedule runs nothing itself. Who does asks for the next item, and says when it is done or has failed; the
//! answers depend on nothing else, so that a run can be repeated.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::object::{ObjectId, TableLock};
use crate::plan::locks::Lock;

/// A piece of work: creating an object, loading a part.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// Items that must be done before, by position in the list given to [`Schedule::new`].
    pub needs: Vec<usize>,
    /// Locks that it takes while it runs.
    pub locks: Vec<Lock>,
    /// How much work it is, in any unit: bytes of the table.
    pub weight: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Waiting,
    Running,
    Over,
}

/// Items by what they wait for. Items are named by their position.
#[derive(Debug)]
pub struct Schedule {
    items: Vec<Item>,
    state: Vec<State>,
    dependents: Vec<Vec<usize>>,
    /// How many needs of an item are not done.
    missing: Vec<usize>,
    /// Weight of the heaviest chain that starts with an item.
    chain: Vec<u64>,
    /// Items without missing needs, the heaviest chain first, then by position.
    ready: BTreeSet<(Reverse<u64>, usize)>,
    held: HashMap<ObjectId, Vec<TableLock>>,
    running: usize,
}

impl Schedule {
    /// A schedule in which nothing has run. Items that need each other in a circle never do.
    ///
    /// # Panics
    ///
    /// Where a need points outside the list.
    #[must_use]
    pub fn new(mut items: Vec<Item>) -> Self {
        let mut dependents = vec![Vec::new(); items.len()];
        for (at, item) in items.iter_mut().enumerate() {
            item.needs.sort_unstable();
            item.needs.dedup();
            for &need in &item.needs {
                dependents[need].push(at);
            }
        }
        let missing: Vec<usize> = items.iter().map(|item| item.needs.len()).collect();
        let chain = chains(&items, &dependents);
        let ready = (0..items.len()).filter(|&at| missing[at] == 0).map(|at| (Reverse(chain[at]), at)).collect();
        let state = vec![State::Waiting; items.len()];
        Self { items, state, dependents, missing, chain, ready, held: HashMap::new(), running: 0 }
    }

    /// The heaviest item that may run beside those that run; it counts as running from now on. `None` means: nothing
    /// until another one is done.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end at the first None")]
    pub fn next(&mut self) -> Option<usize> {
        let entry = self.ready.iter().copied().find(|&(_, at)| !self.is_blocked(at))?;
        self.ready.remove(&entry);
        let at = entry.1;
        self.state[at] = State::Running;
        self.running += 1;
        for lock in &self.items[at].locks {
            self.held.entry(lock.relation).or_default().push(lock.mode);
        }
        Some(at)
    }

    /// A running item has done its work.
    pub fn done(&mut self, item: usize) {
        if !self.stop(item) {
            return;
        }
        for at in std::mem::take(&mut self.dependents[item]) {
            self.missing[at] -= 1;
            if self.missing[at] == 0 && self.state[at] == State::Waiting {
                self.ready.insert((Reverse(self.chain[at]), at));
            }
        }
    }

    /// A running item has failed. Returns all that needs it, directly or not, and will therefore never run.
    pub fn failed(&mut self, item: usize) -> Vec<usize> {
        let mut skipped = BTreeSet::new();
        let mut open = if self.stop(item) { std::mem::take(&mut self.dependents[item]) } else { Vec::new() };
        while let Some(at) = open.pop() {
            if self.state[at] == State::Waiting {
                self.state[at] = State::Over;
                skipped.insert(at);
                open.append(&mut self.dependents[at]);
            }
        }
        skipped.into_iter().collect()
    }

    /// How much work an item is.
    #[must_use]
    pub fn weight(&self, item: usize) -> u64 {
        self.items[item].weight
    }

    /// How many items run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running
    }

    /// Whether nothing runs and nothing is left to run.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.running == 0 && self.ready.is_empty()
    }

    fn is_blocked(&self, at: usize) -> bool {
        self.items[at].locks.iter().any(|lock| {
            self.held.get(&lock.relation).is_some_and(|held| held.iter().any(|mode| mode.conflicts(lock.mode)))
        })
    }

    /// Takes a running item off, with its locks; false if it was not running.
    fn stop(&mut self, item: usize) -> bool {
        if self.state.get(item) != Some(&State::Running) {
            return false;
        }
        self.state[item] = State::Over;
        self.running -= 1;
        for lock in &self.items[item].locks {
            if let Some(held) = self.held.get_mut(&lock.relation) {
                if let Some(at) = held.iter().position(|mode| *mode == lock.mode) {
                    held.swap_remove(at);
                }
                if held.is_empty() {
                    self.held.remove(&lock.relation);
                }
            }
        }
        true
    }
}

/// Weight of each item with the heaviest chain of items that wait for it, so that long chains start early.
fn chains(items: &[Item], dependents: &[Vec<usize>]) -> Vec<u64> {
    let mut chain: Vec<u64> = items.iter().map(|item| item.weight).collect();
    let mut waiting: Vec<usize> = dependents.iter().map(Vec::len).collect();
    let mut open: Vec<usize> = (0..items.len()).filter(|&at| waiting[at] == 0).collect();
    while let Some(at) = open.pop() {
        for &need in &items[at].needs {
            chain[need] = chain[need].max(items[need].weight.saturating_add(chain[at]));
            waiting[need] -= 1;
            if waiting[need] == 0 {
                open.push(need);
            }
        }
    }
    chain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn item(weight: u64, needs: &[usize], locks: &[(u32, TableLock)]) -> Item {
        let locks = locks.iter().map(|&(relation, mode)| Lock { relation: ObjectId(relation), mode }).collect();
        Item { needs: needs.to_vec(), locks, weight }
    }

    #[test]
    fn heavy_chains_first_and_no_conflicts() {
        let mut schedule = Schedule::new(vec![
            item(1, &[], &[(1, TableLock::Share)]),
            item(5, &[], &[(2, TableLock::Share)]),
            item(9, &[0], &[(1, TableLock::ShareRowExclusive), (2, TableLock::ShareRowExclusive)]),
            item(2, &[], &[(1, TableLock::Share)]),
            item(1, &[], &[(1, TableLock::AccessExclusive)]),
        ]);
        // Item 0 is small, but 2 waits for it; 4 waits for the locks of 0 and 3.
        assert_eq!([schedule.next(), schedule.next(), schedule.next()], [Some(0), Some(1), Some(3)]);
        assert_eq!(schedule.next(), None);
        schedule.done(0);
        assert_eq!(schedule.next(), None);
        schedule.done(3);
        assert_eq!(schedule.next(), Some(4));
        schedule.done(4);
        assert_eq!(schedule.next(), None);
        schedule.done(1);
        assert_eq!(schedule.next(), Some(2));
        assert!(!schedule.is_finished());
        schedule.done(2);
        assert!(schedule.is_finished());
    }

    #[test]
    fn what_needs_a_failed_item_never_runs() {
        let mut schedule =
            Schedule::new(vec![item(1, &[], &[]), item(1, &[0], &[]), item(1, &[1, 3], &[]), item(0, &[], &[])]);
        assert_eq!(schedule.next(), Some(0));
        assert_eq!(schedule.failed(0), [1, 2]);
        assert_eq!(schedule.next(), Some(3));
        schedule.done(3);
        schedule.done(3);
        assert!(schedule.next().is_none() && schedule.is_finished() && schedule.running() == 0);
    }

    fn modes() -> impl Strategy<Value = TableLock> {
        prop::sample::select(vec![
            TableLock::AccessShare,
            TableLock::RowExclusive,
            TableLock::Share,
            TableLock::ShareRowExclusive,
            TableLock::AccessExclusive,
        ])
    }

    fn items() -> impl Strategy<Value = Vec<Item>> {
        let one = (
            0u64..10,
            prop::collection::vec(any::<Index>(), 0..3),
            prop::collection::btree_map(0u32..6, modes(), 0..3),
        );
        prop::collection::vec(one, 1..40).prop_map(|drawn| {
            let made = drawn.into_iter().enumerate().map(|(at, (weight, needs, locks))| {
                let needs: Vec<usize> = needs.iter().filter(|_| at > 0).map(|need| need.index(at)).collect();
                item(weight, &needs, &locks.into_iter().collect::<Vec<_>>())
            });
            made.collect()
        })
    }

    proptest! {
        #[test]
        fn everything_runs_once_without_conflict_or_is_skipped(
            items in items(),
            jobs in 1usize..6,
            ends in prop::collection::vec((any::<Index>(), 0u8..10), 40),
        ) {
            let mut schedule = Schedule::new(items.clone());
            let (mut running, mut done, mut skipped, mut failed) = (vec![], vec![], vec![], vec![]);
            let mut ends = ends.into_iter();
            loop {
                while running.len() < jobs {
                    let Some(at) = schedule.next() else { break };
                    prop_assert!(items[at].needs.iter().all(|need| done.contains(need)));
                    for &other in &running {
                        let other: &Item = &items[other];
                        for (a, b) in other.locks.iter().flat_map(|a| items[at].locks.iter().map(move |b| (a, b))) {
                            prop_assert!(a.relation != b.relation || !a.mode.conflicts(b.mode));
                        }
                    }
                    running.push(at);
                }
                prop_assert_eq!(running.len(), schedule.running());
                if running.is_empty() {
                    break;
                }
                let (which, fate) = ends.next().expect("an end for every item");
                let at = running.swap_remove(which.index(running.len()));
                if fate == 0 {
                    failed.push(at);
                    skipped.extend(schedule.failed(at));
                } else {
                    done.push(at);
                    schedule.done(at);
                }
            }
            prop_assert!(schedule.is_finished());
            let mut all: Vec<usize> = [done.clone(), skipped.clone(), failed.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..items.len()).collect::<Vec<_>>());
            for at in skipped.clone() {
                prop_assert!(items[at].needs.iter().any(|need| failed.contains(need) || skipped.contains(need)));
            }
        }
    }
}
