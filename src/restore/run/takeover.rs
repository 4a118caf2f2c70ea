//! How a run becomes the one that works on the restore of a database: it makes the ledger, or takes it over from a run
//! that stopped, after everything of that run on the server has ended.
//!
//! A client that died may have left a transaction that still commits. What it does must be in the ledger before the
//! ledger is read, or its rows would be loaded twice.

use std::sync::{Mutex, PoisonError};

use crate::catalog::bookkeeping::SCHEMA;
use crate::error::{Error, Result, sqlstate};
use crate::pg::Session;
use crate::progress::Event;
use crate::restore::ledger::{Done, Found, Ledger, Lock, WORK_LOCK, end_holders, refused};
use crate::restore::run::sessions::{Sessions, Work};
use crate::text;
use crate::text::Text;

/// How long what is left of an earlier run may take to end by itself, and then again after it was told to.
const PATIENCE_SECONDS: u32 = 10;

/// The first transaction of a run.
pub(crate) struct Takeover<'a> {
    sessions: &'a Sessions,
    resume: bool,
    done: Mutex<Done>,
}

impl<'a> Takeover<'a> {
    pub(crate) fn new(sessions: &'a Sessions, resume: bool) -> Self {
        Self { sessions, resume, done: Mutex::default() }
    }

    /// What earlier runs have done, once it has run.
    pub(crate) fn into_done(self) -> Done {
        self.done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attempt(&self, session: &mut Session) -> Result<()> {
        let lock = format!(
            " SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'; SELECT pg_catalog.pg_advisory_xact_lock({WORK_LOCK}, 0); \
             SET LOCAL lock_timeout = 0"
        );
        let Sessions { ledger, settings, silence, .. } = self.sessions;
        session.run(text!["BEGIN; ", settings, " ", silence.begin(), ";", lock]).await?;
        let found = Found::read(session, Lock::Write).await?;
        match &found {
            Found::Foreign(objection) => return Err(refused(objection)),
            Found::Nothing | Found::Empty if self.resume => {
                return Err(Error::unsupported(
                    "the restore that was to be continued has ended meanwhile",
                    format!("schema {SCHEMA} is gone, by a run that finished or by hand"),
                ));
            }
            Found::Unfinished(left) if !self.resume && left.run != ledger.run => {
                let name = session.query("SELECT pg_catalog.current_database() AS name").await?;
                let name = name.one()?.text("name")?;
                return Err(Error::unsupported(
                    format!("another restore into database {name} has begun meanwhile"),
                    "let it finish, or restore into another database",
                ));
            }
            // A try before this one whose COMMIT was lost on the way.
            Found::Unfinished(left) if left.run == ledger.run => {}
            Found::Nothing => {
                Ledger::create(session).await?;
                session.run(ledger.take()).await?;
            }
            Found::Empty | Found::Unfinished(_) => session.run(ledger.take()).await?,
        }
        session.run("COMMIT").await?;
        let done = match found {
            Found::Unfinished(left) => left.into_done(),
            _ => Done::default(),
        };
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = done;
        Ok(())
    }
}

impl Work for Takeover<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        let mut told = false;
        loop {
            let error = match self.attempt(session).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_disconnect() => return Err(error),
                Err(error) => error,
            };
            // The error that is reported is the first one, not that of the clean-up.
            drop(session.run("ROLLBACK").await);
            if error.sqlstate() != Some(sqlstate::LOCK_NOT_AVAILABLE) {
                return Err(error.while_doing("make the ledger of the restore"));
            }
            let ended = match told {
                true => 0,
                false => end_holders(session, WORK_LOCK, 0).await?,
            };
            if ended > 0 {
                let message = format!("{ended} sessions of the run that stopped were still at work and were ended");
                (self.sessions.events)(Event::Warning { message, hint: None });
            } else if let Some(processes) = holders(session).await? {
                return Err(held(&processes));
            } else if told {
                return Err(error.while_doing("make the ledger of the restore"));
            }
            told = true;
        }
    }
}

/// Processes that hold the lock, if any still do.
async fn holders(session: &mut Session) -> Result<Option<Text>> {
    let statement = format!(
        "SELECT pg_catalog.string_agg(l.pid::pg_catalog.text, ', ') AS pids FROM pg_catalog.pg_locks l \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = {WORK_LOCK} AND l.objid = 0 \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
    );
    let rows =
        session.query(statement).await.map_err(|e| e.while_doing("look for who holds the lock of the restore"))?;
    rows.one()?.maybe("pids")
}

fn held(processes: &Text) -> Error {
    Error::unsupported(
        format!(
            "others hold the advisory lock of this restore on the server, which no other work takes: processes \
             {processes}"
        ),
        "only sessions of this role and application name are ended by it: wait for these, or end them: SELECT \
         pg_terminate_backend(pid); then run this again",
    )
}
