//! Copies all parts into the repository: workers on the lead's server snapshot, the largest part first.
//!
//! A worker whose connection drops, or whose transaction the server ends for the sake of another one, comes back to the
//! same server snapshot and repeats its part. A worker keeps no lock longer than it copies: the lead holds them all, and
//! more of them might not fit into the server's table of locks. A worker that cannot
//! lock a table at once gives the part to the lead, which holds the lock already: waiting behind somebody's exclusive
//! lock would never end. Only the loss of the lead ends a dump.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::blocks::{Blocks, rows_in};
use crate::dump::parts::Part;
use crate::error::{Cause, Error, Result, sqlstate};
use crate::pg::{Connector, Session, settings, snapshot};
use crate::progress::{Event, Events, stalls};
use crate::repository::{Stored, Writer};
use crate::text;

/// How often a part may lose its connection before the dump gives up.
const TRIES: u32 = 5;
/// The lead says something at least this often: network devices forget idle connections much sooner than keepalives
/// of two hours would notice.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long the lead is waited for, to learn whether it is what made a worker fail.
const LAST_BEAT: Duration = Duration::from_secs(5);
/// How long a worker waits for its permit before it looks whether there is still something to do.
const PATIENCE: Duration = Duration::from_millis(100);
/// Gives back the locks of the part before.
const RELEASE: &str = "ROLLBACK TO SAVEPOINT part; ";
/// What all workers share.
pub(super) struct Copying {
    pub(super) connector: Arc<Connector>,
    pub(super) writer: Writer,
    pub(super) events: Events,
    /// Name of the lead's server snapshot.
    pub(super) server_snapshot: String,
    /// Whether row security may hide rows, instead of failing.
    pub(super) settings: String,
    /// Permits for workers beyond the first, where other dumps run beside this one.
    pub(super) workers: Option<Arc<Semaphore>>,
    /// ` WITH (ENCODING '..')`: rows travel in the server's encoding, byte for byte.
    pub(super) copy_options: String,
}

/// A part and where its rows are now.
pub(super) type Copied = (Part, Stored);

