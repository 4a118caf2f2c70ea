//! The lead session of a dump: locks, server snapshot, and what it shows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::catalog::{self, Joining, Lockable, Size};
use crate::dump::Options;
use crate::dump::chosen::Chosen;
use crate::dump::facts::{self, Facts};
use crate::dump::unreadable::Unreadable;
use crate::error::{Error, Result};
use crate::pg::snapshot::Taking;
use crate::pg::{Connector, Session, snapshot, waiting};
use crate::progress::{Event, Events};
use crate::text::Text;

/// How often locks and server snapshot are tried anew when tables come or are rewritten in between.
const TRIES: u32 = 5;
/// Sessions that read the catalog beside the lead at most: there are a few long queries.
const CATALOG_SESSIONS: usize = 2;
const CATALOG_LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '1s'";
/// `undefined_table`: dropped after it was listed.
const UNDEFINED_TABLE: &str = "42P01";

/// A session that holds all locks and the server snapshot, and what it has read.
pub(super) struct Lead {
    pub(super) session: Session,
    /// Name of the server snapshot.
    pub(super) server_snapshot: String,
    since: Instant,
    pub(super) facts: Facts,
    pub(super) chosen: Chosen,
    /// Sizes of all tables by oid.
    pub(super) sizes: HashMap<u32, Size>,
}

impl Lead {
    /// Connects, locks every table that the dump will read, takes the server snapshot and reads the catalog.
    ///
    /// A table that appears or is rewritten between list, lock and server snapshot starts it over: it would be missing,
    /// or look empty.
    pub(super) async fn begin(connector: &Arc<Connector>, options: &Options, events: &Events) -> Result<Self> {
        events(Event::Step { step: "connect" });
        let mut session = connector.connect().await?;
        for _ in 0..TRIES {
            match attempt(connector, &mut session, options, events).await? {
                Ok(held) => return Ok(held.with(session)),
                Err(problem) => {
                    let hint = Some("starting over with a new server snapshot".into());
                    events(Event::Warning { message: problem, hint });
                    session.run("ROLLBACK").await?;
                }
            }
        }
        let database = &connector.config().database;
        Err(Error::unsupported(
            format!("tables of database {database} were created, dropped or rewritten at every try"),
            "dump when no migration is running",
        ))
    }

    /// Ends the transaction and with it the server snapshot; answers how long it was held.
    pub(super) async fn end(mut self) -> Result<Duration> {
        self.session.run("COMMIT").await.map_err(|e| e.while_doing("end the server snapshot"))?;
        let held = self.since.elapsed();
        self.session.close().await;
        Ok(held)
    }
}

/// Everything of a lead but its session.
struct Held {
    server_snapshot: String,
    since: Instant,
    facts: Facts,
    chosen: Chosen,
    sizes: HashMap<u32, Size>,
}

impl Held {
    fn with(self, session: Session) -> Lead {
        let Self { server_snapshot, since, facts, chosen, sizes } = self;
        Lead { session, server_snapshot, since, facts, chosen, sizes }
    }
}

/// One try; the inner error says what moved.
async fn attempt(
    connector: &Arc<Connector>,
    session: &mut Session,
    options: &Options,
    events: &Events,
) -> Result<std::result::Result<Held, String>> {
    let listed = catalog::lockable(session).await?;
    let unreadable = Unreadable::read(session).await?;
    let wanted = wanted(connector, session, &listed, &unreadable, options, events).await?;
    let names: Vec<Text> = listed.iter().filter(|t| wanted.contains(&t.oid)).map(|t| t.name.sql()).collect();
    events(Event::Step { step: "lock tables" });
    let process = session.process();
    let locking = snapshot::lead(session, &options.taking, &names);
    let server_snapshot = match waiting::told(connector, process, events, locking).await {
        Ok(name) => name,
        Err(error) if error.sqlstate() == Some(UNDEFINED_TABLE) => return Ok(Err("a table was dropped".into())),
        Err(error) => return Err(error),
    };
    session.run(options.settings()).await?;
    let since = Instant::now();
    events(Event::ServerSnapshot { name: server_snapshot.clone() });
    // Definitions alone need no look at files, and an old file would hide no row.
    let rows = !options.selection.schema_only;
    let sizes = if rows { catalog::sizes(session).await? } else { HashMap::new() };
    let rewritten =
        |table: &&Lockable| wanted.contains(&table.oid) && sizes.get(&table.oid).is_some_and(Size::rewritten);
    if let Some(table) = listed.iter().find(rewritten) {
        return Ok(Err(format!("table {} was rewritten or truncated before it could be locked", table.name)));
    }
    events(Event::Step { step: "read catalog" });
    let facts = facts::read(session).await?;
    let others = others(connector, &server_snapshot, options);
    let objects = waiting::told(connector, process, events, catalog::load(session, others, events)).await?;
    let listed = catalog::lockable(session).await?;
    let chosen = Chosen::new(objects, &listed, &unreadable, facts.standby, options, events)?;
    let read = chosen.tables();
    if let Some(new) = listed.iter().find(|t| read.contains(&t.oid) && is_lockable(t) && !wanted.contains(&t.oid)) {
        return Ok(Err(format!("table {} appeared before it could be locked", new.name)));
    }
    Ok(Ok(Held { server_snapshot, since, facts, chosen, sizes }))
}

/// Oids of the tables to lock. Where only some are asked for, the catalog has to be read once before, without locks.
async fn wanted(
    connector: &Arc<Connector>,
    session: &mut Session,
    listed: &[Lockable],
    unreadable: &Unreadable,
    options: &Options,
    events: &Events,
) -> Result<HashSet<u32>> {
    let lockable = listed.iter().filter(|table| is_lockable(table) && (!table.member || table.configuration));
    let all: HashSet<u32> = lockable.map(|table| table.oid).collect();
    if options.selection.wants_all_tables() {
        return Ok(all);
    }
    let server_snapshot = snapshot::lead(session, &Taking::default(), &[]).await?;
    let others = others(connector, &server_snapshot, options);
    let objects = catalog::load(session, others, events).await?;
    let standby = session.query("select pg_catalog.pg_is_in_recovery() as yes").await?.one()?.boolean("yes")?;
    session.run("ROLLBACK").await?;
    let chosen = Chosen::new(objects, listed, unreadable, standby, options, &crate::progress::silent())?;
    Ok(chosen.tables().intersection(&all).copied().collect())
}

/// Sessions that help to read the catalog, never more than will copy rows later.
fn others(connector: &Arc<Connector>, server_snapshot: &str, options: &Options) -> Vec<Joining> {
    let join = |_| {
        let (connector, server_snapshot) = (Arc::clone(connector), server_snapshot.to_owned());
        let joining: Joining = Box::pin(async move {
            let mut session = connector.connect().await?;
            snapshot::join(&mut session, &server_snapshot).await?;
            // Without locks of its own it could wait for ever behind somebody who waits for the lead's.
            session.run(CATALOG_LOCK_TIMEOUT).await?;
            Ok(session)
        });
        joining
    };
    (0..options.jobs.min(CATALOG_SESSIONS)).map(join).collect()
}

/// Locking takes the privilege to read; a table that this role may not read is described without a lock.
fn is_lockable(table: &Lockable) -> bool {
    table.readable
}
