//! The ledger on the target: which parts and objects of a restore are done.
//!
//! A row is written in the transaction of the very work it stands for. A connection that is lost during COMMIT leaves
//! it open whether the work is done, and a blind second try would double rows; the ledger knows. It goes away at the
//! end of a restore; one that stopped is continued from it.
//!
//! What a crash of the server empties is recorded where the crash empties it too: in an unlogged table beside the
//! ledger.
//!
//! Whoever may create schemas in the database may have made one under the ledger's name, and whoever is a member of its
//! owner may change it at any time. So every transaction locks it and looks at its shape before it reads or writes it.
//!
//! Every transaction holds two advisory locks, which end with it and so work through a transaction pooler: one shared by
//! all work of a restore, which a run that takes over waits for, and one of the item, which a second try waits for.

use std::collections::HashSet;

use crate::catalog::bookkeeping::{self, Bookkeeping, SCHEMA};
use crate::error::{Error, Result, sqlstate};
use crate::hash::StoredId;
use crate::object::ObjectId;
use crate::pg::Session;
use crate::repository::new_uid;
use crate::restore::choices::Choices;
use crate::text;
use crate::text::Text;

/// The item whose detail is what was chosen.
const CHOICES: &str = "choices";

/// The item whose detail is the run of the program that works on the restore.
const RUN: &str = "run";

/// First key of the advisory lock that all work on a database shares; the second is 0.
pub(crate) const WORK_LOCK: i32 = 0x7067_6b70;

/// First key of the advisory locks of items.
const ITEM_LOCK: i32 = 0x7067_6b71;

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
    /// A batch of grants on objects.
    GrantBatch(usize),
    /// All grants: default privileges come last.
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
            Self::GrantBatch(batch) => format!("grants {batch}"),
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
    /// What was chosen and how it is written: numbers of batches mean nothing with another choice.
    pub(crate) choices: Choices,
    /// This run of the program; only one at a time works on a restore.
    pub(crate) run: Text,
}

/// What stands on the target where the ledger of a restore would.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A ledger without any row: its restore has ended, and it could not be dropped.
    Empty,
    /// Something that this role must not use, and why.
    Foreign(String),
    /// What a restore that stopped left.
    Unfinished(Box<Unfinished>),
}

/// What a restore that stopped left on the target.
#[derive(Debug)]
pub(crate) struct Unfinished {
    pub(crate) snapshot: Text,
    /// What was chosen; where this version cannot read it, the pgkeep that wrote it.
    pub(crate) choices: Result<Choices, String>,
    pub(crate) run: Text,
    done: HashSet<Text>,
}

impl Found {
    /// Looks for a ledger in the session's database. A transaction must be open; until it ends nobody can put something
    /// else in the place of a ledger that was found.
    pub(crate) async fn read(session: &mut Session, lock: Lock) -> Result<Self> {
        if let Some(answer) = Self::at_sight(session).await? {
            return Ok(answer);
        }
        let doing = |e: Error| e.while_doing("read the ledger of a restore");
        session.run(locked(lock)).await.map_err(doing)?;
        if let Some(answer) = Self::at_sight(session).await? {
            return Ok(answer);
        }
        let rows = |table: &str| format!("SELECT snapshot, item, detail FROM ONLY {SCHEMA}.{table}");
        let all = format!("{} UNION ALL {}", rows("ledger"), rows("unlogged"));
        let rows = session.query(all).await.map_err(doing)?;
        if rows.is_empty() {
            return Ok(Self::Empty);
        }
        let (run, choices) = (Text::default(), Err("of another form".into()));
        let mut found = Unfinished { snapshot: Text::default(), choices, run, done: HashSet::new() };
        for row in &rows {
            let (item, detail) = (row.text("item")?, row.maybe("detail")?.unwrap_or_default());
            found.snapshot = row.text("snapshot")?;
            match item.as_str() {
                Some(CHOICES) => found.choices = Choices::read(&detail),
                Some(RUN) => found.run = detail,
                _ => drop(found.done.insert(item)),
            }
        }
        Ok(Self::Unfinished(Box::new(found)))
    }

    /// What can be said by the catalog alone; `None` where it may be read.
    async fn at_sight(session: &mut Session) -> Result<Option<Self>> {
        Ok(match Bookkeeping::read(session).await? {
            None => Some(Self::Nothing),
            Some(there) => there.objection().map(Self::Foreign),
        })
    }
}

impl Unfinished {
    pub(crate) fn into_done(self) -> Done {
        Done(self.done)
    }
}

/// How strongly the ledger is locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lock {
    /// Nobody puts a view in its place.
    Read,
    /// Nobody puts a trigger on it either.
    Write,
}

fn locked(lock: Lock) -> String {
    let mode = if lock == Lock::Read { "ACCESS SHARE" } else { "ROW EXCLUSIVE" };
    format!("LOCK TABLE ONLY {SCHEMA}.ledger, ONLY {SCHEMA}.unlogged IN {mode} MODE")
}