impl Copying {
    /// Copies `parts` with `jobs` workers beside the lead's session, which stays usable.
    pub(super) async fn run(self, lead: &mut Session, parts: Vec<Part>, jobs: usize) -> Result<Vec<Copied>> {
        let count = parts.len();
        let workers = jobs.min(count);
        let shared = Arc::new(self);
        let queue = Arc::new(Mutex::new(VecDeque::from(parts)));
        let (to_lead, mut refused) = mpsc::channel(workers.max(1));
        let mut tasks = JoinSet::new();
        for at in 0..workers {
            let permits = shared.workers.clone().filter(|_| at > 0);
            tasks.spawn(Arc::clone(&shared).work(Arc::clone(&queue), to_lead.clone(), permits));
        }
        drop(to_lead);
        let mut copied = Vec::with_capacity(count);
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                Some(part) = refused.recv() => {
                    let stored = shared.copy(lead, &part).await?;
                    copied.push((part, stored));
                }
                done = tasks.join_next() => match done {
                    Some(Ok(Ok(done))) => copied.extend(done),
                    Some(Ok(Err(error))) => return Err(because(error, lead).await),
                    Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
                    None if refused.is_empty() => break,
                    None => (),
                },
                _ = heartbeat.tick() => beat(lead).await?,
            }
        }
        Ok(copied)
    }

    async fn work(
        self: Arc<Self>,
        queue: Arc<Mutex<VecDeque<Part>>>,
        to_lead: mpsc::Sender<Part>,
        permits: Option<Arc<Semaphore>>,
    ) -> Result<Vec<Copied>> {
        let mut copied = Vec::new();
        let mut permit = None;
        while let Some(permits) = permits.as_ref().filter(|_| permit.is_none()) {
            if queue.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return Ok(copied);
            }
            permit =
                tokio::time::timeout(PATIENCE, Arc::clone(permits).acquire_owned()).await.ok().and_then(Result::ok);
        }
        let mut session = None;
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(part) = next else { break };
            match self.attempt(&mut session, &part).await? {
                Some(stored) => copied.push((part, stored)),
                // The lead holds its end until all workers are done.
                None => drop(to_lead.send(part).await),
            }
        }
        if let Some(mut session) = session {
            session.run("COMMIT").await?;
        }
        Ok(copied)
    }

    /// Copies a part on the worker's session, made anew where it is gone; `None` where the table cannot be locked.
    async fn attempt(&self, session: &mut Option<Session>, part: &Part) -> Result<Option<Stored>> {
        let mut tries = 0;
        loop {
            match self.attempt_once(session, part).await {
                Ok(stored) => return Ok(Some(stored)),
                Err(error) if error.sqlstate() == Some(sqlstate::LOCK_NOT_AVAILABLE) => {
                    *session = None;
                    return Ok(None);
                }
                Err(error) if (error.is_disconnect() || error.is_conflict()) && tries < TRIES => {
                    *session = None;
                    tries += 1;
                    let lost = if error.is_disconnect() { "lost the connection" } else { "was interrupted" };
                    let message = format!("{lost} while copying {}: {}", part.table, error.explained());
                    let hint = Some(format!("copying the part again, try {tries} of {TRIES}"));
                    (self.events)(Event::Warning { message, hint });
                    tokio::time::sleep(Duration::from_millis(200) * 2u32.pow(tries)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn attempt_once(&self, session: &mut Option<Session>, part: &Part) -> Result<Stored> {
        let session = match session {
            Some(session) => session,
            none => {
                let mut new = self.connector.connect().await?;
                snapshot::join(&mut new, &self.server_snapshot).await?;
                new.run(&self.settings).await?;
                new.run("SAVEPOINT part").await?;
                none.insert(new)
            }
        };
        if let Some(table) = &part.lock {
            let lock = text![RELEASE, "LOCK TABLE ONLY ", table, " IN ACCESS SHARE MODE NOWAIT"];
            session.run(lock).await.map_err(|e| e.while_doing(format!("lock table {}", part.table)))?;
        }
        self.copy(session, part).await
    }

    /// Foreign tables are closed to every session, and opened only while somebody asked for one is copied.
    async fn copy(&self, session: &mut Session, part: &Part) -> Result<Stored> {
        let switch = settings::foreign_tables(session.version()).filter(|_| part.foreign);
        let Some((open, close)) = switch else { return self.copy_open(session, part).await };
        session.run(open).await?;
        let stored = self.copy_open(session, part).await?;
        session.run(close).await?;
        Ok(stored)
    }

    async fn copy_open(&self, session: &mut Session, part: &Part) -> Result<Stored> {
        let started = Instant::now();
        let (table, number, of) = (part.table.clone(), part.number, part.of);
        (self.events)(Event::PartStarted { table: table.clone(), part: number, of });
        let statement = text![part.copy, self.copy_options];
        let doing = &format!("copy {table}");
        let moved = &|block: &[u8]| {
            let rows = rows_in(block);
            (self.events)(Event::Moved { table: table.clone(), part: number, bytes: block.len() as u64, rows });
        };
        session.tell_stalls(stalls(&self.events, &part.table, "waiting for rows of"));
        let mut copy = session.copy_out(statement).await.map_err(|e| e.while_doing(doing))?;
        let blocks: Blocks<'_> = Box::pin(stream::try_unfold(&mut copy, |copy| async move {
            let block = copy.block().await.map_err(|e| e.while_doing(doing))?;
            Ok(block.map(|block| {
                moved(&block);
                (block, copy)
            }))
        }));
        let stored = self.writer.put(blocks, &part.table).await?;
        let rows = copy.rows().unwrap_or_default();
        if rows != stored.digest.rows {
            let problem = format!("the server says that it sent {rows} rows, and {} came", stored.digest.rows);
            return Err(Error::Postgres { doing: doing.clone(), source: Box::new(Cause::Protocol(problem)) });
        }
        let took = started.elapsed();
        (self.events)(Event::PartDone { table, part: number, of, rows, bytes: stored.digest.bytes, took });
        Ok(stored)
    }
}

/// Keeps the lead's connection from looking idle, and hears of its end.
async fn beat(lead: &mut Session) -> Result<()> {
    lead.run("select 1").await.map_err(|e| e.while_doing("keep the server snapshot"))
}

/// Why a worker failed: where the lead's session has ended and the server snapshot with it, what the server said to the
/// lead; a worker that comes back learns no more than that there is no such snapshot.
async fn because(error: Error, lead: &mut Session) -> Error {
    match tokio::time::timeout(LAST_BEAT, beat(lead)).await {
        Ok(Err(of_lead)) if of_lead.is_disconnect() => of_lead,
        _ => error,
    }
}
