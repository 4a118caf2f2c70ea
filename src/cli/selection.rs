//! Flags that choose objects and rows, spelled as in pg_dump, and what the library makes of them.

mod filter;

use clap::Args;
use pgkeep::object::Section;
use pgkeep::plan::Pattern;
use pgkeep::plan::select::{self, FunctionPattern, Purpose, TablePattern, TriggerPattern};
use pgkeep::text::Text;
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
    /// Those of filter files that name pieces, as [`Pieces`] do.
    #[arg(skip)]
    pieces: Pieces,
}

impl Selection {
    /// What is meant, for `purpose`. Reads the filter files.
    pub(crate) fn chosen(&self, purpose: Purpose) -> Result<select::Selection> {
        let mut patterns = self.patterns.clone();
        for file in &self.filters {
            filter::read(file, purpose, &mut patterns)?;
        }
        Ok(select::Selection {
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
            ..patterns.chosen()?
        })
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
    fn chosen(&self) -> Result<select::Selection> {
        let mut chosen = select::Selection {
            schemas: all(&self.schemas, |name| Pattern::of_schema(name))?,
            exclude_schemas: all(&self.exclude_schemas, |name| Pattern::of_schema(name))?,
            tables: tables(&self.tables, &self.trees)?,
            exclude_tables: tables(&self.exclude_tables, &self.exclude_trees)?,
            exclude_table_data: tables(&self.exclude_rows, &self.exclude_tree_rows)?,
            extensions: all(&self.extensions, |name| Pattern::of_plain(name))?,
            exclude_extensions: all(&self.exclude_extensions, |name| Pattern::of_plain(name))?,
            foreign_data: all(&self.foreign_servers, |name| Pattern::of_plain(name))?,
            ..select::Selection::default()
        };
        self.pieces.add(&mut chosen)?;
        Ok(chosen)
    }
}

fn all<T>(written: &[String], parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    written.iter().map(|written| parse(written)).collect()
}

fn tables(alone: &[String], trees: &[String]) -> Result<Vec<TablePattern>> {
    let pattern = |name: &str, children| Ok(TablePattern { pattern: Pattern::of_relation(name)?, children });
    let mut both = all(alone, |name| pattern(name, false))?;
    both.extend(all(trees, |name| pattern(name, true))?);
    Ok(both)
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
        self.add(&mut chosen)?;
        if let Some(file) = &self.use_list {
            let hint = "a list is text in UTF-8; `pgkeep show --list` writes one";
            chosen.list = Some(select::List::parse(&filter::text(file, "list", hint)?)?);
        }
        Ok(chosen)
    }

    fn add(&self, chosen: &mut select::Selection) -> Result<()> {
        chosen.indexes.extend(all(&self.indexes, |name| Pattern::of_relation(name))?);
        chosen.functions.extend(all(&self.functions, |name| FunctionPattern::new(&Text::from(name)))?);
        chosen.triggers.extend(all(&self.triggers, |name| TriggerPattern::new(&Text::from(name)))?);
        Ok(())
    }
}

/// The patterns of a selection as flags, for people.
pub(crate) fn written(selection: &select::Selection) -> Vec<Text> {
    let plain = [
        ("-n", &selection.schemas),
        ("-N", &selection.exclude_schemas),
        ("-e", &selection.extensions),
        ("--exclude-extension", &selection.exclude_extensions),
        ("--include-foreign-data", &selection.foreign_data),
    ];
    let relations = [
        (["-t", "--table-and-children"], &selection.tables),
        (["-T", "--exclude-table-and-children"], &selection.exclude_tables),
        (["--exclude-table-data", "--exclude-table-data-and-children"], &selection.exclude_table_data),
    ];
    let plain = plain.into_iter().flat_map(|(flag, patterns)| patterns.iter().map(move |pattern| (flag, pattern)));
    let relations = relations.into_iter().flat_map(|(flags, patterns)| {
        patterns.iter().map(move |table| (flags[usize::from(table.children)], &table.pattern))
    });
    plain.chain(relations).map(|(flag, pattern)| Text::from(format!("{flag} {pattern}"))).collect()
}

/// A request that a filter file makes no sense of.
fn refusal(file: &str, line: usize, problem: &str) -> Error {
    Error::Usage {
        message: format!("line {line} of filter {file}: {problem}"),
        hint: Some(
            "a line is `include` or `exclude`, a kind of object and a pattern: `exclude table_data audit.*`".into(),
        ),
    }
}
