//! The end of a restore in many transactions: its ledger goes away, event triggers of the snapshot come, and all of it is
//! on disk before it is called done.
//!
//! Event triggers come in the very transaction in which the ledger goes, and after that: none of them sees it go.

use crate::catalog::bookkeeping::SCHEMA;
use crate::error::{Error, Result, sqlstate};
use crate::pg::Session;
use crate::progress::Event;
use crate::restore::ledger::Ledger;
use crate::restore::run::sessions::{Sessions, Work};
use crate::text;

/// Makes the COMMIT of a transaction wait until it is on disk, and with it all that was committed before. What the server
/// is set to wait for beyond that, as for standbys, it waits for too.
pub(crate) const DURABLE: &str = "SELECT pg_catalog.set_config('synchronous_commit', CASE s.reset_val WHEN 'off' THEN 'local' ELSE s.reset_val END, \
     true) FROM pg_catalog.pg_settings s WHERE s.name = 'synchronous_commit'";

/// The last transaction.
pub(crate) struct Finish<'a, W> {
    pub(crate) sessions: &'a Sessions,
    /// What is done in it besides: event triggers come.
    pub(crate) last: &'a W,
}

/// How the ledger goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Going {
    Dropped,
    /// Where something forbids to drop it.
    Emptied,
}

/// Why an attempt ended.
enum Ended {
    /// The ledger could not be dropped.
    Forbidden(Error),
    Failed(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<W: Work> Finish<'_, W> {
    async fn attempt(&self, session: &mut Session, going: Going) -> Result<(), Ended> {
        let sessions = self.sessions;
        let settings = text![sessions.settings, sessions.silence.begin(), ";"];
        if !sessions.ledger.still_ours(session, &settings).await? {
            // Removed by a try whose COMMIT was lost on the way.
            return Ok(());
        }
        match going {
            Going::Dropped => session.run(Ledger::remove()).await.map_err(Ended::Forbidden)?,
            Going::Emptied => session.run(Ledger::empty()).await?,
        }
        session.run(sessions.silence.end()).await?;
        self.last.run(session).await?;
        session.run(text![DURABLE, "; COMMIT"]).await.map_err(|e| Ended::Failed(e.while_doing("commit")))
    }
}

impl<W: Work + Sync> Work for Finish<'_, W> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        let mut going = Going::Dropped;
        loop {
            let ended = self.attempt(session, going).await;
            let error = match ended {
                Ok(()) => return Ok(()),
                Err(Ended::Forbidden(error)) => error.while_doing("remove the ledger of the restore"),
                Err(Ended::Failed(error)) => return Err(undone(session, error).await),
            };
            let error = undone(session, error).await;
            if error.is_disconnect() || is_intervention(&error) {
                return Err(error);
            }
            tell(self.sessions, &error);
            going = Going::Emptied;
        }
    }
}

/// Ends the transaction that failed, and gives back its error, not that of the clean-up.
async fn undone(session: &mut Session, error: Error) -> Error {
    if !error.is_disconnect() {
        drop(session.run("ROLLBACK").await);
    }
    error
}

fn is_intervention(error: &Error) -> bool {
    error.sqlstate().is_none_or(|code| sqlstate::OPERATOR_INTERVENTION.has(code))
}

fn tell(sessions: &Sessions, error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    (sessions.events)(Event::Warning {
        message: format!("cannot drop schema {SCHEMA}, the ledger of this restore: {cause}"),
        hint: Some("the restore is complete and the ledger is emptied; drop the schema when that is possible".into()),
    });
}

/// The end of a run whose failures are to be tried again: what it did is on disk.
pub(crate) struct Pause<'a> {
    pub(crate) sessions: &'a Sessions,
}

impl Work for Pause<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        let sessions = self.sessions;
        let pause = async {
            if sessions.ledger.still_ours(session, &sessions.settings).await? {
                session.run(text![Ledger::touch(), "; ", DURABLE, "; COMMIT"]).await?;
            }
            Ok::<(), Error>(())
        };
        match pause.await {
            Ok(()) => Ok(()),
            Err(error) => Err(undone(session, error).await.while_doing("write the ledger of the restore")),
        }
    }
}
