//! The schema in which a restore keeps its books on the target, told from one that somebody else made under its name.
//!
//! Whoever may create schemas in a database may have prepared one, with triggers, rules or defaults that run as the role
//! that restores. Nothing in it is read or written before this was asked.

use crate::catalog::draft::Draft;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::{Row, Session};
use crate::text::Text;

/// Its name.
pub(crate) const SCHEMA: &str = "pgkeep_restore";

/// The query for it, one row where it is there.
pub(crate) const QUERY: &str = include_str!("bookkeeping.sql");

/// A schema of that name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Bookkeeping {
    /// Who owns it.
    pub(crate) owner: Text,
    /// Whether that is the current role of the session, for all that is in it.
    pub(crate) mine: bool,
    /// The first thing that pgkeep would not have made.
    pub(crate) fault: Option<Text>,
}

impl Bookkeeping {
    /// From a row of [`QUERY`].
    pub(crate) fn of(row: &Row) -> Result<Self> {
        Ok(Self { owner: row.text("owner")?, mine: row.boolean("mine")?, fault: row.maybe("fault")? })
    }

    /// Looks whether it is there.
    pub(crate) async fn read(session: &mut Session) -> Result<Option<Self>> {
        let rows = session.query(QUERY).await.map_err(|e| e.while_doing("look for an unfinished restore"))?;
        rows.iter().next().map(Self::of).transpose()
    }

    /// Whether a database has it, as a restore makes it and whoever owns it. Such a one is no part of the database.
    pub(crate) async fn is_in(source: &Source) -> Result<bool> {
        let rows = source.query("the ledger of a restore", QUERY).await?;
        Ok(rows.iter().next().map(Self::of).transpose()?.is_some_and(|there| there.fault.is_none()))
    }

    /// Why the current role must not use it.
    pub(crate) fn objection(&self) -> Option<String> {
        match &self.fault {
            Some(fault) => Some(fault.lossy().into_owned()),
            None if !self.mine => Some(format!("it belongs to role {}", self.owner)),
            None => None,
        }
    }
}

/// Whether a name is that of the schema, or of something in it.
pub(crate) fn holds(name: &Name) -> bool {
    name.schema.as_ref().unwrap_or(&name.name) == SCHEMA
}

/// Takes the ledger of a restore out of what was read, and tells that it is there.
pub(crate) fn leave_out(drafts: &mut Vec<Draft>, source: &Source) {
    drafts.retain(|draft| !holds(&draft.name) || draft.name.schema.is_none() && draft.kind != Kind::Schema);
    source.warn(
        format!("a restore into this database has not ended: its ledger, schema {SCHEMA}, is not dumped"),
        "what was restored so far is; `restore --resume` brings the rest",
    );
}
