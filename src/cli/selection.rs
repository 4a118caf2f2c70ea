//! Flags that choose objects and rows, spelled as in pg_dump, and what the library makes of them.

use std::io::Read as _;

use clap::Args;
use pgkeep::object::Section;
use pgkeep::plan::select::{self, Purpose, Switch};
use pgkeep::{Error, Result};

/// Which objects and rows.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Selection")]
pub(crate) struct Selection {
    #[command(flatten)]
    patterns: Patterns,
    /// File of `include` and `exclude` lines as pg_dump and pg_restore read them, - for standard input; may be given
    /// several times
    #[arg(long = "filter", value_name = "FILE")]
    filters: Vec<String>,
    /// Every pattern that includes must match something, not only one of each flag
    #[arg(long)]
    strict_names: bool,
    /// Add everything that the selection needs
    #[arg(long)]
    with_dependencies: bool,
    /// Rows only, no definitions
    #[arg(long, short = 'a', visible_alias = "no-schema", conflicts_with = "schema_only")]
    data_only: bool,
    /// Definitions only, no rows
    #[arg(long, short = 's', visible_alias = "no-data")]
    schema_only: bool,
    /// With -s: the positions of sequences too
    #[arg(long, requires = "schema_only")]
    sequence_data: bool,
    /// What the planner knows of tables and indexes too; a restore brings back what a snapshot has unless told otherwise
    #[arg(long)]
    statistics: bool,
    /// No statistics for the planner
    #[arg(long, conflicts_with_all = ["statistics", "statistics_only"])]
    no_statistics: bool,
    /// Statistics for the planner only, neither definitions nor rows
    #[arg(long, conflicts_with_all = ["data_only", "schema_only"])]
    statistics_only: bool,
    /// Only this section: pre-data, data or post-data; may be given several times
    #[arg(long = "section", value_name = "SECTION", value_parser = section, conflicts_with_all = ["data_only", "schema_only"])]
    sections: Vec<Section>,
    /// Large objects also where only some schemas or tables are selected
    #[arg(long, short = 'b', visible_alias = "blobs", conflicts_with = "no_large_objects")]
    large_objects: bool,
    /// No large objects
    #[arg(long, short = 'B', visible_alias = "no-blobs")]
    no_large_objects: bool,
    /// No rows of unlogged tables
    #[arg(long)]
    no_unlogged_table_data: bool,
    /// Neither row security policies nor the switch that enables them
    #[arg(long)]
    no_policies: bool,
    /// No publications
    #[arg(long)]
    no_publications: bool,
    /// No subscriptions
    #[arg(long)]
    no_subscriptions: bool,
}

/// Patterns for names, each flag may be given several times.
#[derive(Args, Clone, Debug, Default)]
struct Patterns {
    /// Only schemas that match; may be given several times
    #[arg(long = "schema", short = 'n', value_name = "PATTERN")]
    schemas: Vec<String>,
    /// No schemas that match; may be given several times
    #[arg(long = "exclude-schema", short = 'N', value_name = "PATTERN")]
    exclude_schemas: Vec<String>,
    /// Only tables, views and sequences that match, whatever their schema; may be given several times
    #[arg(long = "table", short = 't', value_name = "PATTERN")]
    tables: Vec<String>,
    /// As -t, with partitions and inheritance children
    #[arg(long = "table-and-children", value_name = "PATTERN")]
    trees: Vec<String>,
    /// No tables, views and sequences that match; may be given several times
    #[arg(long = "exclude-table", short = 'T', value_name = "PATTERN")]
    exclude_tables: Vec<String>,
    /// As -T, with partitions and inheritance children
    #[arg(long = "exclude-table-and-children", value_name = "PATTERN")]
    exclude_trees: Vec<String>,
    /// No rows of tables that match
    #[arg(long = "exclude-table-data", value_name = "PATTERN")]
    exclude_rows: Vec<String>,
    /// As --exclude-table-data, with partitions and inheritance children
    #[arg(long = "exclude-table-data-and-children", value_name = "PATTERN")]
    exclude_tree_rows: Vec<String>,
    /// Only extensions that match
    #[arg(long = "extension", short = 'e', value_name = "PATTERN")]
    extensions: Vec<String>,
    /// No extensions that match
    #[arg(long = "exclude-extension", value_name = "PATTERN")]
    exclude_extensions: Vec<String>,
    /// Rows of foreign tables of foreign servers that match; snapshots hold no others
    #[arg(long = "include-foreign-data", value_name = "PATTERN")]
    foreign_servers: Vec<String>,
}

