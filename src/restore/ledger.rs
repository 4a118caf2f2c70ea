//! The ledger on the target: which parts and objects of a restore are done.
//!
//! A row is written in the transaction of the very work it stands for. A connection that is lost during COMMIT leaves
//! it open whether the work is done, and a blind second try would double rows; the ledger knows. It goes away at the
//! end of a restore that succeeds.

use std::collections::HashSet;

use crate::error::Result;
use crate::hash::StoredId;
use crate::object::ObjectId;
use crate::pg::Session;
use crate::text;
use crate::text::Text;

/// Schema of the ledger on the target.
pub(crate) const SCHEMA: &str = "pgkeep_restore";

/// One unit of work that is done wholly or not at all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Item {
    /// Everything before the rows.
    PreData,
    /// One part of an object's rows.
    Part(ObjectId, u32),
    /// Positions of all sequences.
    Sequences,
    /// An object after the rows.
    Object(ObjectId),
}

impl Item {
    fn key(self) -> String {
        match self {
            Self::PreData => "pre-data".into(),
            Self::Part(object, part) => format!("part {} {part}", object.0),
            Self::Sequences => "sequences".into(),
            Self::Object(object) => format!("object {}", object.0),
        }
    }
}

/// The ledger of one restore of one snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    snapshot: Text,
}

impl Ledger {
    pub(crate) fn new(snapshot: StoredId) -> Self {
        Self { snapshot: Text::from(snapshot.to_string()) }
    }

    /// Statement that makes the place for it.
    pub(crate) fn create() -> String {
        format!(
            "CREATE SCHEMA IF NOT EXISTS {SCHEMA}; CREATE TABLE IF NOT EXISTS {SCHEMA}.ledger \
             (snapshot pg_catalog.text NOT NULL, item pg_catalog.text NOT NULL, \
             done pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), PRIMARY KEY (snapshot, item))"
        )
    }

    /// Statement that removes it.
    pub(crate) fn remove() -> String {
        format!("DROP TABLE IF EXISTS {SCHEMA}.ledger; DROP SCHEMA IF EXISTS {SCHEMA}")
    }

    /// Statement that records an item.
    pub(crate) fn record(&self, item: Item) -> Text {
        let key = Text::from(item.key());
        text!["INSERT INTO ", SCHEMA, ".ledger VALUES (", self.snapshot.literal(), ", ", key.literal(), ")"]
    }

    /// Whether an item is done.
    pub(crate) async fn has(&self, session: &mut Session, item: Item) -> Result<bool> {
        Ok(self.done(session).await?.contains(&Text::from(item.key())))
    }

    async fn done(&self, session: &mut Session) -> Result<HashSet<Text>> {
        let statement = text!["SELECT item FROM ", SCHEMA, ".ledger WHERE snapshot = ", self.snapshot.literal()];
        let rows = session.query(statement).await.map_err(|e| e.while_doing("read the ledger of the restore"))?;
        rows.iter().map(|row| row.text("item")).collect()
    }
}
