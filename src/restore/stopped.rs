//! What a restore that failed or was stopped leaves on the target, as its steps tell.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Error;
use crate::progress::{Event, Events, Step};
use crate::restore::options::Course;

/// A restore that did not come to its end.
#[derive(Debug)]
pub struct Stopped {
    /// Why.
    pub error: Error,
    /// What the target holds now.
    pub reached: Reached,
}

/// Before anything is changed.
impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self { error, reached: Reached::Unchanged }
    }
}

/// What a target holds after a restore that did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// What it held before.
    Unchanged,
    /// What it held before, and perhaps the new database, which is empty then.
    PerhapsEmptyDatabase,
    /// The new database, which is empty.
    EmptyDatabase,
    /// Some of the roles and tablespaces of a server.
    SomeRoles,
    /// What was restored so far, with a ledger from which it is continued.
    SomeSteps,
    /// Everything or nothing: nobody knows whether the one transaction was committed.
    AllOrNothing,
    /// Everything, of which not all was compared with the snapshot.
    Everything,
}

/// The furthest step so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Furthest {
    Looking,
    Database,
    Roles,
    Begun,
    Commit,
    Restored,
}

/// Follows a restore by its events.
pub(super) struct Progress {
    /// The furthest step, and whether the database was to be created.
    seen: Arc<Mutex<(Furthest, bool)>>,
    course: Course,
}

impl Progress {
    /// Returns itself, and events to be used in the place of `events`.
    pub(super) fn follow(events: &Events, course: Course) -> (Self, Events) {
        let seen = Arc::new(Mutex::new((Furthest::Looking, false)));
        let (state, events) = (Arc::clone(&seen), Events::clone(events));
        let heard = Arc::new(move |event: Event| {
            if let Event::Step { step } = event {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                let now = match step {
                    Step::CreateDatabase => Furthest::Database,
                    Step::RestoreRoles => Furthest::Roles,
                    Step::Begin => Furthest::Begun,
                    Step::Commit => Furthest::Commit,
                    Step::ReadBack => Furthest::Restored,
                    _ => state.0,
                };
                *state = (now.max(state.0), state.1 || step == Step::CreateDatabase);
            }
            events(event);
        });
        (Self { seen, course }, heard)
    }

    /// What the target holds now.
    pub(super) fn reached(&self) -> Reached {
        let (furthest, created) = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (furthest, self.course.is_one_transaction(), created) {
            (Furthest::Looking, ..) | (Furthest::Begun, true, false) => Reached::Unchanged,
            (Furthest::Database, ..) => Reached::PerhapsEmptyDatabase,
            (Furthest::Roles, ..) => Reached::SomeRoles,
            (Furthest::Begun, true, true) => Reached::EmptyDatabase,
            (Furthest::Begun, false, _) => Reached::SomeSteps,
            (Furthest::Commit, ..) => Reached::AllOrNothing,
            (Furthest::Restored, ..) => Reached::Everything,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: &[Step], course: Course) -> Reached {
        let (progress, events) = Progress::follow(&crate::progress::silent(), course);
        steps.iter().for_each(|step| events(Event::Step { step: *step }));
        progress.reached()
    }

    #[test]
    fn what_is_there_follows_from_the_steps() {
        let (steps, whole) = (Course::default(), Course::OneTransaction);
        assert_eq!(after(&[Step::ReadSnapshot, Step::LookAtTarget], steps), Reached::Unchanged);
        assert_eq!(after(&[Step::CreateDatabase], steps), Reached::PerhapsEmptyDatabase);
        assert_eq!(after(&[Step::CreateDatabase, Step::Begin, Step::Create], whole), Reached::EmptyDatabase);
        assert_eq!(after(&[Step::Begin, Step::Load], whole), Reached::Unchanged);
        assert_eq!(after(&[Step::Begin, Step::Load], steps), Reached::SomeSteps);
        assert_eq!(after(&[Step::Begin, Step::Commit], whole), Reached::AllOrNothing);
        assert_eq!(after(&[Step::Begin, Step::Load, Step::ReadBack], steps), Reached::Everything);
        assert_eq!(after(&[Step::RestoreRoles], steps), Reached::SomeRoles);
    }
}
