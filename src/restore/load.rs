//! Brings rows back: one part, one COPY, one transaction.
//!
//! Chunk ids are checked before rows reach the server, the digest of the part before its COPY is finished, and the
//! number of rows against the server's own count before it is committed.

use std::time::Instant;

use futures_util::StreamExt as _;

use crate::blocks::rows_in;
use crate::error::{Error, Result};
use crate::object::{Kind, Object, Table};
use crate::pg::Session;
use crate::progress::{Event, Events};
use crate::repository::{Part, Reader};
use crate::restore::crew::Work;
use crate::text;
use crate::text::Text;

/// Where pages of large objects wait for `lo_put`.
const PAGES: &str = "pg_temp.pgkeep_pages";

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
    pub(crate) events: &'a Events,
}

impl Work for Load<'_> {
    fn fills(&self) -> Option<Text> {
        Some(self.object.name.sql())
    }

    async fn run(&self, session: &mut Session) -> Result<()> {
        let started = Instant::now();
        let (table, part, of) = (self.object.name.to_string(), self.number, self.of);
        (self.events)(Event::PartStarted { table: table.clone(), part, of });
        let doing = format!("load {table}");
        for statement in self.before() {
            session.run(statement).await.map_err(|e| e.while_doing(&doing))?;
        }
        let rows = self.copy(session, &doing).await?;
        if rows != self.part.stored.digest.rows {
            let stored = self.part.stored.digest.rows;
            return Err(Error::damaged(table, format!("the server took {rows} rows of {stored}")));
        }
        for statement in self.after() {
            session.run(statement).await.map_err(|e| e.while_doing(&doing))?;
        }
        let (bytes, took) = (self.part.stored.digest.bytes, started.elapsed());
        (self.events)(Event::PartDone { table, part, of, rows, bytes, took });
        Ok(())
    }
}

impl Load<'_> {
    fn before(&self) -> Vec<Text> {
        if self.object.kind == Kind::LargeObjects {
            let columns = "(oid pg_catalog.oid, page pg_catalog.int8, data pg_catalog.bytea)";
            return vec![text!["CREATE TEMPORARY TABLE pgkeep_pages ", columns, " ON COMMIT DROP"]];
        }
        // COPY FREEZE wants the table made or truncated in the same transaction.
        if self.freeze { vec![text!["TRUNCATE ONLY ", self.object.name.sql()]] } else { Vec::new() }
    }

    fn after(&self) -> Vec<Text> {
        if self.object.kind != Kind::LargeObjects {
            return Vec::new();
        }
        let page = crate::limits::LARGE_OBJECT_PAGE_BYTES.to_string();
        vec![text!["SELECT pg_catalog.lo_put(oid, page * ", page, ", data) FROM ", PAGES, " ORDER BY oid, page"]]
    }

    fn statement(&self) -> Text {
        let into = match (&self.table.root, self.object.kind) {
            (_, Kind::LargeObjects) => Text::from(PAGES),
            (Some(root), _) => root.clone(),
            (None, _) => self.object.name.sql(),
        };
        let columns = if self.object.kind == Kind::LargeObjects { Text::new() } else { self.table.column_list() };
        let freeze = if self.freeze { "FREEZE true, " } else { "" };
        let encoding = Text::from(self.encoding);
        text!["COPY ", into, columns, " FROM STDIN WITH (", freeze, "ENCODING ", encoding.literal(), ")"]
    }

    async fn copy(&self, session: &mut Session, doing: &str) -> Result<u64> {
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
