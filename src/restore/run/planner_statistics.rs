//! Statistics for the planner: from stored rows to the calls that set them, and these on the target.
//!
//! They come last: an index that is built later, a load or a refresh would count anew what they say.

use std::collections::{BTreeSet, HashMap};

use bytes::BytesMut;
use futures_util::TryStreamExt as _;

use crate::blocks::{row_end, value};
use crate::error::{Error, Result};
use crate::object::{Kind, Object, ObjectId};
use crate::restore::prepare::target::Target;
use crate::restore::run::phases::Restoring;
use crate::restore::run::sessions::Seat;
use crate::restore::{Finding, Options, Plan};
use crate::text;
use crate::text::Text;

/// Catalogs that the rows name.
const RELATIONS: &str = "pg_class";
const CONSTRAINTS: &str = "pg_constraint";
/// Functions that they name.
const OF_RELATION: &str = "pg_restore_relation_stats";
const OF_COLUMN: &str = "pg_restore_attribute_stats";
/// First major version whose functions take them.
const SINCE: u32 = 18;
/// Bytes of calls in one transaction at most, but for one that is longer alone.
const BATCH_BYTES: usize = 1 << 20;
/// Calls in one transaction at most: each keeps a lock on its relation until the commit.
const BATCH_CALLS: usize = 500;

/// A call that sets statistics of one relation.
pub(crate) struct Call {
    pub(crate) object: ObjectId,
    /// Whether they are those of a column, and not of the relation as a whole.
    pub(crate) of_column: bool,
    /// Without a final semicolon.
    pub(crate) statement: Text,
}

/// Makes calls of stored rows, block by block.
pub(crate) struct Calls {
    /// Objects with their names as arguments, by catalog and oid on the source.
    relations: HashMap<(&'static str, u32), (ObjectId, Text)>,
    pending: BytesMut,
}

impl Calls {
    /// Calls for the objects that are `wanted`, under the names that they have here.
    pub(crate) fn new(objects: &[Object], wanted: &[bool]) -> Self {
        let named = |Object { id, kind, name, oid, .. }: &Object| {
            let schema = name.schema.clone().unwrap_or_default();
            let names = text!["'schemaname', ", schema.literal(), ", 'relname', ", name.name.literal()];
            let catalog = if *kind == Kind::Constraint { CONSTRAINTS } else { RELATIONS };
            ((catalog, *oid), (*id, names))
        };
        let wanted = objects.iter().zip(wanted).filter(|(_, wanted)| **wanted);
        Self { relations: wanted.map(|(object, _)| named(object)).collect(), pending: BytesMut::new() }
    }

    /// The calls that end in this block and the ones before.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] for a row that is not one of statistics.
    pub(crate) fn push(&mut self, block: &[u8]) -> Result<Vec<Call>> {
        self.pending.extend_from_slice(block);
        let mut calls = Vec::new();
        while let Some(end) = row_end(&self.pending) {
            let row = self.pending.split_to(end + 1);
            let fields: Vec<Vec<u8>> = row[..end].split(|byte| *byte == b'\t').filter_map(value).collect();
            calls.extend(self.call(&fields)?);
        }
        Ok(calls)
    }

    fn call(&self, fields: &[Vec<u8>]) -> Result<Option<Call>> {
        let damaged = || Error::damaged("statistics", "a row of them is something else");
        let [catalog, oid, function, arguments] = fields else { return Err(damaged()) };
        let oid: u32 = std::str::from_utf8(oid).ok().and_then(|oid| oid.parse().ok()).ok_or_else(damaged)?;
        let catalog = if catalog == CONSTRAINTS.as_bytes() { CONSTRAINTS } else { RELATIONS };
        let of_column = function == OF_COLUMN.as_bytes();
        let is_known = of_column || function == OF_RELATION.as_bytes();
        let Some((object, names)) = self.relations.get(&(catalog, oid)).filter(|_| is_known) else { return Ok(None) };
        let statement = text!["SELECT * FROM pg_catalog.", function, "(", names, ", ", arguments, ")"];
        Ok(Some(Call { object: *object, of_column, statement }))
    }
}

impl Plan {
    /// Leaves out statistics that the target cannot take, and says so.
    pub(crate) fn leave_statistics(&mut self, target: &Target, options: &Options) {
        let major = target.version / 10_000;
        if major < SINCE && self.has_statistics() {
            let hint = if options.analyze { "ANALYZE collects others" } else { "run ANALYZE" };
            self.findings.push(Finding {
                fatal: false,
                message: format!("the target runs PostgreSQL {major} and takes no statistics of the snapshot"),
                hint: format!("{hint}; PostgreSQL {} and newer take them", SINCE),
            });
        }
        if major < SINCE || self.manifest.statistics.is_empty() {
            self.statistics.fill(false);
        }
    }
}

impl Restoring {
    /// Sets all that are wanted; returns the relations whose columns got some.
    pub(crate) async fn statistics(&self, lead: &mut Seat, wanted: &[bool]) -> Result<BTreeSet<ObjectId>> {
        let mut calls = Calls::new(&self.objects, wanted);
        let mut blocks = self.reader.statistics();
        let (mut batch, mut bytes, mut known) = (Vec::new(), 0, BTreeSet::new());
        while let Some(block) = blocks.try_next().await? {
            for call in calls.push(&block)? {
                if self.failures.is_lost(call.object) {
                    continue;
                }
                if call.of_column {
                    known.insert(call.object);
                }
                bytes += call.statement.as_bytes().len();
                batch.push(call);
                if bytes > BATCH_BYTES || batch.len() == BATCH_CALLS {
                    self.set_all(lead, &batch).await?;
                    batch.clear();
                    bytes = 0;
                }
            }
        }
        self.set_all(lead, &batch).await?;
        Ok(known)
    }

    /// Sets a batch in one transaction; if that fails, one by one, so that the error names the relation.
    async fn set_all(&self, lead: &mut Seat, batch: &[Call]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let statements = Text::join(batch.iter().map(|call| &call.statement), ";\n");
        let doing = "set statistics";
        match self.crew.repeatedly(lead, self.crew.transaction(&statements), doing).await {
            Err(Error::Postgres { .. }) if !self.crew.single => {}
            done => return done,
        }
        for call in batch {
            self.crew.repeatedly(lead, Text::from("ROLLBACK"), doing).await?;
            let object = &self.objects[call.object.0 as usize];
            let doing = format!("set statistics of {} {}", object.kind.noun(), object.name);
            let set = self.crew.transaction(&call.statement);
            if let Err(error) = self.crew.repeatedly(lead, set, &doing).await {
                self.failures.statistics(object, error)?;
            }
        }
        self.crew.repeatedly(lead, Text::from("ROLLBACK"), doing).await
    }
}
