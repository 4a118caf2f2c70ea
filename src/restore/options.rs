//! What a restore can be asked for. Owns which of it goes together and what it means for the selection and the ledger.

use std::collections::BTreeMap;

use crate::cancel::Cancellation;
use crate::error::{Error, Result};
use crate::pg::Config;
use crate::plan::select::{Purpose, Selection, TablePattern};
use crate::plan::{Pattern, Rendering};
use crate::restore::choices::{Choices, Table, omitted};
use crate::restore::rename::table_names::TableName;
use crate::text;
use crate::text::Text;

/// What to restore, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database to restore into.
    pub target: Config,
    /// Parts and objects at the same time; the server sees one connection more.
    pub jobs: usize,
    /// What the restore begins with.
    pub start: Start,
    /// In which steps it goes.
    pub course: Course,
    /// What of the snapshot.
    pub selection: Selection,
    /// What to leave out of definitions.
    pub rendering: Rendering,
    /// Whether to collect statistics for the planner at the end.
    pub analyze: bool,
    /// Remove first what will be created, where it is there.
    pub clean: bool,
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
    /// Stops the restore.
    pub cancellation: Cancellation,
}

/// What a restore begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// A database that is there.
    #[default]
    Existing,
    /// A database that is created first and must not exist; one that is continued was created by the run before.
    NewDatabase,
}

/// In which steps a restore goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Everything in one transaction on one session: all or nothing, without a ledger that could be continued from.
    OneTransaction,
    /// Many transactions, recorded in a ledger on the target.
    Steps {
        /// Collect the failures of single objects instead of ending with the first.
        keep_going: bool,
    },
    /// The steps that a restore which stopped has not done, as its ledger says.
    Resume {
        /// Collect the failures of single objects instead of ending with the first.
        keep_going: bool,
    },
}

impl Default for Course {
    fn default() -> Self {
        Self::Steps { keep_going: false }
    }
}

impl Course {
    pub(crate) fn is_one_transaction(self) -> bool {
        self == Self::OneTransaction
    }

    pub(crate) fn resumes(self) -> bool {
        matches!(self, Self::Resume { .. })
    }

    pub(crate) fn keeps_going(self) -> bool {
        matches!(self, Self::Steps { keep_going: true } | Self::Resume { keep_going: true })
    }
}

/// What rows do to those that are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// They are added; one that is there already is an error of the server where a key says so.
    #[default]
    Add,
    /// The tables are emptied first. Only rows are restored.
    Truncate,
    /// Rows that a unique key has already are kept as they are, the others added. Only rows are restored.
    KeepExisting,
}

impl Options {
    /// All of a snapshot into a database that is there, one thing at a time.
    #[must_use]
    pub fn new(target: Config) -> Self {
        Self {
            target,
            jobs: 1,
            start: Start::default(),
            course: Course::default(),
            selection: Selection { purpose: Purpose::Restore, ..Selection::default() },
            rendering: Rendering::default(),
            analyze: true,
            clean: false,
            role: None,
            into_schema: BTreeMap::new(),
            into_table: Vec::new(),
            verify: false,
            fill: Fill::default(),
            disable_triggers: false,
            cancellation: Cancellation::default(),
        }
    }

    /// Whether the target database has to be created now.
    pub(crate) fn creates_now(&self) -> bool {
        self.start == Start::NewDatabase && !self.course.resumes()
    }

    /// Whether the target may have something that nothing of this restore made.
    pub(crate) fn meets_others(&self) -> bool {
        self.start == Start::Existing && !self.course.resumes()
    }

    /// Connections that a restore needs at once.
    pub(crate) fn connections(&self) -> i64 {
        let jobs = i64::try_from(self.jobs).unwrap_or(i64::MAX);
        if self.course.is_one_transaction() { 1 } else { jobs.saturating_add(1) }
    }

    /// Whether these options make sense together.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where they do not.
    pub(crate) fn check(&self) -> Result<()> {
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

    /// The selection; schemas that get another name are one where nothing else is named.
    ///
    /// # Errors
    ///
    /// Where such a name is no pattern.
    pub(crate) fn narrowed(&self) -> Result<Selection> {
        let mut selection = self.selection.clone();
        selection.omissions.access_methods = self.rendering.omit.access_methods;
        selection.data_only |= self.fill != Fill::Add;
        // Large objects have no key by which one could be there already.
        selection.no_large_objects |= self.fill == Fill::KeepExisting;
        if selection.includes_everything() {
            let schemas = self.into_schema.keys().map(|old| Pattern::of_schema(old.ident()));
            selection.schemas = schemas.collect::<Result<_>>()?;
            let tables = self.into_table.iter().map(|(old, _)| pattern(old));
            selection.tables = tables.collect::<Result<_>>()?;
        }
        Ok(selection)
    }

    /// What was chosen, as the ledger keeps it, with what is done with each object: whether it is created, and whether it
    /// gets its rows.
    pub(crate) fn choices(&self, keep: &[bool], data: &[bool], order: &[usize]) -> Choices {
        let pair = |(one, other): (&Text, &Text)| (one.clone(), other.clone());
        let table = |name: &TableName| Table { schema: name.schema.clone(), name: name.name.clone() };
        let fill = match self.fill {
            Fill::Add => "add",
            Fill::Truncate => "truncate",
            Fill::KeepExisting => "keep_existing",
        };
        Choices {
            objects: Choices::objects(keep, data),
            order: (!order.is_sorted()).then(|| Choices::order(order)),
            omit: omitted(self.rendering.omit),
            owners: self.rendering.owners.iter().map(pair).collect(),
            create_database: self.start == Start::NewDatabase,
            clean: self.clean,
            role: self.role.clone(),
            into_schema: self.into_schema.iter().map(pair).collect(),
            into_table: self.into_table.iter().map(|(old, new)| (table(old), table(new))).collect(),
            fill: fill.into(),
        }
    }
}

/// The pattern that means this table alone.
fn pattern(table: &TableName) -> Result<TablePattern> {
    let name = match &table.schema {
        Some(schema) => text![schema.ident(), ".", table.name.ident()],
        None => table.name.ident(),
    };
    Ok(TablePattern { pattern: Pattern::of_relation(name)?, children: false })
}
