//! The scratch database of a drill: made for it, and gone after it, also where an earlier drill could not clean up.
//!
//! A transaction on a maintenance database, which looks at nothing and so keeps nothing from being cleaned up, holds an
//! advisory lock by the name of the scratch database for as long as the drill lives. Whoever finds a scratch database
//! without its lock knows that its drill was killed.

use crate::error::Result;
use crate::hash::StoredId;
use crate::pg::settings::Purpose;
use crate::pg::{Config, Connector, Session, maintenance};
use crate::progress::{Event, Events};
use crate::repository::new_uid;
use crate::text;
use crate::text::Text;

/// How the names of scratch databases begin that go away.
const PREFIX: &str = "pgkeep_drill_";

/// How those begin that are to be kept.
const KEPT: &str = "pgkeep_kept_";

/// Drops all subscriptions of a database without telling their publishers.
const FORGET_SUBSCRIPTIONS: &str = "DO $$ DECLARE name pg_catalog.name; BEGIN
    FOR name IN SELECT s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
                WHERE d.datname = pg_catalog.current_database() LOOP
        EXECUTE pg_catalog.format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', name);
        EXECUTE pg_catalog.format('DROP SUBSCRIPTION %I', name);
    END LOOP; END $$";

/// First key of the advisory locks.
const LOCK: i32 = 0x7067_6b72;

/// A name for a scratch database that no other drill uses while this lives.
pub(super) struct Scratch {
    pub(super) name: String,
    keep: bool,
    server: Config,
    /// Holds the lock.
    session: Session,
}

impl Scratch {
    /// Takes a name, and drops what drills that were killed have left on the server.
    pub(super) async fn claim(server: &Config, keep: bool, events: &Events) -> Result<Self> {
        let mut session = maintenance::connect(server).await?;
        sweep(server, &mut session, events).await?;
        let name = format!("{}{}", if keep { KEPT } else { PREFIX }, &new_uid()[..12]);
        let lock = format!("SELECT pg_catalog.pg_advisory_xact_lock({LOCK}, {})", key(&name));
        session.run(format!("BEGIN; {lock}")).await?;
        Ok(Self { name, keep, server: server.clone(), session })
    }

    /// Drops the database, unless it is to be kept. Where that fails, people are told its name.
    pub(super) async fn end(mut self, events: &Events) -> Result<()> {
        if self.keep {
            return Ok(());
        }
        let name = Text::from(self.name.as_str());
        forget_subscriptions(&self.server, &self.name).await;
        let statement = text!["DROP DATABASE IF EXISTS ", name.ident(), " WITH (FORCE)"];
        let mut dropped = self.session.run("COMMIT").await;
        if dropped.is_ok() {
            dropped = self.session.run_alone(&statement).await;
        }
        if dropped.as_ref().is_err_and(crate::Error::is_disconnect) {
            dropped = match maintenance::connect(&self.server).await {
                Ok(mut session) => session.run_alone(&statement).await,
                Err(error) => Err(error),
            };
        }
        dropped.map_err(|error| {
            events(Event::Warning {
                message: format!("the scratch database {name} is still on the server"),
                hint: Some(format!("the next drill there drops it, or DROP DATABASE {}", name.ident())),
            });
            error.while_doing(format!("drop the scratch database {name}"))
        })
    }
}

/// Subscriptions keep a database from being dropped; those of a scratch database never had a slot of their own. Where it
/// was never created, or a connection is lost, the drop tells what is wrong.
async fn forget_subscriptions(server: &Config, name: &str) {
    if let Ok(mut session) = Connector::new(server.with_database(name)).connect().await {
        session.pin(Purpose::Loading, "UTF8");
        drop(session.run(FORGET_SUBSCRIPTIONS).await);
    }
}

/// Drops the scratch databases of drills that do not live any more.
async fn sweep(server: &Config, session: &mut Session, events: &Events) -> Result<()> {
    let statement =
        format!("SELECT datname AS name FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname, '{PREFIX}')");
    let rows = session.query(statement).await.map_err(|e| e.while_doing("look for scratch databases"))?;
    for row in &rows {
        let name = row.text("name")?;
        let key = key(&name.lossy());
        let lock = format!("SELECT pg_catalog.pg_try_advisory_xact_lock({LOCK}, {key}) AS free");
        if !session.query(lock).await?.one()?.boolean("free")? {
            continue;
        }
        forget_subscriptions(server, &name.lossy()).await;
        // Not by force: somebody may look at it.
        let dropped = session.run_alone(text!["DROP DATABASE IF EXISTS ", name.ident()]).await;
        let (message, hint) = match dropped {
            Ok(()) => (format!("dropped scratch database {name}, which a drill that was killed had left"), None),
            Err(error) => {
                let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                (
                    format!("scratch database {name} of a drill that was killed cannot be dropped: {why}"),
                    Some(format!("DROP DATABASE {} WITH (FORCE)", name.ident())),
                )
            }
        };
        events(Event::Warning { message, hint });
    }
    Ok(())
}

/// Second key of the lock for a name.
fn key(name: &str) -> i32 {
    let [a, b, c, d, ..] = StoredId::of(name.as_bytes()).0;
    i32::from_be_bytes([a, b, c, d])
}
