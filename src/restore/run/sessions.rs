//! The sessions of a restore and how each unit of work runs on them: in a transaction of its own, recorded in the
//! ledger, repeated after a lost connection unless the ledger says that it is done.
//!
//! A restore in one transaction has one session, whose loss is the end: nothing is recorded and nothing repeated.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::pg::settings::Purpose;
use crate::pg::{Connector, Session, waiting};
use crate::progress::{Event, Events};
use crate::restore::ledger::{Done, Item, Ledger};
use crate::restore::silence::Silence;
use crate::text;
use crate::text::Text;

/// How often one unit of work may lose its connection.
const TRIES: u32 = 5;

/// What every session of a restore knows.
#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) connector: Arc<Connector>,
    pub(crate) ledger: Ledger,
    pub(crate) events: Events,
    /// `SET LOCAL ..` for every transaction beside what a session pins, with a final semicolon.
    pub(crate) settings: Text,
    /// How event triggers are kept from seeing what a restore does for itself.
    pub(crate) silence: Silence,
    /// Encoding of the database that was dumped.
    pub(crate) encoding: String,
    /// What an earlier run has done.
    pub(crate) done: Arc<Done>,
    /// Whether everything is one transaction on one session.
    pub(crate) single: bool,
}

/// A session that is made when it is first needed, and again after it was lost.
pub(crate) type Slot = Option<Session>;

/// What happens inside a transaction.
pub(crate) trait Work {
    /// Does it; the transaction is open and its settings are made.
    fn run(&self, session: &mut Session) -> impl Future<Output = Result<()>> + Send;

    /// Whether it cannot be done in smaller steps, so that a deadlock is a reason to repeat it as it is.
    fn is_one(&self) -> bool {
        true
    }

    /// Statements that record it.
    fn record(&self, ledger: &Ledger, item: Item) -> Text {
        ledger.record(item)
    }
}

/// Statements that can be repeated without harm, in a transaction of their own.
struct Repeatable<'a> {
    statement: Text,
    doing: &'a str,
}

impl Work for Repeatable<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        session.run(&self.statement).await.map_err(|e| e.while_doing(self.doing))
    }
}

impl Sessions {
    /// Runs `work` once, whatever happens to connections.
    pub(crate) async fn run_recorded(&self, slot: &mut Slot, item: Item, what: &str, work: &impl Work) -> Result<()> {
        if self.done.has(item) {
            return Ok(());
        }
        self.with_retry(slot, Some(item), what, work).await
    }

    /// Runs statements that do no harm when they are repeated, outside of any transaction.
    pub(crate) async fn run_idempotent(&self, slot: &mut Slot, statement: Text, doing: &str) -> Result<()> {
        self.with_retry(slot, None, doing, &Repeatable { statement, doing }).await
    }

    /// Does what makes its own transactions and can be repeated without harm.
    pub(crate) async fn run_in_own_transaction(&self, slot: &mut Slot, what: &str, work: &impl Work) -> Result<()> {
        self.with_retry(slot, None, what, work).await
    }

    /// The statements as one transaction with the settings of a restore.
    pub(crate) fn transaction(&self, statements: &Text) -> Text {
        if self.single { statements.clone() } else { text!["BEGIN; ", self.settings, " ", statements, "; COMMIT"] }
    }

    async fn with_retry(&self, slot: &mut Slot, item: Option<Item>, what: &str, work: &impl Work) -> Result<()> {
        let mut tries = 0;
        loop {
            let lost = match self.attempt(slot, item, work, tries > 0).await {
                Err(error) if self.may_repeat(&error, work) && tries < TRIES => error,
                done => return done,
            };
            *slot = None;
            tries += 1;
            let how = if lost.is_disconnect() { "lost the connection" } else { "was interrupted" };
            let message = format!("{how} during {what}: {}", lost.explained());
            (self.events)(Event::Warning { message, hint: Some(format!("once more, try {tries} of {TRIES}")) });
            tokio::time::sleep(Duration::from_millis(200) * 2u32.pow(tries)).await;
        }
    }

    fn may_repeat(&self, error: &Error, work: &impl Work) -> bool {
        !self.single && (error.is_disconnect() || error.is_conflict() && work.is_one())
    }

    async fn attempt(&self, slot: &mut Slot, item: Option<Item>, work: &impl Work, again: bool) -> Result<()> {
        let session = match slot {
            Some(session) => session,
            none => {
                let mut new = self.connector.connect().await?;
                load(&mut new, &self.encoding).await?;
                none.insert(new)
            }
        };
        let Some(item) = item.filter(|_| !self.single) else { return work.run(session).await };
        if again {
            Ledger::end_lost(session, item).await?;
        }
        let process = session.process();
        let inside = self.inside(session, item, work);
        let done = waiting::told(&self.connector, process, &self.events, inside).await;
        if let Err(error) = &done
            && !error.is_disconnect()
        {
            // The error that is reported is the first one, not that of the clean-up.
            drop(session.run("ROLLBACK").await);
        }
        done
    }

    async fn inside(&self, session: &mut Session, item: Item, work: &impl Work) -> Result<()> {
        if self.ledger.enter(session, &self.settings, item).await? {
            return session.run("ROLLBACK").await;
        }
        work.run(session).await?;
        session
            .run(work.record(&self.ledger, item))
            .await
            .map_err(|e| e.while_doing("write the ledger of the restore"))?;
        session.run("COMMIT").await.map_err(|e| e.while_doing("commit"))
    }
}

/// Makes a session one that loads. It waits for work between transactions, which no timeout must end.
pub(crate) async fn load(session: &mut Session, encoding: &str) -> Result<()> {
    session.pin(Purpose::Loading, encoding);
    session.settle().await.map(drop)
}

/// Runs statements one after another, sent as one message; an error names what they were for. Where no transaction is
/// open they are one.
pub(crate) async fn run_all(session: &mut Session, statements: &[Text], doing: &str) -> Result<(), Error> {
    if statements.is_empty() {
        return Ok(());
    }
    // A statement may end in a comment.
    session.run(Text::join(statements, "\n;\n")).await.map_err(|e| e.while_doing(doing))
}
