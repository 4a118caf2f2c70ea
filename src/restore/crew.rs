//! The sessions of a restore and how each unit of work runs on them: in a transaction of its own, recorded in the
//! ledger, repeated after a lost connection unless the ledger says that it is done.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::pg::{Connector, Session};
use crate::progress::{Event, Events};
use crate::restore::ledger::{Item, Ledger};
use crate::text::Text;

/// How often one unit of work may lose its connection.
const TRIES: u32 = 5;

/// What every session of a restore knows.
#[derive(Clone)]
pub(crate) struct Crew {
    pub(crate) connector: Arc<Connector>,
    pub(crate) ledger: Ledger,
    pub(crate) events: Events,
    /// `SET LOCAL ..` for every transaction.
    pub(crate) settings: Text,
}

/// A session that is made when it is first needed, and again after it was lost.
pub(crate) type Seat = Option<Session>;

/// What happens inside a transaction.
pub(crate) trait Work {
    /// Does it; the transaction is open and its settings are made.
    fn run(&self, session: &mut Session) -> impl Future<Output = Result<()>> + Send;
}

impl Crew {
    /// Runs `work` once, whatever happens to connections.
    pub(crate) async fn once(&self, seat: &mut Seat, item: Item, what: &str, work: &impl Work) -> Result<()> {
        let mut tries = 0;
        loop {
            let lost = match self.attempt(seat, item, work, tries > 0).await {
                Err(error) if error.is_disconnect() && tries < TRIES => error,
                done => return done,
            };
            *seat = None;
            tries += 1;
            let message = format!("lost the connection during {what}: {lost}");
            (self.events)(Event::Warning { message, hint: Some(format!("once more, try {tries} of {TRIES}")) });
            tokio::time::sleep(Duration::from_millis(200) * 2u32.pow(tries)).await;
        }
    }

    async fn attempt(&self, seat: &mut Seat, item: Item, work: &impl Work, again: bool) -> Result<()> {
        let session = match seat {
            Some(session) => session,
            none => none.insert(self.connector.connect().await?),
        };
        if again && self.ledger.has(session, item).await? {
            return Ok(());
        }
        session.run("BEGIN").await?;
        let done = self.inside(session, item, work).await;
        if let Err(error) = &done
            && !error.is_disconnect()
        {
            // The error that is reported is the first one, not that of the clean-up.
            drop(session.run("ROLLBACK").await);
        }
        done
    }

    async fn inside(&self, session: &mut Session, item: Item, work: &impl Work) -> Result<()> {
        session.run(&self.settings).await.map_err(|e| e.while_doing("make the settings of a restore"))?;
        work.run(session).await?;
        session.run(self.ledger.record(item)).await.map_err(|e| e.while_doing("write the ledger of the restore"))?;
        session.run("COMMIT").await.map_err(|e| e.while_doing("commit"))
    }
}

/// Runs statements one after another; an error names what they were for.
pub(crate) async fn run_all(session: &mut Session, statements: &[Text], doing: &str) -> Result<(), Error> {
    for statement in statements {
        session.run(statement).await.map_err(|e| e.while_doing(doing))?;
    }
    Ok(())
}
