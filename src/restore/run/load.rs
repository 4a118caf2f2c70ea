//! Brings rows back: one part, one COPY, one transaction.
//!
//! Chunk ids are checked before rows reach the server, the digest of the part before its COPY is finished, and the
//! number of rows against the server's own count before it is committed.

use std::time::Instant;

use futures_util::StreamExt as _;

use crate::blocks::rows_in;
use crate::error::{Cause, Error, Result};
use crate::object::{Kind, Object, Table};
use crate::pg::Session;
use crate::progress::{Event, Events, stalls};
use crate::repository::{Part, Reader};
use crate::restore::ledger::{Item, Ledger};
use crate::restore::run::conflict_counts::Conflicts;
use crate::restore::run::sessions::{Work, run_all};
use crate::restore::silence::{ORIGIN, REPLICA, Silence};
use crate::text;
use crate::text::Text;

/// Where pages of large objects wait for `lo_put`.
const PAGES: &str = "pg_temp.pgkeep_pages";
/// Where rows wait for the decision whether they are there already.
const WAITING: &str = "pg_temp.pgkeep_rows";

/// One part to load.
pub(crate) struct Load<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) part: &'a Part,
    pub(crate) object: &'a Object,
    pub(crate) table: &'a Table,
    pub(crate) number: u32,
    pub(crate) of: u32,
    /// Name of the encoding that the rows are in.
    pub(crate) encoding: &'a str,
    /// Whether this restore made the table and this part is all of its rows, so that they can be loaded frozen.
    pub(crate) freeze: bool,
    /// Whether triggers stay quiet.
    pub(crate) quiet: bool,
    /// Keeps event triggers from seeing where rows wait.
    pub(crate) silence: &'a Silence,
    /// Where to note how many rows were not there before; `None`: rows are added as they come.
    pub(crate) conflicts: Option<&'a Conflicts>,
    pub(crate) events: &'a Events,
}

impl Work for Load<'_> {
    /// Whether a crash of the server empties the table decides where its rows are recorded.
    fn record(&self, ledger: &Ledger, item: Item) -> Text {
        ledger.record_rows(&[(item, self.object.name.sql())])
    }

    async fn run(&self, session: &mut Session) -> Result<()> {
        let started = Instant::now();
        let (table, part, of) = (self.object.name.to_string(), self.number, self.of);
        (self.events)(Event::PartStarted { table: table.clone(), part, of });
        let doing = format!("load {table}");
        run_all(session, &self.before(), &doing).await?;
        let rows = self.copy(session, &doing).await?;
        if rows != self.part.stored.digest.rows {
            return Err(self.turned_away(rows, doing));
        }
        if let Some(conflicts) = self.conflicts {
            let found = session.query(self.insert()).await.map_err(|e| e.while_doing(&doing))?;
            conflicts.note(self.part.object, self.number, found.one()?.number("added")?, rows);
        }
        run_all(session, &self.after(), &doing).await?;
        let (bytes, took) = (self.part.stored.digest.bytes, started.elapsed());
        (self.events)(Event::PartDone { table, part, of, rows, bytes, took });
        Ok(())
    }
}

