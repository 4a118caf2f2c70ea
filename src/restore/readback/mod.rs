//! Reads tables back from the server and compares rows and digests with the snapshot.
//!
//! Reads only, and never says more than what it has read.

mod comparable;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::TryStreamExt;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::catalog;
use crate::error::Result;
use crate::hash::Digest;
use crate::object::{Kind, Object, ObjectId, Table};
use crate::pg::settings::{self, Purpose};
use crate::pg::{Connector, Session};
use crate::plan::select::select;
use crate::progress::{Event, Events, Step, stalls};
use crate::repository::{Part, Reader};
use crate::restore::options::Options;
use crate::text;
use crate::text::Text;
use comparable::Projection;

/// A table as the snapshot has it and as the server gave it back.
#[derive(Clone, Debug, Serialize)]
pub struct TableCheck {
    /// As people write it.
    pub table: String,
    /// Rows in the snapshot.
    pub rows: u64,
    /// Bytes of COPY text in the snapshot.
    pub bytes: u64,
    /// Rows that the server has.
    pub rows_found: u64,
    /// How it came out.
    pub verdict: Verdict,
    /// Columns that say nothing, since servers of the two versions print their types differently.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<String>,
}

impl TableCheck {
    /// What of the table could not be compared, and why.
    #[must_use]
    pub fn not_compared(&self) -> Option<String> {
        (self.verdict == Verdict::NotComparable).then(|| {
            let columns = self.not_compared.join(", ");
            format!("{}: servers of the two versions print the values of {columns} differently", self.table)
        })
    }
}

/// How a table came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every row is what it was.
    Same,
    /// Rows differ.
    Differs,
    /// As many rows, and equal in all columns but some that the two servers may print differently.
    NotComparable,
}

/// What to read back.
pub(crate) struct Readback {
    connector: Arc<Connector>,
    reader: Reader,
    /// The role that restored, where that is not the one that connects.
    role: Option<Text>,
    encoding: String,
    /// How floating point numbers were printed.
    float_digits: Option<i8>,
    /// Whether source and target are of one major version.
    same_major: bool,
    /// What is compared, given to [`Readback::run`].
    parts: Vec<Part>,
    events: Events,
}

impl Readback {
    /// Asks the target for its version.
    pub(crate) async fn new(
        reader: &Reader,
        role: Option<&Text>,
        connector: &Arc<Connector>,
        events: &Events,
    ) -> Result<Self> {
        let target = connector.connect().await?.major();
        let head = &reader.snapshot().snapshot.head;
        let source = &head.server;
        Ok(Self {
            connector: Arc::clone(connector),
            reader: reader.clone(),
            role: role.cloned(),
            encoding: source.encoding.clone(),
            float_digits: head.settings.get(settings::FLOAT_DIGITS).and_then(|digits| digits.parse().ok()),
            same_major: target == source.version / 10_000,
            parts: Vec::new(),
            events: Events::clone(events),
        })
    }

