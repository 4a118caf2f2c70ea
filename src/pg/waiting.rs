//! Tells who holds a lock that a session waits for: whoever may lock a table can keep a dump or a restore waiting for
//! ever, and people must learn whom to ask. It never ends a session by itself.

use std::time::Duration;

use crate::error::Result;
use crate::object::Name;
use crate::pg::{Connector, Row};
use crate::progress::{Event, Events};
use crate::text::Text;

/// How long a session may be busy before it is asked for the first time what it waits for; then after twice as long, and
/// so on.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest time between two such questions.
const PATIENCE_MAX: Duration = Duration::from_secs(600);

/// Does `work`, all of which happens in the server's process `process`, and warns meanwhile of those whose locks it waits
/// for. The question takes a connection of its own for a moment; where that cannot be had, nothing is told.
pub async fn told<T>(connector: &Connector, process: Option<i32>, events: &Events, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let Some(process) = process else { return work.await };
    let (mut patience, mut waited) = (PATIENCE, Duration::ZERO);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(patience) => {}
        }
        waited += patience;
        patience = (patience * 2).min(PATIENCE_MAX);
        let question = tokio::time::timeout(PATIENCE, holders(connector, process));
        let answer = tokio::select! {
            biased;
            done = &mut work => return done,
            answer = question => answer,
        };
        if let Ok(Ok(holders)) = answer {
            for holder in holders {
                events(Event::Warning { message: holder.message(waited), hint: Some(holder.hint()) });
            }
        }
    }
}

/// A session that keeps another one waiting.
#[derive(Debug)]
struct Holder {
    /// 0 where it is a prepared transaction.
    process: i32,
    /// Hidden from roles that may not see sessions of others.
    role: Option<Text>,
    application: Option<Text>,
    state: Option<Text>,
    seconds: u64,
    what: String,
}

async fn holders(connector: &Connector, process: i32) -> Result<Vec<Holder>> {
    let mut session = connector.connect().await?;
    let question = include_str!("waiting.sql").replace("$process", &process.to_string());
    let rows = session.query(question).await?;
    session.close().await;
    rows.iter().map(holder).collect()
}

fn holder(row: &Row) -> Result<Holder> {
    let what = match (row.maybe("schema")?, row.maybe("relation")?) {
        (Some(schema), Some(relation)) => format!("a lock on {}", Name::in_schema(schema, relation)),
        _ => format!("a lock of type {}", row.text("kind")?),
    };
    Ok(Holder {
        process: row.number("pid")?,
        role: row.maybe("role")?,
        application: row.maybe("application")?.filter(|name: &Text| !name.as_bytes().is_empty()),
        state: row.maybe("state")?,
        seconds: row.number("seconds")?,
        what,
    })
}

impl Holder {
    fn message(&self, waited: Duration) -> String {
        let waiting = format!("waiting for {} for {} s", self.what, waited.as_secs());
        if self.process == 0 {
            return format!("{waiting}, behind a prepared transaction");
        }
        let role = self.role.as_ref().map(|role| format!(" of role {role}")).unwrap_or_default();
        let application = self.application.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        let state = self.state.as_ref().map(|state| format!(", {state}, in a transaction since {} s", self.seconds));
        format!("{waiting}, behind process {}{role}{application}{}", self.process, state.unwrap_or_default())
    }

    fn hint(&self) -> String {
        match self.process {
            0 => "SELECT * FROM pg_prepared_xacts names it; commit it or roll it back".into(),
            process => format!("let it end its transaction, or end it: SELECT pg_terminate_backend({process})"),
        }
    }
}
