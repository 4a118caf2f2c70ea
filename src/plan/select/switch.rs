//! The switches that take a pattern, one row each: what a flag, a line of a filter file and a report call them, and which
//! names they choose.

use super::{FunctionPattern, Purpose, Selection, TablePattern, TriggerPattern};
use crate::error::Result;
use crate::plan::Pattern;
use crate::text::Text;

/// A switch of pg_dump or pg_restore that takes a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Switch {
    /// `-n`
    Schema,
    /// `-N`
    ExcludeSchema,
    /// `-t`
    Table,
    /// `--table-and-children`
    TableAndChildren,
    /// `-T`
    ExcludeTable,
    /// `--exclude-table-and-children`
    ExcludeTableAndChildren,
    /// `--exclude-table-data`
    ExcludeTableData,
    /// `--exclude-table-data-and-children`
    ExcludeTableDataAndChildren,
    /// `-e`
    Extension,
    /// `--exclude-extension`
    ExcludeExtension,
    /// `--include-foreign-data`
    ForeignData,
    /// `-I`, of a restore.
    Index,
    /// `-P`, of a restore.
    Function,
    /// `--trigger`, of a restore.
    Trigger,
}

/// True if the word in front says include; the kind of object in filter files; the switch.
const IN_FILTERS: [(bool, &str, Switch); 14] = [
    (true, "schema", Switch::Schema),
    (false, "schema", Switch::ExcludeSchema),
    (true, "table", Switch::Table),
    (false, "table", Switch::ExcludeTable),
    (true, "table_and_children", Switch::TableAndChildren),
    (false, "table_and_children", Switch::ExcludeTableAndChildren),
    (false, "table_data", Switch::ExcludeTableData),
    (false, "table_data_and_children", Switch::ExcludeTableDataAndChildren),
    (true, "extension", Switch::Extension),
    (false, "extension", Switch::ExcludeExtension),
    (true, "foreign_data", Switch::ForeignData),
    (true, "index", Switch::Index),
    (true, "function", Switch::Function),
    (true, "trigger", Switch::Trigger),
];

impl Switch {
    /// The switch that a line of a filter file means, where there is one for this purpose.
    pub(super) fn in_filter(includes: bool, kind: &str, purpose: Purpose) -> Option<Self> {
        let row = IN_FILTERS.iter().find(|row| (row.0, row.1) == (includes, kind))?;
        let of_pieces = matches!(row.2, Self::Index | Self::Function | Self::Trigger);
        (purpose == Purpose::Restore || !of_pieces).then_some(row.2)
    }
}

impl Selection {
    /// Adds a pattern as it is written after its switch.
    ///
    /// # Errors
    ///
    /// Where it is no pattern.
    pub fn add(&mut self, switch: Switch, written: &str) -> Result<()> {
        let table = |children| Ok(TablePattern { pattern: Pattern::of_relation(written)?, children });
        match switch {
            Switch::Schema => self.schemas.push(Pattern::of_schema(written)?),
            Switch::ExcludeSchema => self.exclude_schemas.push(Pattern::of_schema(written)?),
            Switch::Table => self.tables.push(table(false)?),
            Switch::TableAndChildren => self.tables.push(table(true)?),
            Switch::ExcludeTable => self.exclude_tables.push(table(false)?),
            Switch::ExcludeTableAndChildren => self.exclude_tables.push(table(true)?),
            Switch::ExcludeTableData => self.exclude_table_data.push(table(false)?),
            Switch::ExcludeTableDataAndChildren => self.exclude_table_data.push(table(true)?),
            Switch::Extension => self.extensions.push(Pattern::of_plain(written)?),
            Switch::ExcludeExtension => self.exclude_extensions.push(Pattern::of_plain(written)?),
            Switch::ForeignData => self.foreign_data.push(Pattern::of_plain(written)?),
            Switch::Index => self.indexes.push(Pattern::of_relation(written)?),
            Switch::Function => self.functions.push(FunctionPattern::new(&Text::from(written))?),
            Switch::Trigger => self.triggers.push(TriggerPattern::new(&Text::from(written))?),
        }
        Ok(())
    }

    /// The patterns of a dump as flags, for people.
    #[must_use]
    pub fn patterns(&self) -> Vec<Text> {
        let plain = [
            ("-n", &self.schemas),
            ("-N", &self.exclude_schemas),
            ("-e", &self.extensions),
            ("--exclude-extension", &self.exclude_extensions),
            ("--include-foreign-data", &self.foreign_data),
        ];
        let relations = [
            (["-t", "--table-and-children"], &self.tables),
            (["-T", "--exclude-table-and-children"], &self.exclude_tables),
            (["--exclude-table-data", "--exclude-table-data-and-children"], &self.exclude_table_data),
        ];
        let plain = plain.into_iter().flat_map(|(flag, patterns)| patterns.iter().map(move |pattern| (flag, pattern)));
        let relations = relations.into_iter().flat_map(|(flags, patterns)| {
            patterns.iter().map(move |table| (flags[usize::from(table.children)], &table.pattern))
        });
        plain.chain(relations).map(|(flag, pattern)| Text::from(format!("{flag} {pattern}"))).collect()
    }
}
