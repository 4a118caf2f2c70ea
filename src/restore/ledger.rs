//! The ledger on the target: which parts and objects of a restore are done.
//!
//! A row is written in the transaction of the very work it stands for. A connection that is lost during COMMIT leaves
//! it open whether the work is done, and a blind second try would double rows; the ledger knows. It goes away at the
//! end of a restore; one that stopped is continued from it.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::hash::StoredId;
use crate::object::ObjectId;
use crate::pg::Session;
use crate::text;
use crate::text::Text;

/// Schema of the ledger on the target.
pub(crate) const SCHEMA: &str = "pgkeep_restore";

/// How the row begins that names the selection.
const SELECTION: &[u8] = b"selection ";

/// One unit of work that is done wholly or not at all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Item {
    /// Removal of what will be created.
    Drops(usize),
    /// A batch of objects before the rows.
    PreData(usize),
    /// One part of an object's rows.
    Part(ObjectId, u32),
    /// Positions of all sequences.
    Sequences,
    /// An object after the rows.
    Object(ObjectId),
    /// The check of a foreign key that was added without one.
    Validation(ObjectId),
    /// Grants on all objects.
    Grants,
    /// An object that could not be created in a batch that is done.
    Lost(ObjectId),
}

impl Item {
    fn key(self) -> Text {
        Text::from(match self {
            Self::Drops(batch) => format!("drops {batch}"),
            Self::PreData(batch) => format!("pre-data {batch}"),
            Self::Part(object, part) => format!("part {} {part}", object.0),
            Self::Sequences => "sequences".into(),
            Self::Object(object) => format!("object {}", object.0),
            Self::Validation(object) => format!("validation {}", object.0),
            Self::Grants => "grants".into(),
            Self::Lost(object) => format!("lost {}", object.0),
        })
    }
}

/// What a restore writes its rows under.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ledger {
    pub(crate) snapshot: Text,
    /// Fingerprint of what was chosen and how it is written: numbers of batches mean nothing with another choice.
    pub(crate) selection: Text,
}

/// What a restore that stopped left on the target.
#[derive(Debug)]
pub(crate) struct Unfinished {
    pub(crate) ledger: Ledger,
    done: HashSet<Text>,
}

impl Unfinished {
    /// Looks for a ledger in the session's database.
    pub(crate) async fn read(session: &mut Session) -> Result<Option<Self>> {
        let doing = |e: Error| e.while_doing("look for an unfinished restore");
        let there = format!("SELECT pg_catalog.to_regclass('{SCHEMA}.ledger') IS NOT NULL AS there");
        if !session.query(there).await.map_err(doing)?.one()?.boolean("there")? {
            return Ok(None);
        }
        let rows = session.query(format!("SELECT snapshot, item FROM {SCHEMA}.ledger")).await.map_err(doing)?;
        let mut found = Self { ledger: Ledger { snapshot: Text::new(), selection: Text::new() }, done: HashSet::new() };
        for row in &rows {
            let item = row.text("item")?;
            found.ledger.snapshot = row.text("snapshot")?;
            match item.as_bytes().strip_prefix(SELECTION) {
                Some(selection) => found.ledger.selection = text![selection],
                None => drop(found.done.insert(item)),
            }
        }
        Ok(Some(found))
    }

    pub(crate) fn into_done(self) -> Done {
        Done(self.done)
    }
}

/// Items that were done before this run.
#[derive(Default, Debug)]
pub(crate) struct Done(HashSet<Text>);

impl Done {
    pub(crate) fn has(&self, item: Item) -> bool {
        !self.0.is_empty() && self.0.contains(&item.key())
    }
}

impl Ledger {
    pub(crate) fn new(snapshot: StoredId, selection: StoredId) -> Self {
        Self { snapshot: Text::from(snapshot.to_string()), selection: Text::from(selection.to_string()) }
    }

    /// Statements that make the place for it; to be run in one transaction.
    pub(crate) fn create(&self) -> Text {
        let item = text![SELECTION, self.selection];
        text![
            format!(
                "CREATE SCHEMA IF NOT EXISTS {SCHEMA}; CREATE TABLE IF NOT EXISTS {SCHEMA}.ledger \
                 (snapshot pg_catalog.text NOT NULL, item pg_catalog.text NOT NULL, \
                 done pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), \
                 PRIMARY KEY (snapshot, item)); "
            ),
            self.insert(&item),
            " ON CONFLICT DO NOTHING"
        ]
    }

    /// Statement that removes it.
    pub(crate) fn remove() -> String {
        format!("DROP TABLE IF EXISTS {SCHEMA}.ledger; DROP SCHEMA IF EXISTS {SCHEMA}")
    }

    /// Statement that records an item.
    pub(crate) fn record(&self, item: Item) -> Text {
        self.insert(&item.key())
    }

    fn insert(&self, item: &Text) -> Text {
        text!["INSERT INTO ", SCHEMA, ".ledger VALUES (", self.snapshot.literal(), ", ", item.literal(), ")"]
    }

    /// Whether an item is done.
    pub(crate) async fn has(&self, session: &mut Session, item: Item) -> Result<bool> {
        let (snapshot, item) = (self.snapshot.literal(), item.key().literal());
        let statement = text!["SELECT 1 FROM ", SCHEMA, ".ledger WHERE snapshot = ", snapshot, " AND item = ", item];
        let rows = session.query(statement).await.map_err(|e| e.while_doing("read the ledger of the restore"))?;
        Ok(!rows.is_empty())
    }
}
