//! Where sequences stand. They are not transactional: read them after the server snapshot, never before, so that a
//! dumped sequence may be ahead of the dumped rows but never behind.

use crate::error::Result;
use crate::pg::{Row, Session, sql};
use crate::text;
use crate::text::Text;

/// Where a sequence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Oid of the sequence.
    pub oid: u32,
    /// Last value given out, or the first to come.
    pub last_value: i64,
    /// Whether `last_value` was given out.
    pub is_called: bool,
}

/// Sequences in one statement of the second question; a statement of a hundred kilobytes is still quick to parse.
const BATCH: usize = 1000;

/// How often sequences may be dropped between list and look.
const TRIES: u32 = 10;

/// Positions of all sequences that the role may read. The number of queries is one, and one more a thousand sequences
/// that were never called.
///
/// # Errors
///
/// Where the server fails.
pub async fn positions(session: &mut Session) -> Result<Vec<Position>> {
    let mut tries = 0;
    loop {
        // To read a position takes a lock, which would be kept as long as the transaction.
        session.run("SAVEPOINT positions").await?;
        let read = read(session).await;
        if read.is_ok() || session.is_usable() {
            session.run("ROLLBACK TO SAVEPOINT positions; RELEASE SAVEPOINT positions").await?;
        }
        match read {
            // One that was dropped is not listed the next time.
            Err(error) if error.is_of_dropped() && tries < TRIES => tries += 1,
            read => return read,
        }
    }
}

async fn read(session: &mut Session) -> Result<Vec<Position>> {
    let doing = "read the positions of sequences";
    let statement = sql::for_version(include_str!("positions.sql"), session.major());
    let rows = session.query(statement).await.map_err(|e| e.while_doing(doing))?;
    let mut known = Vec::with_capacity(rows.len());
    let mut asked = Vec::new();
    for row in &rows {
        match row.maybe_number("last_value")? {
            Some(last_value) => {
                let is_called = row.boolean("is_called")?;
                known.push(Position { oid: row.number("oid")?, last_value, is_called });
            }
            None => asked.push(question(row)?),
        }
    }
    for batch in asked.chunks(BATCH) {
        let rows = session.query(Text::join(batch, " union all ")).await.map_err(|e| e.while_doing(doing))?;
        for row in &rows {
            let position = Position {
                oid: row.number("oid")?,
                last_value: row.number("last_value")?,
                is_called: row.boolean("is_called")?,
            };
            known.push(position);
        }
    }
    Ok(known)
}

fn question(row: &Row) -> Result<Text> {
    let name = text![row.text("schema")?.ident(), ".", row.text("name")?.ident()];
    Ok(text!["select ", row.text("oid")?, "::pg_catalog.oid as oid, last_value, is_called from ", name])
}
