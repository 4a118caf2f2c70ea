//! Statistics for the planner: from stored rows to the calls that set them.

use std::collections::HashMap;

use bytes::BytesMut;

use crate::blocks::{row_end, value};
use crate::error::{Error, Result};
use crate::object::{Kind, Object, ObjectId};
use crate::text;
use crate::text::Text;

/// First major version whose functions take them.
pub(crate) const SETTABLE_SINCE: u32 = 18;

/// Catalogs that the rows name.
const RELATIONS: &str = "pg_class";
const CONSTRAINTS: &str = "pg_constraint";
/// Functions that they name.
const OF_RELATION: &str = "pg_restore_relation_stats";
const OF_COLUMN: &str = "pg_restore_attribute_stats";

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
