//! The lead session of a dump: locks, server snapshot, and what it shows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::catalog::{self, Joining, LeftOut, Lockable, Size};
use crate::dump::chosen::Chosen;
use crate::dump::facts::{self, Facts};
use crate::dump::options::Options;
use crate::dump::unreadable::Unreadable;
use crate::error::{Error, Result};
use crate::object::{Kind, Object};
use crate::pg::snapshot::SnapshotOptions;
use crate::pg::{Connector, Session, snapshot, waiting};
use crate::progress::{Event, Events, Step};
use crate::text::Text;

/// How often locks and server snapshot are tried anew when somebody changes definitions in between.
const TRIES: u32 = 10;
/// The try from which on objects that were dropped while the catalog was read are left out. Before, a new server
/// snapshot shows whether something else came in their place.
const LEAVING_OUT: u32 = 3;
/// Why something is missing that the database has.
const RETURNED: &str = "dropped while the catalog was read, or made of what was, and there again";
/// Names of dropped objects that are told.
const NAMED: usize = 10;
/// Sessions that read the catalog beside the lead at most: there are a few long queries.
const CATALOG_SESSIONS: usize = 2;
/// Between two tries, times their number.
const PAUSE: Duration = Duration::from_millis(50);
const CATALOG_LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '1s'";

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
        events(Event::Step { step: Step::Connect });
        let mut session = connector.connect().await?;
        for at in 1..=TRIES {
            let problem = match Box::pin(attempt(connector, &mut session, options, at >= LEAVING_OUT, events)).await {
                Ok(Ok(held)) => return Ok(held.with(session)),
                Ok(Err(problem)) => problem,
                Err(error) if is_passing(&error) && at < TRIES => error.explained(),
                Err(error) => return Err(error),
            };
            let hint = Some(format!("starting over with a new server snapshot, try {} of {TRIES}", at + 1));
            if at < TRIES {
                events(Event::Warning { message: problem, hint });
                // A standby ends the session of whoever is in its way, also between two statements.
                if !session.is_usable() || session.run("ROLLBACK").await.is_err() {
                    session = connector.connect().await?;
                }
                tokio::time::sleep(PAUSE * at).await;
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
    leaving_out: bool,
    events: &Events,
) -> Result<std::result::Result<Held, String>> {
    let (listed, unreadable) = look(session, options).await?;
    let wanted = wanted(connector, session, &listed, &unreadable, options, events).await?;
    let names: Vec<Text> = listed.iter().filter(|t| wanted.contains(&t.oid)).map(|t| t.name.sql()).collect();
    events(Event::Step { step: Step::LockTables });
    let process = session.process();
    let locking = snapshot::lead(session, &options.snapshot, &names);
    let server_snapshot = waiting::told(connector, process, events, locking).await?;
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
    events(Event::Step { step: Step::ReadCatalog });
    let facts = facts::read(session).await?;
    let others = others(connector, &server_snapshot, options);
    let loaded = waiting::told(connector, process, events, catalog::load(session, others, events)).await?;
    if let Some(problem) = dropped(&loaded.gone) {
        if !leaving_out {
            return Ok(Err(problem));
        }
        let hint = Some("they are not in the snapshot; the next dump has what came in their place".into());
        events(Event::Warning { message: problem, hint });
    }
    let returned = returned(connector, session, loaded.gone).await?;
    let listed = catalog::lockable(session).await?;
    // A table of the server snapshot that is gone and was never locked: what was read of it cannot be relied on.
    let objects: Vec<Object> = loaded.objects;
    if let Some(table) =
        listed.iter().find(|table| table.gone && objects.iter().any(|o| o.oid == table.oid && is_table(o)))
    {
        return Ok(Err(format!("table {} was dropped before it could be locked", table.name)));
    }
    let mut chosen =
        Chosen::new(objects, &listed, &unreadable, facts.standby, &with_public(options, loaded.public), events)?;
    chosen.left_out = returned.len();
    chosen.missing.extend(returned.into_iter().map(|one| (Text::from(one.what), RETURNED.into())));
    let read = chosen.tables();
    if let Some(new) = listed.iter().find(|t| read.contains(&t.oid) && is_lockable(t) && !wanted.contains(&t.oid)) {
        return Ok(Err(format!("table {} appeared before it could be locked", new.name)));
    }
    Ok(Ok(Held { server_snapshot, since, facts, chosen, sizes }))
}

/// The tables and what is closed, as the role that reads them sees it.
async fn look(session: &mut Session, options: &Options) -> Result<(Vec<Lockable>, Unreadable)> {
    let Some(role) = &options.snapshot.role else {
        return Ok((catalog::lockable(session).await?, Unreadable::read(session).await?));
    };
    let taken = session.run(format!("BEGIN; {}", snapshot::take_role(role))).await;
    taken.map_err(|e| e.while_doing(format!("take role {role}")))?;
    let seen = (catalog::lockable(session).await?, Unreadable::read(session).await?);
    session.run("ROLLBACK").await?;
    Ok(seen)
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
    let only_role = SnapshotOptions { role: options.snapshot.role.clone(), ..SnapshotOptions::default() };
    let server_snapshot = snapshot::lead(session, &only_role, &[]).await?;
    let others = others(connector, &server_snapshot, options);
    let loaded = catalog::load(session, others, events).await?;
    let standby = session.query("select pg_catalog.pg_is_in_recovery() as yes").await?.one()?.boolean("yes")?;
    session.run("ROLLBACK").await?;
    let options = &with_public(options, loaded.public);
    let chosen = Chosen::new(loaded.objects, listed, unreadable, standby, options, &crate::progress::silent())?;
    Ok(chosen.tables().intersection(&all).copied().collect())
}

/// Whether another try may go better: something was dropped under it, two sessions waited for each other, or a standby
/// had to go on.
fn is_passing(error: &Error) -> bool {
    error.is_conflict() || error.is_of_dropped()
}

/// What was left out of the objects, and what the database has again or still: a snapshot without it is not complete.
/// What was dropped for good is no loss; no later snapshot would have it either.
async fn returned(connector: &Connector, session: &mut Session, gone: Vec<LeftOut>) -> Result<Vec<LeftOut>> {
    if gone.is_empty() {
        return Ok(gone);
    }
    // Its own connection: this transaction sees what was there at the server snapshot. Without one, nothing is known.
    let Ok(mut now) = connector.connect().await else { return Ok(gone) };
    let returned = catalog::of_the_living(session, &mut now, &gone).await?;
    now.close().await;
    Ok(returned)
}

/// Says what was dropped while the catalog was read, if anything.
fn dropped(gone: &[LeftOut]) -> Option<String> {
    if gone.is_empty() {
        return None;
    }
    let named = gone.iter().take(NAMED).map(|one| one.what.as_str()).collect::<Vec<_>>().join(", ");
    let more = gone.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("dropped while the catalog was read: {named}{more}"))
}

