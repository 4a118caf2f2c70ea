//! How a restore goes about its work, and what that means for the selection.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::plan::Pattern;
use crate::plan::select::{Selection, TablePattern};
use crate::restore::choices::{Choices, Table, omitted};
use crate::restore::{Fill, Options, TableName};
use crate::text;
use crate::text::Text;

/// How a restore goes about its work. The default is for a new database and a person who waits.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Continue a restore that stopped; what its ledger says is done is not done again.
    pub resume: bool,
    /// Collect the failures of single objects instead of ending with the first.
    pub keep_going: bool,
    /// Remove first what will be created, where it is there.
    pub clean: bool,
    /// Everything in one transaction on one session: all or nothing.
    pub single_transaction: bool,
    /// Role to restore as.
    pub role: Option<Text>,
    /// Schemas to restore under another name, with that name. Where the selection names nothing, only these.
    pub into_schema: BTreeMap<Text, Text>,
    /// Tables to restore under another name, with that name. Where the selection names nothing, only these.
    pub into_table: Vec<(TableName, TableName)>,
    /// Read all tables back in the end and compare them with the snapshot.
    pub verify: bool,
    /// What rows do to those that are there. Anything but the default restores rows alone.
    pub fill: Fill,
    /// Keep triggers and foreign keys of tables quiet while rows are loaded: rows are not checked by the latter.
    pub disable_triggers: bool,
}

impl Manner {
    pub(crate) fn check(&self) -> Result<()> {
        if self.single_transaction && (self.resume || self.keep_going) {
            return Err(Error::usage(
                "a restore in one transaction is all or nothing: it neither resumes nor keeps going",
            ));
        }
        if !self.into_table.is_empty() && (!self.into_schema.is_empty() || self.fill != Fill::Add) {
            return Err(Error::usage(
                "a table under another name is made beside the others: --into-table goes with neither --into-schema, \
                 --truncate nor --on-conflict-do-nothing",
            ));
        }
        if self.verify && self.fill == Fill::KeepExisting {
            return Err(Error::usage(
                "tables that keep rows of their own are not what the snapshot has: nothing to verify",
            ));
        }
        Ok(())
    }
}

/// What was chosen, as the ledger keeps it, with what is done with each object: whether it is created, and whether it gets
/// its rows.
pub(crate) fn choices(keep: &[bool], data: &[bool], order: &[usize], options: &Options) -> Choices {
    let Options { definitions, create_database, manner, .. } = options;
    let Manner { clean, role, into_schema, into_table, fill, .. } = manner;
    let pair = |(one, other): (&Text, &Text)| (one.clone(), other.clone());
    let table = |name: &TableName| Table { schema: name.schema.clone(), name: name.name.clone() };
    let fill = match fill {
        Fill::Add => "add",
        Fill::Truncate => "truncate",
        Fill::KeepExisting => "keep_existing",
    };
    Choices {
        objects: Choices::objects(keep, data),
        order: (!order.is_sorted()).then(|| Choices::order(order)),
        omit: omitted(definitions.omit),
        owners: definitions.owners.iter().map(pair).collect(),
        create_database: *create_database,
        clean: *clean,
        role: role.clone(),
        into_schema: into_schema.iter().map(pair).collect(),
        into_table: into_table.iter().map(|(old, new)| (table(old), table(new))).collect(),
        fill: fill.into(),
    }
}

/// The selection; schemas that get another name are one where nothing else is named.
pub(crate) fn narrowed(options: &Options) -> Result<Selection> {
    let mut selection = options.selection.clone();
    selection.data_only |= options.manner.fill != Fill::Add;
    // Large objects have no key by which one could be there already.
    selection.no_large_objects |= options.manner.fill == Fill::KeepExisting;
    if selection.includes_everything() {
        let schemas = options.manner.into_schema.keys().map(|old| Pattern::of_schema(old.ident()));
        selection.schemas = schemas.collect::<Result<_>>()?;
        let tables = options.manner.into_table.iter().map(|(old, _)| pattern(old));
        selection.tables = tables.collect::<Result<_>>()?;
    }
    Ok(selection)
}

/// The pattern that means this table alone.
fn pattern(table: &TableName) -> Result<TablePattern> {
    let name = match &table.schema {
        Some(schema) => text![schema.ident(), ".", table.name.ident()],
        None => table.name.ident(),
    };
    Ok(TablePattern { pattern: Pattern::of_relation(name)?, children: false })
}