impl Selection {
    /// What is meant, for `purpose`. Reads the filter files.
    pub(crate) fn chosen(&self, purpose: Purpose) -> Result<select::Selection> {
        let mut chosen = select::Selection {
            purpose,
            sections: self.sections.clone(),
            data_only: self.data_only,
            schema_only: self.schema_only,
            sequence_data: self.sequence_data,
            statistics: self.statistics(purpose),
            statistics_only: self.statistics_only,
            large_objects: self.large_objects,
            no_large_objects: self.no_large_objects,
            no_unlogged_table_data: self.no_unlogged_table_data,
            no_policies: self.no_policies,
            no_publications: self.no_publications,
            no_subscriptions: self.no_subscriptions,
            strict_names: self.strict_names,
            with_dependencies: self.with_dependencies,
            ..select::Selection::default()
        };
        self.patterns.add_to(&mut chosen)?;
        for file in &self.filters {
            chosen.add_filter(file, &text(file, "filter", "a filter file is text in UTF-8")?)?;
        }
        Ok(chosen)
    }
}

impl Selection {
    /// As in pg_dump and pg_restore: asked for on a dump; on a restore all there are, unless only definitions or rows are
    /// wanted.
    fn statistics(&self, purpose: Purpose) -> bool {
        let by_itself = purpose == Purpose::Restore && !self.data_only && !self.schema_only;
        (by_itself && !self.no_statistics) || self.asks_for_statistics()
    }

    /// Whether they were asked for by a flag.
    pub(crate) fn asks_for_statistics(&self) -> bool {
        self.statistics || self.statistics_only
    }
}

impl Patterns {
    fn add_to(&self, chosen: &mut select::Selection) -> Result<()> {
        let all = [
            (Switch::Schema, &self.schemas),
            (Switch::ExcludeSchema, &self.exclude_schemas),
            (Switch::Table, &self.tables),
            (Switch::TableAndChildren, &self.trees),
            (Switch::ExcludeTable, &self.exclude_tables),
            (Switch::ExcludeTableAndChildren, &self.exclude_trees),
            (Switch::ExcludeTableData, &self.exclude_rows),
            (Switch::ExcludeTableDataAndChildren, &self.exclude_tree_rows),
            (Switch::Extension, &self.extensions),
            (Switch::ExcludeExtension, &self.exclude_extensions),
            (Switch::ForeignData, &self.foreign_servers),
        ];
        add(chosen, &all)
    }
}

/// Adds what was written after each of these switches.
fn add(chosen: &mut select::Selection, all: &[(Switch, &Vec<String>)]) -> Result<()> {
    let written = all.iter().flat_map(|(switch, written)| written.iter().map(move |written| (*switch, written)));
    written.into_iter().try_for_each(|(switch, written)| chosen.add(switch, written))
}

/// A file that chooses, `-` for standard input.
fn text(file: &str, what: &str, hint: &str) -> Result<String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().lock().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(file).map(|read| text = read),
    };
    read.map_err(|error| Error::Usage {
        message: format!("cannot read {what} {file}: {error}"),
        hint: Some(hint.into()),
    })?;
    Ok(text)
}

fn section(written: &str) -> Result<Section, String> {
    match written {
        "pre-data" => Ok(Section::PreData),
        "data" => Ok(Section::Data),
        "post-data" => Ok(Section::PostData),
        _ => Err("sections are pre-data, data and post-data".into()),
    }
}

/// Pieces of tables and routines, one by one, as pg_restore takes them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub(crate) struct Pieces {
    /// Only indexes that match; may be given several times
    #[arg(long = "index", short = 'I', value_name = "PATTERN")]
    indexes: Vec<String>,
    /// Only functions, procedures and aggregates that match, `name` or `name(types)`; may be given several times
    #[arg(long = "function", short = 'P', value_name = "PATTERN")]
    functions: Vec<String>,
    /// Only triggers that match, `name` or `table name`; may be given several times
    #[arg(long = "trigger", value_name = "PATTERN")]
    triggers: Vec<String>,
    /// Only what has a line in this file, in the order of the lines: `show --list` writes one; - for standard input
    #[arg(long, short = 'L', value_name = "FILE")]
    use_list: Option<String>,
}

impl Pieces {
    /// What is meant of a snapshot: `selection` and these.
    pub(crate) fn chosen(&self, selection: &Selection) -> Result<select::Selection> {
        let mut chosen = selection.chosen(Purpose::Restore)?;
        let all =
            [(Switch::Index, &self.indexes), (Switch::Function, &self.functions), (Switch::Trigger, &self.triggers)];
        add(&mut chosen, &all)?;
        if let Some(file) = &self.use_list {
            let hint = "a list is text in UTF-8; `pgkeep show --list` writes one";
            chosen.list = Some(select::List::parse(&text(file, "list", hint)?)?);
        }
        Ok(chosen)
    }
}
