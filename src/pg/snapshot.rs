//! The server snapshot that all sessions of a dump share.
//!
//! The lead locks tables first and takes the server snapshot with its first query, so that nothing can change between
//! the two; workers join it by name. A transaction that was begun here only reads.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::limits::LOCK_STATEMENT_BYTES;
use crate::pg::Session;
use crate::text;
use crate::text::Text;

/// How the lead takes its server snapshot.
#[derive(Clone, Debug, Default)]
pub struct SnapshotOptions {
    /// Wait for a moment at which the snapshot is safe from serialization anomalies; not on a standby.
    pub serializable_deferrable: bool,
    /// Join this exported snapshot instead of taking one.
    pub imported: Option<String>,
    /// Role to take in every transaction.
    pub role: Option<String>,
    /// How long to wait for all locks of one statement; for ever where it is not given.
    pub lock_timeout: Option<Duration>,
}

/// Begins the lead's transaction, locks `tables` (quoted names, in this order) and returns the name of the server
/// snapshot.
///
/// # Errors
///
/// Where a lock is not to be had, or the server fails; the transaction is then to be rolled back.
pub async fn lead(session: &mut Session, options: &SnapshotOptions, tables: &[Text]) -> Result<String> {
    let level = if options.serializable_deferrable { "SERIALIZABLE" } else { "REPEATABLE READ" };
    let deferrable = if options.serializable_deferrable { " DEFERRABLE" } else { "" };
    run(session, format!("BEGIN ISOLATION LEVEL {level} READ ONLY{deferrable}")).await?;
    if let Some(name) = &options.imported {
        run(session, text!["SET TRANSACTION SNAPSHOT ", Text::from(name.as_str()).literal()]).await?;
    }
    if let Some(role) = &options.role {
        let taken = session.run(take_role(role)).await;
        taken.map_err(|e| e.while_doing(format!("take role {role}")))?;
    }
    if let Some(timeout) = options.lock_timeout {
        run(session, format!("SET LOCAL lock_timeout = {}", timeout.as_millis())).await?;
    }
    for statement in lock_statements(tables) {
        session.run(statement).await.map_err(|e| e.while_doing("lock the tables"))?;
    }
    run(session, "SET LOCAL lock_timeout = 0").await?;
    if let Some(name) = &options.imported {
        return Ok(name.clone());
    }
    let rows = session.query("SELECT pg_catalog.pg_export_snapshot() AS name").await;
    let rows = rows.map_err(|e| e.while_doing("export the server snapshot"))?;
    Ok(rows.one()?.text("name")?.lossy().into_owned())
}

/// The statement by which a transaction does all that follows as this role.
#[must_use]
pub fn take_role(role: &str) -> String {
    format!("SET LOCAL ROLE {}", Text::from(role).ident().lossy())
}

/// Begins a worker's transaction on the server snapshot of this name.
///
/// # Errors
///
/// Where the lead is gone and its snapshot with it.
pub async fn join(session: &mut Session, name: &str) -> Result<()> {
    run(session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let joined = session.run(text!["SET TRANSACTION SNAPSHOT ", Text::from(name).literal()]).await;
    joined.map_err(|e| e.while_doing(format!("join the server snapshot {name}")))
}

/// Encoding of the database that this session sees.
#[must_use]
pub fn encoding(session: &Session) -> String {
    session.parameter("server_encoding").map_or_else(|| "UTF8".into(), |name| name.lossy().into_owned())
}

async fn run(session: &mut Session, statement: impl AsRef<[u8]>) -> Result<(), Error> {
    session.run(statement).await.map_err(|e| e.while_doing("begin a transaction on the server snapshot"))
}

/// `ONLY`: partitions and children are in the list themselves, those that are not wanted stay unlocked.
fn lock_statements(tables: &[Text]) -> Vec<Text> {
    let mut statements: Vec<Text> = Vec::new();
    let mut names: Vec<Text> = Vec::new();
    let mut bytes = 0;
    for (at, table) in tables.iter().enumerate() {
        bytes += table.as_bytes().len() + 7;
        names.push(text!["ONLY ", table]);
        if bytes >= LOCK_STATEMENT_BYTES || at + 1 == tables.len() {
            statements.push(text!["LOCK TABLE ", Text::join(&names, ", "), " IN ACCESS SHARE MODE"]);
            names.clear();
            bytes = 0;
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_come_in_statements_of_bounded_size() {
        assert!(lock_statements(&[]).is_empty());
        let tables: Vec<Text> = (0..10_000).map(|n| Text::from(format!("\"s\".\"table_{n}\""))).collect();
        let statements = lock_statements(&tables);
        assert!(statements.len() > 1);
        assert!(statements.iter().all(|s| s.as_bytes().len() < LOCK_STATEMENT_BYTES + 200));
        let names: usize = statements.iter().map(|s| s.lossy().matches("ONLY ").count()).sum();
        assert_eq!(names, tables.len());
    }
}