/// What is said of a schema that is not ours.
pub(crate) fn foreign(objection: &str) -> (String, String) {
    let message = format!("schema {SCHEMA} is not as this version of pgkeep makes it for this role: {objection}");
    let hint = "a restore keeps its ledger there and uses none that others could have prepared: continue it as the role \
                and with the pgkeep that began it, or look at the schema and drop it";
    (message, hint.into())
}

pub(crate) fn refused(objection: &str) -> Error {
    let (message, hint) = foreign(objection);
    Error::unsupported(message, hint)
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
    pub(crate) fn new(snapshot: StoredId, choices: Choices) -> Self {
        Self { snapshot: Text::from(snapshot.to_string()), choices, run: Text::from(new_uid()) }
    }

    /// Makes the place for it, for nobody else: default privileges of the role would let others in.
    pub(crate) async fn create(session: &mut Session) -> Result<()> {
        let columns = "(snapshot pg_catalog.text NOT NULL, item pg_catalog.text NOT NULL, detail pg_catalog.text, \
                       done pg_catalog.timestamptz NOT NULL, PRIMARY KEY (snapshot, item))";
        let create = format!(
            "CREATE SCHEMA {SCHEMA}; CREATE TABLE {SCHEMA}.ledger {columns}; \
             CREATE UNLOGGED TABLE {SCHEMA}.unlogged {columns}"
        );
        session.run(create).await?;
        let others = session.query(include_str!("ledger_grantees.sql")).await?;
        for other in &others {
            let on = format!("SCHEMA {SCHEMA}");
            let role = other.maybe("role")?.map_or_else(|| Text::from("PUBLIC"), |role| role.ident());
            let tables = format!("TABLE {SCHEMA}.ledger, {SCHEMA}.unlogged");
            for on in [on, tables] {
                session.run(text!["REVOKE ALL ON ", on, " FROM ", role, " CASCADE"]).await?;
            }
        }
        match Bookkeeping::read(session).await?.map(|made| made.objection()) {
            Some(None) => Ok(()),
            Some(Some(objection)) => Err(refused(&objection)),
            None => Err(refused("it is gone")),
        }
    }

    /// Statements that make this run the one that works on the restore.
    pub(crate) fn take(&self) -> Text {
        let (ledger, run) = (format!("{SCHEMA}.ledger"), self.insert("ledger", &RUN.into(), Some(&self.run)));
        let choices = self.insert("ledger", &CHOICES.into(), Some(&self.choices.stored()));
        let take = text!["DELETE FROM ONLY ", ledger, " WHERE item = ", Text::from(RUN).literal(), "; ", run];
        text![take, "; ", choices, " ON CONFLICT DO NOTHING"]
    }

    /// Statements that remove it.
    pub(crate) fn remove() -> String {
        format!("DROP TABLE {SCHEMA}.unlogged, {SCHEMA}.ledger; DROP SCHEMA {SCHEMA}")
    }

    /// Statements that empty it, where it may not be removed.
    pub(crate) fn empty() -> String {
        format!("DELETE FROM ONLY {SCHEMA}.unlogged; DELETE FROM ONLY {SCHEMA}.ledger")
    }

    /// A statement that changes nothing but leaves a trace in the log of the server, so that its COMMIT can wait for all
    /// that was committed before.
    pub(crate) fn touch() -> String {
        format!("UPDATE ONLY {SCHEMA}.ledger SET done = pg_catalog.clock_timestamp() WHERE item = '{RUN}'")
    }

    /// Statement that records an item.
    pub(crate) fn record(&self, item: Item) -> Text {
        let table = if item == Item::UnloggedSequences { "unlogged" } else { "ledger" };
        self.insert(table, &item.key(), None)
    }

    /// Statements that record parts with the tables that they were loaded into, by whether a crash of the server would
    /// empty these.
    pub(crate) fn record_rows(&self, parts: &[(Item, Text)]) -> Text {
        let row = |(item, table): &(Item, Text)| text!["(", item.key().literal(), ", ", table.literal(), ")"];
        let rows = Text::join(parts.iter().map(row), ", ");
        let into = |ledger: &str, which: &str| {
            let columns = text!["SELECT ", self.snapshot.literal(), ", p.item, NULL, pg_catalog.clock_timestamp()"];
            let columns = text![columns, " FROM (VALUES ", rows, ") p (item, relation)"];
            let class = " LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(p.relation)";
            text!["INSERT INTO ", SCHEMA, ".", ledger, " ", columns, class, " WHERE c.relpersistence ", which]
        };
        text![into("ledger", "IS DISTINCT FROM 'u'"), "; ", into("unlogged", "= 'u'")]
    }

    fn insert(&self, table: &str, item: &Text, detail: Option<&Text>) -> Text {
        let detail = detail.map_or_else(|| Text::from("NULL"), Text::literal);
        let values = text![self.snapshot.literal(), ", ", item.literal(), ", ", detail];
        text!["INSERT INTO ", SCHEMA, ".", table, " VALUES (", values, ", pg_catalog.clock_timestamp())"]
    }

    fn has(&self, table: &str, item: &Text) -> Text {
        let (snapshot, item) = (self.snapshot.literal(), item.literal());
        let from = text![" FROM ONLY ", SCHEMA, ".", table];
        text!["EXISTS (SELECT 1", from, " WHERE snapshot = ", snapshot, " AND item = ", item, ")"]
    }

    /// Whether this run works on the restore.
    fn ours(&self) -> Text {
        let (snapshot, run) = (self.snapshot.literal(), self.run.literal());
        let row = text![" WHERE snapshot = ", snapshot, " AND item = '", RUN, "' AND detail = ", run];
        text!["EXISTS (SELECT 1 FROM ONLY ", SCHEMA, ".ledger", row, ")"]
    }

    /// Begins a transaction, whose locks keep the ledger from being exchanged, and looks whether it still is as we made
    /// it. Nothing of it was read so far.
    async fn begin(session: &mut Session, settings: &Text, locks: &str) -> Result<()> {
        let lock = locked(Lock::Write);
        let begin = text!["BEGIN; ", settings, " SELECT ", locks, "; ", lock, "; ", bookkeeping::QUERY];
        let rows = match session.query(begin).await {
            // Whoever took over has finished, and removed the ledger.
            Err(error) if error.sqlstate() == Some(sqlstate::UNDEFINED_TABLE) => return Err(taken_over()),
            answer => answer.map_err(|e| e.while_doing("begin a transaction of the restore"))?,
        };
        let there = rows.iter().next().map(Bookkeeping::of).transpose()?.ok_or_else(taken_over)?;
        there.objection().map_or(Ok(()), |objection| Err(refused(&objection)))
    }

    /// Begins a transaction for an item, with its settings and locks. Returns whether the item is done.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where another run has taken over the restore, or the ledger is no longer as it was made.
    pub(crate) async fn enter(&self, session: &mut Session, settings: &Text, item: Item) -> Result<bool> {
        let locks = format!(
            "pg_catalog.pg_advisory_xact_lock_shared({WORK_LOCK}, 0), \
             pg_catalog.pg_advisory_xact_lock({ITEM_LOCK}, {})",
            item.lock()
        );
        Self::begin(session, settings, &locks).await?;
        let key = item.key();
        let (logged, unlogged) = (self.has("ledger", &key), self.has("unlogged", &key));
        let look = text!["SELECT ", self.ours(), " AS ours, ", logged, " OR ", unlogged, " AS done"];
        let answer = session.query(look).await.map_err(|e| e.while_doing("begin a transaction of the restore"))?;
        let row = answer.one()?;
        if row.boolean("ours")? { row.boolean("done") } else { Err(taken_over()) }
    }

    /// Begins a transaction in which no other run takes over the restore. Returns whether there is a ledger at all.
    ///
    /// # Errors
    ///
    /// As [`Ledger::enter`].
    pub(crate) async fn still_ours(&self, session: &mut Session, settings: &Text) -> Result<bool> {
        let locks = format!("pg_catalog.pg_advisory_xact_lock_shared({WORK_LOCK}, 0)");
        if Bookkeeping::read(session).await?.is_none() {
            return Ok(false);
        }
        Self::begin(session, settings, &locks).await?;
        let rows = session.query(text!["SELECT ", self.ours(), " AS ours"]).await?;
        if rows.one()?.boolean("ours")? { Ok(true) } else { Err(taken_over()) }
    }

    /// Ends the session of a connection that was lost while it worked on an item: nobody can use it any more. One that
    /// is committing finishes that first.
    pub(crate) async fn end_lost(session: &mut Session, item: Item) -> Result<()> {
        end_holders(session, ITEM_LOCK, item.lock()).await.map(drop)
    }
}

/// Ends the sessions that hold this advisory lock and are, by their role and their name, of a run of ours; anybody may
/// hold one, or be made to by what he calls, and is left alone. Both must fit: the name is what a session says of itself.
/// Returns how many.
pub(crate) async fn end_holders(session: &mut Session, first: i32, second: i32) -> Result<i64> {
    let statement = format!(
        "SELECT pg_catalog.count(*) FILTER (WHERE pg_catalog.pg_terminate_backend(l.pid)) AS ended \
         FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         JOIN pg_catalog.pg_stat_activity own ON own.pid = pg_catalog.pg_backend_pid() \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = {first} AND l.objid = {} \
         AND l.pid <> own.pid AND a.usesysid = own.usesysid AND a.application_name = own.application_name \
         AND a.datid = own.datid AND l.database = own.datid",
        second.cast_unsigned()
    );
    let rows = session.query(statement).await.map_err(|e| e.while_doing("end sessions of the restore"))?;
    rows.one()?.number("ended")
}

fn taken_over() -> Error {
    Error::unsupported("another run of pgkeep has taken over this restore", "let that one finish")
}