impl Load<'_> {
    fn before(&self) -> Vec<Text> {
        let mut all: Vec<Text> = self.quiet.then(|| REPLICA.into()).into_iter().collect();
        if self.object.kind == Kind::LargeObjects {
            let columns = "(oid pg_catalog.oid, page pg_catalog.int8, data pg_catalog.bytea)";
            all.push(self.unseen(text!["CREATE TEMPORARY TABLE pgkeep_pages ", columns]));
        } else if self.conflicts.is_some() {
            // With the types of the columns, and none of the constraints.
            let query = text!["SELECT ", self.columns(), " FROM ", self.target(), " WITH NO DATA"];
            all.push(self.unseen(text!["CREATE TEMPORARY TABLE pgkeep_rows AS ", query]));
        } else if self.freeze {
            // COPY FREEZE wants the table made or truncated in the same transaction.
            all.push(text!["TRUNCATE ONLY ", self.object.name.sql()]);
        }
        all
    }

    fn after(&self) -> Vec<Text> {
        let mut all = Vec::new();
        if self.object.kind == Kind::LargeObjects {
            let page = crate::limits::LARGE_OBJECT_PAGE_BYTES.to_string();
            let put = text!["SELECT pg_catalog.lo_put(oid, page * ", page, ", data) FROM ", PAGES];
            all.push(text![put, " ORDER BY oid, page"]);
            all.push(self.unseen(text!["DROP TABLE ", PAGES]));
        } else if self.conflicts.is_some() {
            all.push(self.unseen(text!["DROP TABLE ", WAITING]));
        }
        all.extend(self.quiet.then(|| ORIGIN.into()));
        all
    }

    /// What was sent is what was stored, so that whatever is missing was lost behind COPY.
    fn turned_away(&self, rows: u64, doing: String) -> Error {
        let sent = self.part.stored.digest.rows;
        let problem = format!(
            "{sent} rows were sent as they were stored, and the server kept {rows}: a trigger of the target turns rows \
             away, which --disable-triggers keeps quiet"
        );
        Error::Postgres { doing, source: Box::new(Cause::Protocol(problem)) }
    }

    fn unseen(&self, statement: Text) -> Text {
        self.silence.around(statement, self.quiet)
    }

    /// Where rows finally go.
    fn target(&self) -> Text {
        self.table.root.clone().unwrap_or_else(|| self.object.name.sql())
    }

    fn columns(&self) -> Text {
        Text::join(self.table.columns.iter().map(|column| column.name.ident()), ", ")
    }

    fn statement(&self) -> Text {
        let into = match (self.conflicts, self.object.kind) {
            (_, Kind::LargeObjects) => Text::from(PAGES),
            (Some(_), _) => Text::from(WAITING),
            (None, _) => self.target(),
        };
        let columns = if self.object.kind == Kind::LargeObjects { Text::new() } else { self.table.column_list() };
        let freeze = if self.freeze { "FREEZE true, " } else { "" };
        let encoding = Text::from(self.encoding);
        text!["COPY ", into, columns, " FROM STDIN WITH (", freeze, "ENCODING ", encoding.literal(), ")"]
    }

    /// Adds the rows that wait and that no unique key has already, and counts them.
    fn insert(&self) -> Text {
        let insert = if self.table.columns.is_empty() {
            text!["INSERT INTO ", self.target(), " SELECT FROM ", WAITING]
        } else {
            let columns = self.columns();
            let into = text!["INSERT INTO ", self.target(), " (", columns, ") OVERRIDING SYSTEM VALUE"];
            text![into, " SELECT ", columns, " FROM ", WAITING]
        };
        let insert = text![insert, " ON CONFLICT DO NOTHING RETURNING 1"];
        text!["WITH added AS (", insert, ") SELECT pg_catalog.count(*) AS added FROM added"]
    }

    async fn copy(&self, session: &mut Session, doing: &str) -> Result<u64> {
        session.tell_stalls(stalls(self.events, &self.object.name.to_string(), "sending rows of"));
        let mut copy = session.copy_in(self.statement()).await.map_err(|e| e.while_doing(doing))?;
        let mut blocks = self.reader.blocks(&self.part.stored);
        while let Some(block) = blocks.next().await {
            let block = match block {
                Ok(block) => block,
                Err(error) => {
                    // What failed is the repository; the server only has to forget the rows.
                    drop(copy.fail("the repository could not deliver the rows").await);
                    return Err(of_table(error, self.object));
                }
            };
            let rows = rows_in(&block);
            let bytes = block.len() as u64;
            copy.send(block).await.map_err(|e| e.while_doing(doing))?;
            let table = self.object.name.to_string();
            (self.events)(Event::Moved { table, part: self.number, bytes, rows });
        }
        copy.finish().await.map_err(|e| e.while_doing(doing))
    }
}

/// People want to know whose rows are lost before they want to know which chunk it was.
fn of_table(error: Error, object: &Object) -> Error {
    match error {
        Error::Damaged { what, problem } => {
            Error::damaged(format!("table {}", object.name), format!("{what}: {problem}"))
        }
        other => other,
    }
}
