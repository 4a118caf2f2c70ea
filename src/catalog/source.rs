//! The database being read: queries to it, and what every family needs to know of it.
//!
//! Families ask without waiting for each other. Their queries stand in a queue, which the lead's session answers
//! together with others that see the same server snapshot, if there are any: the server is never idle while answers are
//! taken apart here, and can use several processors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as Slot, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::catalog::draft::Address;
use crate::error::{Error, Result};
use crate::pg::{Row, Rows, Session, sql};
use crate::progress::{Event, Events};

/// Queries that wait at most: more than there are families, so that all can wait at once.
const QUERIES_MAX: usize = 128;
/// How often a query is sent again because something was dropped under it.
const TRIES: u32 = 30;
/// How long sessions that helped may take to leave.
const GOODBYE: Duration = Duration::from_secs(1);

/// A database being read.
pub(crate) struct Source {
    queries: mpsc::Sender<CatalogQuery>,
    events: Events,
    gone: Slot<Gone>,
    /// Major version of the server.
    pub(crate) major: u32,
    /// Whether the role is a superuser: some catalogs are closed to everybody else.
    pub(crate) superuser: bool,
}

/// What the server snapshot shows and somebody has dropped since, with its name for people. The server prints
/// definitions from the catalog as it is now, and of such things it can print nothing.
pub(crate) type Gone = BTreeMap<Address, String>;

/// A statement and who waits for its rows.
struct CatalogQuery {
    what: String,
    statement: String,
    answer: oneshot::Sender<Result<Rows>>,
}

/// Queries that no session has taken yet.
type Pending = Mutex<mpsc::Receiver<CatalogQuery>>;

/// A session on the server snapshot of the lead, once there is one.
pub type Joining = BoxFuture<'static, Result<Session>>;

/// The query queue: the sessions that answer, and what waits for them.
pub(crate) struct QueryQueue<'a> {
    lead: &'a mut Session,
    others: Vec<Joining>,
    queue: Pending,
    again: mpsc::WeakSender<CatalogQuery>,
}

impl Source {
    /// A source, and the query queue that must serve it: the lead's session and `others` on the same server snapshot.
    pub(crate) async fn open(
        lead: &mut Session,
        others: Vec<Joining>,
        events: Events,
    ) -> Result<(Self, QueryQueue<'_>)> {
        let major = lead.major();
        let superuser = lead
            .query("select rolsuper as yes from pg_catalog.pg_roles where rolname = current_user")
            .await?
            .iter()
            .any(|row| row.boolean("yes").unwrap_or(false));
        let (queries, queue) = mpsc::channel(QUERIES_MAX);
        let serving = QueryQueue { lead, others, queue: Mutex::new(queue), again: queries.downgrade() };
        Ok((Self { queries, events, gone: Slot::default(), major, superuser }, serving))
    }

    /// Runs a query of a `.sql` file, less the lines that this server's version does not have.
    pub(crate) async fn query(&self, what: &str, statement: &str) -> Result<Rows> {
        self.query_with(what, statement, &[]).await
    }

    /// The same with parameters in the order of `$1`, `$2`, .. as finished SQL text.
    pub(crate) async fn query_with(&self, what: &str, statement: &str, parameters: &[&str]) -> Result<Rows> {
        let mut statement = sql::for_version(statement, self.major);
        for (at, value) in parameters.iter().enumerate().rev() {
            statement = statement.replace(&format!("${}", at + 1), value);
        }
        let (answer, answered) = oneshot::channel();
        // Where the query queue is gone, so is the answer.
        drop(self.queries.send(CatalogQuery { what: what.into(), statement, answer }).await);
        let mut rows = answered.await.unwrap_or(Err(Error::Cancelled))?;
        if rows.has("gone") {
            rows.retain(|row| self.is_there(what, row))?;
        }
        Ok(rows)
    }

