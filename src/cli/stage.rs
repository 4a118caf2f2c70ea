//! How far a restore came, as its events tell: what the target holds after it failed or was stopped. Owns the words.

use std::sync::{Arc, Mutex, PoisonError};

use pgkeep::progress::{Event, Events};

/// Where a restore stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    /// It only looks.
    Looking,
    /// The target database is being created.
    Database,
    /// Roles and tablespaces of a server are being restored, one by one.
    Roles,
    /// Something may have been changed.
    Begun,
    /// The one transaction is being committed.
    Commit,
    /// All is there; it is compared.
    Restored,
}

/// Listens to a restore.
pub(super) struct Stage {
    reached: Arc<Mutex<(Reached, bool)>>,
}

impl Stage {
    /// Returns itself, and events to be used in the place of `events`.
    pub(super) fn listen(events: Events) -> (Self, Events) {
        let reached = Arc::new(Mutex::new((Reached::Looking, false)));
        let seen = Arc::clone(&reached);
        let heard = Arc::new(move |event: Event| {
            if let Event::Step { step } = event {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let now = match step {
                    "create database" => Reached::Database,
                    "restore roles" => Reached::Roles,
                    "begin" => Reached::Begun,
                    "commit" => Reached::Commit,
                    "read back" => Reached::Restored,
                    _ => seen.0,
                };
                *seen = (now.max(seen.0), seen.1 || step == "create database");
            }
            events(event);
        });
        (Self { reached }, heard)
    }

    /// What the target holds now. `whole` is a restore in one transaction.
    pub(super) fn consequence(&self, whole: bool) -> &'static str {
        let (reached, created) = *self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        match (reached, whole, created) {
            (Reached::Looking, ..) => "nothing was changed",
            (Reached::Database, ..) => "nothing was restored; the target database may have been created and is empty",
            (Reached::Roles, ..) => "what was restored so far stays; the same command goes over all of it again",
            (Reached::Begun, true, false) => "nothing was changed",
            (Reached::Begun, true, true) => "nothing was restored; the target database was created and is empty",
            (Reached::Begun, false, _) => {
                "the target holds what was restored so far; the same command with --resume continues"
            }
            (Reached::Commit, ..) => "whether the restore was committed is not known: look whether the target has it",
            (Reached::Restored, ..) => "everything was restored; reading it back was not finished",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: &[&'static str], whole: bool) -> &'static str {
        let (stage, events) = Stage::listen(pgkeep::progress::silent());
        for step in steps {
            events(Event::Step { step });
        }
        stage.consequence(whole)
    }

    #[test]
    fn words_follow_the_steps() {
        assert_eq!(after(&["read snapshot", "look at the target"], false), "nothing was changed");
        assert!(after(&["create database"], false).contains("may have been created"));
        assert!(after(&["create database", "begin", "create"], true).contains("created and is empty"));
        assert_eq!(after(&["begin", "load"], true), "nothing was changed");
        assert!(after(&["begin", "load"], false).contains("--resume"));
        assert!(after(&["begin", "commit"], true).contains("not known"));
        assert!(after(&["begin", "load", "read back"], false).contains("everything was restored"));
    }
}