    /// Compares all tables whose `parts` are given, `jobs` at a time, the largest first.
    pub(crate) async fn run(mut self, objects: &[Object], parts: &[Part], jobs: usize) -> Result<Vec<TableCheck>> {
        (self.events)(Event::Step { step: Step::ReadBack });
        let mut expected: HashMap<ObjectId, Digest> = HashMap::new();
        for part in parts {
            expected.entry(part.object).or_default().add(part.stored.digest);
        }
        let mut queue: Vec<(Object, Digest)> =
            expected.into_iter().map(|(id, digest)| (objects[id.0 as usize].clone(), digest)).collect();
        queue.sort_by_key(|(object, digest)| (digest.bytes, object.id));
        let workers = jobs.min(queue.len());
        self.parts = parts.to_vec();
        let (shared, queue) = (Arc::new(self), Arc::new(Mutex::new(queue)));
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            tasks.spawn(Arc::clone(&shared).work(Arc::clone(&queue)));
        }
        let mut all = Vec::new();
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(done) => all.extend(done?),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
        all.sort_by(|one, other| one.table.cmp(&other.table));
        Ok(all)
    }

    async fn work(self: Arc<Self>, queue: Arc<Mutex<Vec<(Object, Digest)>>>) -> Result<Vec<TableCheck>> {
        let mut session = self.connector.connect().await?;
        // Row security that would hide rows is an error under what is pinned, never a difference.
        session.pin(Purpose::Reading, &self.encoding);
        session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        if let Some(digits) = &self.float_digits {
            session.run(format!("SET LOCAL {} = {digits}", settings::FLOAT_DIGITS)).await?;
        }
        if let Some(role) = &self.role {
            session.run(text!["SET LOCAL ROLE ", role.ident()]).await?;
        }
        let mut all = Vec::new();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((object, expected)) = next else { break };
            all.push(self.check(&mut session, &object, expected).await?);
        }
        session.run("COMMIT").await?;
        Ok(all)
    }

    async fn check(&self, session: &mut Session, object: &Object, expected: Digest) -> Result<TableCheck> {
        let table = object.name.to_string();
        let found = self.digest(session, object, object).await?;
        let (verdict, not_compared) = match (found == expected, found.rows == expected.rows, self.same_major) {
            (true, ..) => (Verdict::Same, Vec::new()),
            (false, true, false) => self.check_columns(session, object).await?,
            _ => (Verdict::Differs, Vec::new()),
        };
        let not_compared = not_compared.iter().map(ToString::to_string).collect();
        (self.events)(Event::ObjectDone { kind: object.kind, name: table.clone() });
        let (rows, bytes, rows_found) = (expected.rows, expected.bytes, found.rows);
        Ok(TableCheck { table, rows, bytes, rows_found, verdict, not_compared })
    }

    /// Compares a table that differs by all columns that servers of both versions print alike; names the others.
    async fn check_columns(&self, session: &mut Session, object: &Object) -> Result<(Verdict, Vec<Text>)> {
        let doing = format!("look at the columns of {}", object.name);
        let doubtful = comparable::doubtful(session, object).await.map_err(|e| e.while_doing(&doing))?;
        if doubtful.is_empty() {
            return Ok((Verdict::Differs, doubtful));
        }
        let Some(rest) = comparable::without(object, &doubtful) else { return Ok((Verdict::NotComparable, doubtful)) };
        let mut expected = self.reader.digester();
        for part in self.parts.iter().filter(|part| part.object == object.id) {
            let mut projection = Projection::new(object, &doubtful);
            let mut blocks = self.reader.blocks(&part.stored);
            while let Some(block) = blocks.try_next().await? {
                expected.push(&projection.push(&block));
            }
        }
        match self.digest(session, object, &rest).await? == expected.finish() {
            true => Ok((Verdict::NotComparable, doubtful)),
            false => Ok((Verdict::Differs, Vec::new())),
        }
    }

    /// Of the rows that the server has, in the columns of `shown`.
    async fn digest(&self, session: &mut Session, object: &Object, shown: &Object) -> Result<Digest> {
        let doing = format!("read back {}", object.name);
        let statement = text![copy(shown), " WITH (ENCODING ", Text::from(self.encoding.as_str()).literal(), ")"];
        session.tell_stalls(stalls(&self.events, &object.name.to_string(), "waiting for rows of"));
        let mut copy = session.copy_out(statement).await.map_err(|e| e.while_doing(&doing))?;
        let mut digester = self.reader.digester();
        while let Some(block) = copy.block().await.map_err(|e| e.while_doing(&doing))? {
            digester.push(&block);
        }
        Ok(digester.finish())
    }
}

/// Reads the selected tables back from the target and compares them with the snapshot.
///
/// # Errors
///
/// Where the server fails; differences are in the answer.
pub async fn read_back(
    reader: &Reader,
    options: &Options,
    connector: &Arc<Connector>,
    events: &Events,
) -> Result<Vec<TableCheck>> {
    let manifest = reader.manifest().await?;
    let selected = select(&manifest.objects, &options.selection)?;
    let wanted = |part: &&Part| selected.data[part.object.0 as usize];
    let parts: Vec<Part> = manifest.parts.iter().filter(wanted).cloned().collect();
    let readback = Readback::new(reader, options.role.as_ref(), connector, events).await?;
    readback.run(&manifest.objects, &parts, options.jobs).await
}

/// The COPY of all rows of an object, as a dump reads them; without options.
fn copy(object: &Object) -> Text {
    if object.kind == Kind::LargeObjects {
        // By their numbers, since the owner may be another one here.
        let oids = object.large_objects();
        return catalog::copy_pages(&text!["WHERE oid = ANY ('{", oids, "}'::pg_catalog.oid[])"]);
    }
    let columns = object.table.as_ref().map(Table::column_list).unwrap_or_default();
    let source = match object.table.as_ref().and_then(|table| table.condition.as_ref()) {
        Some(condition) => {
            let columns = object.table.iter().flat_map(|table| &table.columns).map(|column| column.name.ident());
            let list = Text::join(columns, ", ");
            text!["(SELECT ", list, " FROM ONLY ", object.name.sql(), " ", condition, ")"]
        }
        None => text![object.name.sql(), columns],
    };
    text!["COPY ", source, " TO STDOUT"]
}
