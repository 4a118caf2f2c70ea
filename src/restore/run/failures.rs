//! What failed in a restore that keeps going, and what was therefore not tried.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::object::{Object, ObjectId};
use crate::progress::{Event, Events};
use crate::restore::summary::Failure;

/// Collects failures, or lets the first one end the restore.
pub(crate) struct Failures {
    keep_going: bool,
    events: Events,
    state: Mutex<State>,
}

/// What of an object failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Aspect {
    Itself,
    Rows,
    Grants,
    Statistics,
}

#[derive(Default)]
struct State {
    all: BTreeMap<(ObjectId, Aspect), Failure>,
    /// Objects that are not there.
    lost: BTreeSet<ObjectId>,
}

impl Failures {
    pub(crate) fn new(keep_going: bool, events: Events) -> Self {
        Self { keep_going, events, state: Mutex::default() }
    }

    pub(crate) fn keep_going(&self) -> bool {
        self.keep_going
    }

    /// An object could not be created. The error comes back where it has to end the restore.
    pub(crate) fn object(&self, object: &Object, error: Error) -> Result<()> {
        self.add(object, Aspect::Itself, error)
    }

    /// Grants failed; the object itself is there.
    pub(crate) fn grants(&self, object: &Object, error: Error) -> Result<()> {
        self.add(object, Aspect::Grants, error)
    }

    /// Rows could not be loaded; the table itself is there.
    pub(crate) fn rows(&self, object: &Object, error: Error) -> Result<()> {
        self.add(object, Aspect::Rows, error)
    }

    /// What the planner should know of a relation could not be set.
    pub(crate) fn statistics(&self, object: &Object, error: Error) -> Result<()> {
        self.add(object, Aspect::Statistics, error)
    }

    fn add(&self, object: &Object, aspect: Aspect, error: Error) -> Result<()> {
        // What fails for one object only; a lost server or repository fails for all.
        let single = matches!(error, Error::Postgres { .. } | Error::Damaged { .. }) && !error.is_disconnect();
        if !self.keep_going || !single {
            return Err(error);
        }
        self.note(object, aspect, explained(&error));
        Ok(())
    }

    /// Whether an object cannot be made because something that it needs failed; if so it is noted as lost itself.
    pub(crate) fn blocks(&self, objects: &[Object], object: &Object) -> bool {
        if !self.keep_going {
            return false;
        }
        let lost = |id: &&ObjectId| self.lock().lost.contains(id);
        let need = object.needs.iter().chain(&object.part_of).find(lost).and_then(|id| objects.get(id.0 as usize));
        if let Some(need) = need {
            self.skip(object, need);
        }
        need.is_some()
    }

    /// An object is not tried because `need` failed.
    pub(crate) fn skip(&self, object: &Object, need: &Object) {
        self.note(object, Aspect::Itself, format!("not tried: {} {} failed", need.kind.noun(), need.name));
    }

    /// Whether an object is not there.
    pub(crate) fn is_lost(&self, id: ObjectId) -> bool {
        self.keep_going && self.lock().lost.contains(&id)
    }

    /// Whether not all rows of a table were loaded.
    pub(crate) fn has_lost_rows(&self, id: ObjectId) -> bool {
        self.is_lost(id) || self.lock().all.contains_key(&(id, Aspect::Rows))
    }

    /// Whether grants on an object are missing.
    pub(crate) fn lacks_grants(&self, id: ObjectId) -> bool {
        self.is_lost(id) || self.lock().all.contains_key(&(id, Aspect::Grants))
    }

    /// All failures in the order of creation.
    pub(crate) fn all(&self) -> Vec<Failure> {
        self.lock().all.values().cloned().collect()
    }

    fn note(&self, object: &Object, aspect: Aspect, error: String) {
        let of = match aspect {
            Aspect::Itself => "",
            Aspect::Rows => "rows of ",
            Aspect::Grants => "grants on ",
            Aspect::Statistics => "statistics of ",
        };
        let name = format!("{of}{} {}", object.kind.noun(), object.name);
        let mut state = self.lock();
        if aspect == Aspect::Itself {
            state.lost.insert(object.id);
        }
        let failure = Failure { object: name.clone(), error: error.clone() };
        if state.all.insert((object.id, aspect), failure).is_none() {
            (self.events)(Event::Warning { message: format!("{name} failed: {error}"), hint: None });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error with its causes on one line.
fn explained(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
