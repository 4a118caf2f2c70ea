//! The ledger on the target: which parts and objects of a restore are done.
//!
//! A row is written in the transaction of the very work it stands for. A connection that is lost during COMMIT leaves
//! it open whether the work is done, and a blind second try would double rows; the ledger knows. It goes away at the
//! end of a restore; one that stopped is continued from it.
//!
//! What a crash of the server empties is recorded where the crash empties it too: in an unlogged table beside the
//! ledger.
//!
//! Every transaction holds two advisory locks, which end with it and so work through a transaction pooler: one shared by
//! all work of a restore, which a run that takes over waits for, and one of the item, which a second try waits for.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::hash::StoredId;
use crate::object::ObjectId;
use crate::pg::Session;
use crate::repository::new_uid;
use crate::text;
use crate::text::Text;

/// Schema of the ledger on the target.
pub(crate) const SCHEMA: &str = "pgkeep_restore";

/// How the row begins that names the selection.
const SELECTION: &[u8] = b"selection ";

/// How the row begins that names the run of the program that works on the restore.
const RUN: &[u8] = b"run ";

/// First key of the advisory lock that all work on a database shares; the second is 0.
pub(crate) const WORK_LOCK: i32 = 0x7067_6b70;

/// First key of the advisory locks of items.
const ITEM_LOCK: i32 = 0x7067_6b71;

/// `undefined_table`
pub(crate) const UNDEFINED_TABLE: &str = "42P01";

/// One unit of work that is done wholly or not at all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Item {
    /// Removal of what will be created.
    Drops(usize),
    /// A batch of objects before the rows.
    PreData(usize),
    /// The emptying of tables that are refilled.
    Truncation,
    /// One part of an object's rows.
    Part(ObjectId, u32),
    /// Positions of all sequences that survive a crash of the server.
    Sequences,
    /// Positions of those that do not.
    UnloggedSequences,
    /// The position of a sequence that could not be created at first.
    Position(ObjectId),
    /// An object after the rows.
    Object(ObjectId),
    /// The check of a foreign key that was added without one.
    Validation(ObjectId),
    /// Grants on all objects.
    Grants,
    /// Grants on one object that failed among the others, or whose object did.
    Grant(ObjectId),
    /// An object that could not be created in a batch that is done.
    Lost(ObjectId),
    /// An object whose grants failed among those of others that are done.
    Ungranted(ObjectId),
}

impl Item {
    fn key(self) -> Text {
        Text::from(match self {
            Self::Drops(batch) => format!("drops {batch}"),
            Self::PreData(batch) => format!("pre-data {batch}"),
            Self::Truncation => "truncation".into(),
            Self::Part(object, part) => format!("part {} {part}", object.0),
            Self::Sequences => "sequences".into(),
            Self::UnloggedSequences => "unlogged sequences".into(),
            Self::Position(object) => format!("position {}", object.0),
            Self::Object(object) => format!("object {}", object.0),
            Self::Validation(object) => format!("validation {}", object.0),
            Self::Grants => "grants".into(),
            Self::Grant(object) => format!("grant {}", object.0),
            Self::Lost(object) => format!("lost {}", object.0),
            Self::Ungranted(object) => format!("ungranted {}", object.0),
        })
    }

    /// Second key of its advisory lock. Two items with the same one only wait for each other.
    fn lock(self) -> i32 {
        let [a, b, c, d, ..] = StoredId::of(self.key().as_bytes()).0;
        i32::from_be_bytes([a, b, c, d])
    }
}