    /// A row whose column `gone`, class and oid, is not NULL speaks of something that is not there any more.
    fn is_there(&self, what: &str, row: &Row) -> Result<bool> {
        let [class, oid] = row.numbers("gone")?[..] else { return Ok(true) };
        let name = row.maybe("name").unwrap_or_default().unwrap_or_else(|| "without a name".into());
        let name = match row.maybe("schema").unwrap_or_default() {
            Some(schema) => format!("{what}: {schema}.{name}"),
            None => format!("{what}: {name}"),
        };
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).insert(Address { class, oid }, name);
        Ok(false)
    }

    /// What was found to be gone so far.
    pub(crate) fn gone(&self) -> Gone {
        std::mem::take(&mut *self.gone.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells people something that stops nothing.
    pub(crate) fn warn(&self, message: impl Into<String>, hint: impl Into<String>) {
        (self.events)(Event::Warning { message: message.into(), hint: Some(hint.into()) });
    }
}

impl QueryQueue<'_> {
    /// Answers until `reading`, which owns the source, is done with it.
    pub(crate) async fn serve<T>(self, reading: impl Future<Output = Result<T>>) -> Result<T> {
        let Self { lead, others, queue, again } = self;
        let queue = Arc::new(queue);
        let mut helping = JoinSet::new();
        for joining in others {
            helping.spawn(help(joining, Arc::clone(&queue), again.clone()));
        }
        let answer_all = async {
            let mut failed = None;
            while let Some(query) = next(&queue).await {
                // After the first error the transaction answers nothing more, and what it says instead is not the cause.
                if failed.is_some() {
                    continue;
                }
                match with_retry(lead, &query).await {
                    Ok(rows) => drop(query.answer.send(Ok(rows))),
                    Err(error) => failed = Some(error.while_doing(format!("read the catalog ({})", query.what))),
                }
            }
            failed
        };
        // The source goes with `reading`, and with it the queue.
        let (read, failed) = tokio::join!(reading, answer_all);
        let read = failed.map_or(read, Err)?;
        // They only say goodbye; who still waits for a connection need not have one.
        drop(tokio::time::timeout(GOODBYE, helping.join_all()).await);
        Ok(read)
    }
}

/// Asks again where the server met something that somebody was dropping: what is gone then is passed over by the next
/// answer, and on one server snapshot nothing is ever added.
async fn with_retry(lead: &mut Session, query: &CatalogQuery) -> Result<Rows> {
    let mut tries = 0;
    loop {
        match ask(lead, query).await {
            Err(error) if error.is_of_dropped() && lead.is_usable() && tries < TRIES => tries += 1,
            answer => return answer,
        }
        lead.run("ROLLBACK TO SAVEPOINT catalog_query; RELEASE SAVEPOINT catalog_query").await?;
    }
}

/// Asks in a savepoint, which ends with the locks that the answer took: to print a view takes one for each table that it
/// reads, and a transaction that is kept open would keep them all.
async fn ask(session: &mut Session, query: &CatalogQuery) -> Result<Rows> {
    let statement = &query.statement;
    session
        .query(format!("SAVEPOINT catalog_query; {statement}\n; ROLLBACK TO SAVEPOINT catalog_query; RELEASE SAVEPOINT catalog_query"))
        .await
}

async fn next(queue: &Pending) -> Option<CatalogQuery> {
    queue.lock().await.recv().await
}

/// Answers with a session that holds no locks. What it cannot answer (another session waits for a stronger lock, the
/// connection is lost) is left to the others, in the end to the lead, whose word counts.
async fn help(joining: Joining, queue: Arc<Pending>, again: mpsc::WeakSender<CatalogQuery>) {
    let Ok(mut session) = joining.await else { return };
    while let Some(query) = next(&queue).await {
        match ask(&mut session, &query).await {
            Ok(rows) => drop(query.answer.send(Ok(rows))),
            Err(_) => {
                // Whoever waits for the answer keeps the queue open.
                if let Some(queue) = again.upgrade() {
                    drop(queue.send(query).await);
                }
                return;
            }
        }
    }
    // A pooler keeps connections whose transaction has ended.
    drop(session.run("COMMIT").await);
    session.close().await;
}