fn is_table(object: &Object) -> bool {
    object.kind == Kind::Table
}

/// A schema `public` that is as in a new database is no object, and can be chosen all the same.
fn with_public(options: &Options, public: bool) -> Options {
    let mut options = options.clone();
    options.selection.public = public;
    options
}

/// Sessions that help to read the catalog, never more than will copy rows later.
fn others(connector: &Arc<Connector>, server_snapshot: &str, options: &Options) -> Vec<Joining> {
    let join = |_| {
        let (connector, server_snapshot) = (Arc::clone(connector), server_snapshot.to_owned());
        let settings = options.settings();
        let joining: Joining = Box::pin(async move {
            let mut session = connector.connect().await?;
            snapshot::join(&mut session, &server_snapshot).await?;
            session.run(settings).await?;
            // Without locks of its own it could wait for ever behind somebody who waits for the lead's.
            session.run(CATALOG_LOCK_TIMEOUT).await?;
            Ok(session)
        });
        joining
    };
    // Beside others each has one, as later one worker is sure to each.
    let most = if options.among.is_some() { 1 } else { CATALOG_SESSIONS };
    (0..options.jobs.min(most)).map(join).collect()
}

/// Locking takes the privilege to read; a table that this role may not read is described without a lock.
fn is_lockable(table: &Lockable) -> bool {
    table.readable
}