/// What a restore writes its rows under.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Ledger {
    pub(crate) snapshot: Text,
    /// Fingerprint of what was chosen and how it is written: numbers of batches mean nothing with another choice.
    pub(crate) selection: Text,
    /// This run of the program; only one at a time works on a restore.
    pub(crate) run: Text,
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
        let there = |table: &str| format!("SELECT pg_catalog.to_regclass('{SCHEMA}.{table}') IS NOT NULL AS there");
        if !session.query(there("ledger")).await.map_err(doing)?.one()?.boolean("there")? {
            return Ok(None);
        }
        let mut all = format!("SELECT snapshot, item FROM {SCHEMA}.ledger");
        if session.query(there("unlogged")).await.map_err(doing)?.one()?.boolean("there")? {
            all += &format!(" UNION ALL SELECT snapshot, item FROM {SCHEMA}.unlogged");
        }
        let mut found = Self { ledger: Ledger::default(), done: HashSet::new() };
        for row in &session.query(all).await.map_err(doing)? {
            let item = row.text("item")?;
            found.ledger.snapshot = row.text("snapshot")?;
            if let Some(selection) = item.as_bytes().strip_prefix(SELECTION) {
                found.ledger.selection = text![selection];
            } else if let Some(run) = item.as_bytes().strip_prefix(RUN) {
                found.ledger.run = text![run];
            } else {
                found.done.insert(item);
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

    /// Whether this run continues an earlier one.
    pub(crate) fn is_some(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Ledger {
    /// The ledger of a new run.
    pub(crate) fn new(snapshot: StoredId, selection: StoredId) -> Self {
        let text = |id: StoredId| Text::from(id.to_string());
        Self { snapshot: text(snapshot), selection: text(selection), run: Text::from(new_uid()) }
    }

    /// Statements that make the place for it.
    pub(crate) fn create(&self) -> Text {
        let columns = "(snapshot pg_catalog.text NOT NULL, item pg_catalog.text NOT NULL, \
                       done pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), \
                       PRIMARY KEY (snapshot, item))";
        text![
            format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}; CREATE TABLE IF NOT EXISTS {SCHEMA}.ledger {columns}; "),
            format!("CREATE UNLOGGED TABLE IF NOT EXISTS {SCHEMA}.unlogged {columns}; "),
            self.insert("ledger", &text![SELECTION, self.selection]),
            " ON CONFLICT DO NOTHING"
        ]
    }

    /// Statements that make this run the one that works on the restore.
    pub(crate) fn take(&self) -> Text {
        let run = self.insert("ledger", &text![RUN, self.run]);
        text![format!("DELETE FROM {SCHEMA}.ledger WHERE item LIKE 'run %'; "), run]
    }

    /// Statement that removes it.
    pub(crate) fn remove() -> String {
        format!(
            "DROP TABLE IF EXISTS {SCHEMA}.unlogged; DROP TABLE IF EXISTS {SCHEMA}.ledger; \
             DROP SCHEMA IF EXISTS {SCHEMA}"
        )
    }

    /// Statement that records an item.
    pub(crate) fn record(&self, item: Item) -> Text {
        let table = if item == Item::UnloggedSequences { "unlogged" } else { "ledger" };
        self.insert(table, &item.key())
    }

    /// Statements that record parts with the tables that they were loaded into, by whether a crash of the server would
    /// empty these.
    pub(crate) fn record_rows(&self, parts: &[(Item, Text)]) -> Text {
        let row = |(item, table): &(Item, Text)| text!["(", item.key().literal(), ", ", table.literal(), ")"];
        let rows = Text::join(parts.iter().map(row), ", ");
        let into = |ledger: &str, which: &str| {
            let columns =
                text!["SELECT ", self.snapshot.literal(), ", p.item FROM (VALUES ", rows, ") p (item, relation)"];
            let class = " LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(p.relation)";
            text!["INSERT INTO ", SCHEMA, ".", ledger, " ", columns, class, " WHERE c.relpersistence ", which]
        };
        text![into("ledger", "IS DISTINCT FROM 'u'"), "; ", into("unlogged", "= 'u'")]
    }

    fn insert(&self, table: &str, item: &Text) -> Text {
        text!["INSERT INTO ", SCHEMA, ".", table, " VALUES (", self.snapshot.literal(), ", ", item.literal(), ")"]
    }

    fn has(&self, table: &str, item: &Text) -> Text {
        let (snapshot, item) = (self.snapshot.literal(), item.literal());
        text!["EXISTS (SELECT 1 FROM ", SCHEMA, ".", table, " WHERE snapshot = ", snapshot, " AND item = ", item, ")"]
    }

    /// Makes the settings of a transaction for an item and takes its locks. Returns whether the item is done.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where another run has taken over the restore.
    pub(crate) async fn enter(&self, session: &mut Session, settings: &Text, item: Item) -> Result<bool> {
        let (key, run) = (item.key(), text![RUN, self.run]);
        let locks = format!(
            " SELECT pg_catalog.pg_advisory_xact_lock_shared({WORK_LOCK}, 0), \
             pg_catalog.pg_advisory_xact_lock({ITEM_LOCK}, {}); ",
            item.lock()
        );
        let (ours, logged, unlogged) = (self.has("ledger", &run), self.has("ledger", &key), self.has("unlogged", &key));
        let look = text!["SELECT ", ours, " AS ours, ", logged, " OR ", unlogged, " AS done"];
        let answer = match session.query(text![settings, locks, look]).await {
            // Whoever took over has finished, and removed the ledger.
            Err(error) if error.sqlstate() == Some(UNDEFINED_TABLE) => return Err(taken_over()),
            answer => answer.map_err(|e| e.while_doing("begin a transaction of the restore"))?,
        };
        let row = answer.one()?;
        if row.boolean("ours")? { row.boolean("done") } else { Err(taken_over()) }
    }

    /// Fails where another run has taken over the restore, and keeps it from doing so until the transaction ends.
    pub(crate) async fn still_ours(&self, session: &mut Session) -> Result<()> {
        let lock = format!("SELECT pg_catalog.pg_advisory_xact_lock_shared({WORK_LOCK}, 0); ");
        let ours = self.has("ledger", &text![RUN, self.run]);
        let rows = session.query(text![lock, "SELECT ", ours, " AS ours"]).await?;
        if rows.one()?.boolean("ours")? { Ok(()) } else { Err(taken_over()) }
    }

    /// Ends the session of a connection that was lost while it worked on an item: nobody can use it any more. One that
    /// is committing finishes that first.
    pub(crate) async fn end_lost(session: &mut Session, item: Item) -> Result<()> {
        end_holders(session, ITEM_LOCK, item.lock()).await.map(drop)
    }
}

/// Ends the sessions that hold this advisory lock. Returns how many.
pub(crate) async fn end_holders(session: &mut Session, first: i32, second: i32) -> Result<i64> {
    let statement = format!(
        "SELECT pg_catalog.count(*) FILTER (WHERE pg_catalog.pg_terminate_backend(l.pid)) AS ended \
         FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 \
         AND l.pid <> pg_catalog.pg_backend_pid() AND l.classid = {first} AND l.objid = {} \
         AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())",
        second.cast_unsigned()
    );
    let rows = session.query(statement).await.map_err(|e| e.while_doing("end sessions of the restore"))?;
    rows.one()?.number("ended")
}

fn taken_over() -> Error {
    Error::unsupported("another run of pgkeep has taken over this restore", "let that one finish")
}
