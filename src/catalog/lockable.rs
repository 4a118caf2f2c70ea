//! The tables that a dump has to lock before it takes the server snapshot, and what stands in the way of reading them.

use crate::catalog::bookkeeping::{self, Bookkeeping};
use crate::error::Result;
use crate::object::Name;
use crate::pg::{Row, Session};

/// A table or partitioned table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lockable {
    /// Oid in `pg_class`.
    pub oid: u32,
    /// Schema and name.
    pub name: Name,
    /// Whether it is partitioned and has no rows of its own.
    pub partitioned: bool,
    /// Whether it is UNLOGGED: not readable on a standby.
    pub unlogged: bool,
    /// Whether the role may SELECT from it, USAGE of its schema included.
    pub readable: bool,
    /// Whether row security would hide rows from the role.
    pub filtered: bool,
    /// Whether it was dropped since the server snapshot.
    pub gone: bool,
    /// Whether it belongs to an extension, so that its definition is not kept.
    pub member: bool,
    /// Whether it is a configuration table of an extension, so that its rows are kept.
    pub configuration: bool,
}

/// Lists them in order of oid, which keeps two dumps from waiting for each other. One query.
///
/// # Errors
///
/// Where the server fails.
pub async fn lockable(session: &mut Session) -> Result<Vec<Lockable>> {
    let rows = session.query(include_str!("lockable.sql")).await.map_err(|e| e.while_doing("list the tables"))?;
    let listed = rows.iter().map(lockable_of).collect::<Result<Vec<_>>>()?;
    let (own, mut others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|table| bookkeeping::holds(&table.name));
    // A lock would keep the restore from ending.
    if !own.is_empty() && Bookkeeping::read(session).await?.is_none_or(|there| there.fault.is_some()) {
        others.extend(own);
        others.sort_by_key(|table| table.oid);
    }
    Ok(others)
}

fn lockable_of(row: &Row) -> Result<Lockable> {
    Ok(Lockable {
        oid: row.number("oid")?,
        name: Name::in_schema(row.text("schema")?, row.text("name")?),
        partitioned: row.letter("relkind")? == 'p',
        unlogged: row.letter("relpersistence")? == 'u',
        readable: row.boolean("usable")? && row.boolean("readable")?,
        filtered: row.boolean("filtered")?,
        gone: row.boolean("gone")?,
        member: row.boolean("member")?,
        configuration: row.boolean("configuration")?,
    })
}
