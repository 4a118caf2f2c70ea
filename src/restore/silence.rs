//! Keeps event triggers of the target from seeing what a restore does for itself: the ledger, and tables in which rows
//! wait. What it creates for the user they do see, as they see every restore.
//!
//! It takes a right that superusers have. Without it they fire, and one that forbids to drop leaves an empty ledger.

use crate::error::Result;
use crate::pg::{Session, sql};
use crate::text;
use crate::text::Text;

/// First major version that can switch event triggers off. Before, only those fall silent that are not to fire always
/// or on replicas.
const SWITCH_SINCE: u32 = 17;

/// Keeps triggers and foreign keys quiet until the end of the transaction, but for those that are to fire always or on
/// replicas. `ALTER TABLE .. DISABLE TRIGGER` would lock the table, forget which triggers were disabled before, and
/// leave them disabled after a crash.
pub(crate) const REPLICA: &str = "SET LOCAL session_replication_role = replica";
/// Undoes it, where the transaction goes on.
pub(crate) const ORIGIN: &str = "SET LOCAL session_replication_role = DEFAULT";

/// Statements around what nobody is to see; none where nobody is there or nothing can be done about it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Silence {
    statements: Option<(Text, Text)>,
    /// Whether it is that of a replica, as which rows may be loaded anyway.
    replica: bool,
}

impl Silence {
    /// Asks the target. A restore works as `role`, where that is not the one that connects.
    pub(crate) async fn ask(session: &mut Session, role: Option<&Text>) -> Result<Self> {
        let roles = match role {
            Some(role) => text!["session_user, ", role.literal()],
            None => "current_user".into(),
        };
        let statement = sql::for_version(include_str!("silence.sql"), session.major());
        let statement = sql::with_list(&statement, "$roles", &roles);
        let rows = session.query(statement).await.map_err(|e| e.while_doing("look for event triggers"))?;
        let row = rows.one()?;
        let may = row.texts("may")?;
        if !row.boolean("any")? || may.is_empty() {
            return Ok(Self::default());
        }
        let replica = session.major() < SWITCH_SINCE;
        let (off, on): (Text, Text) = if replica {
            (REPLICA.into(), ORIGIN.into())
        } else {
            ("SET LOCAL event_triggers = off".into(), "SET LOCAL event_triggers = DEFAULT".into())
        };
        // What the role may not, the one that connects may.
        let as_itself = |statement: Text| match role.filter(|role| !may.contains(role)) {
            Some(role) => text!["SET LOCAL ROLE NONE; ", statement, "; SET LOCAL ROLE ", role.ident()],
            None => statement,
        };
        Ok(Self { statements: Some((as_itself(off), as_itself(on))), replica })
    }

    /// What makes it silent until [`Silence::end`] or the end of the transaction; without a final semicolon.
    pub(crate) fn begin(&self) -> Text {
        self.statements.as_ref().map(|(begin, _)| begin.clone()).unwrap_or_default()
    }

    /// What ends it.
    pub(crate) fn end(&self) -> Text {
        self.statements.as_ref().map(|(_, end)| end.clone()).unwrap_or_default()
    }

    /// The statement in silence. `quiet`: whether triggers of tables are kept quiet around it.
    pub(crate) fn around(&self, statement: Text, quiet: bool) -> Text {
        match &self.statements {
            Some((begin, end)) if !(quiet && self.replica) => text![begin, "; ", statement, "; ", end],
            _ => statement,
        }
    }
}
