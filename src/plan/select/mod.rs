//! Which objects and rows are meant: pg_dump's switches on dump, pg_restore's on restore.
//!
//! What people write (patterns after switches, filter files, lists) becomes a [`Selection`] here; whoever calls reads
//! the files.
//!
//! Works from objects alone, so that a restore needs no server to choose from a snapshot. Names decide who is meant
//! ([`named`]), needs decide what must come along or stay behind ([`needs`]). Nothing here reads a file, a server or the text
//! of a statement.

mod filter;
mod list;
mod named;
mod needs;
mod switch;

use std::collections::BTreeSet;

use crate::error::Result;
use crate::object::{Kind, Object, ObjectId, Section, Without};
use crate::plan::{Omit, Pattern};
use crate::text::Text;
pub use list::List;
pub use switch::Switch;

/// What is wanted. The default wants everything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Whether objects are chosen for a dump or from one.
    pub purpose: Purpose,
    /// Name of the database, for patterns that name one.
    pub database: Option<Text>,
    /// Schemas searched for tables whose pattern names none, as pg_dump does; empty: any schema.
    pub search_path: Vec<Text>,
    /// `-n`: only these schemas and what is in them.
    pub schemas: Vec<Pattern>,
    /// `-N`: not these schemas, nor what is in them.
    pub exclude_schemas: Vec<Pattern>,
    /// `-t`: only these relations, with all that belongs to them. On a restore combined with `-n`: in these schemas.
    pub tables: Vec<TablePattern>,
    /// `-T`: not these relations.
    pub exclude_tables: Vec<TablePattern>,
    /// `--exclude-table-data`: the relations, without their rows.
    pub exclude_table_data: Vec<TablePattern>,
    /// `-e`: only these extensions.
    pub extensions: Vec<Pattern>,
    /// `--exclude-extension`.
    pub exclude_extensions: Vec<Pattern>,
    /// `--include-foreign-data`: rows of foreign tables of these servers. On a restore all rows there are.
    pub foreign_data: Vec<Pattern>,
    /// `-I`: indexes by name.
    pub indexes: Vec<Pattern>,
    /// `-P`: functions, procedures and aggregates by name.
    pub functions: Vec<FunctionPattern>,
    /// `--trigger`: triggers by name.
    pub triggers: Vec<TriggerPattern>,
    /// `--section`; empty: all three.
    pub sections: Vec<Section>,
    /// `-a`: rows, no definitions.
    pub data_only: bool,
    /// `-s`: definitions, no rows.
    pub schema_only: bool,
    /// `--sequence-data`: positions of sequences also where no rows are wanted.
    pub sequence_data: bool,
    /// `--statistics`: what the planner knows of relations.
    pub statistics: bool,
    /// `--statistics-only`: neither definitions nor rows.
    pub statistics_only: bool,
    /// `-b`: large objects also where only some schemas or tables are wanted.
    pub large_objects: bool,
    /// `-B`.
    pub no_large_objects: bool,
    /// `--no-unlogged-table-data`.
    pub no_unlogged_table_data: bool,
    /// What is left out of definitions.
    pub omissions: Omit,
    /// `--no-publications`.
    pub no_publications: bool,
    /// `--no-subscriptions`.
    pub no_subscriptions: bool,
    /// `--no-policies`: neither policies nor the switch of row security itself.
    pub no_policies: bool,
    /// `--load-via-partition-root`: rows of partitions come back through the root of their tree, for a dump.
    pub via_root: bool,
    /// `--strict-names`: every pattern that includes must mean something, not only one of each switch.
    pub strict_names: bool,
    /// Whether schema `public` is there even if no object says so: one that is as in a new database is none.
    pub public: bool,
    /// Adds everything that the selection needs.
    pub with_dependencies: bool,
    /// `--use-list`: only these lines, in their order.
    pub list: Option<List>,
    /// Objects that the target of a restore has already, so that nothing is left out for lack of them; `None` where no
    /// target was looked at.
    pub present: Option<BTreeSet<ObjectId>>,
}

/// What objects are chosen for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Purpose {
    /// As pg_dump: what was asked for is written, also where it needs what was not.
    #[default]
    Dump,
    /// What comes along but cannot work without what was not asked for is left out and named.
    Restore,
}

/// A pattern for relations.
#[derive(Clone, Debug)]
pub struct TablePattern {
    /// Which relations.
    pub pattern: Pattern,
    /// Their partitions and inheritance children too, at any depth (`--table-and-children` and its siblings).
    pub children: bool,
}

/// A pattern for functions, procedures and aggregates: `-P 'total(integer, text)'`.
#[derive(Clone, Debug)]
pub struct FunctionPattern {
    /// Which names.
    pub name: Pattern,
    /// Argument types as `\df` lists them; `None`: any.
    pub arguments: Option<Text>,
}

/// A pattern for triggers: `name`, `schema.name`, or `table name` as pg_restore has it.
#[derive(Clone, Debug)]
pub struct TriggerPattern {
    /// Tables they are on; `None`: any.
    pub table: Option<Pattern>,
    /// Their names.
    pub name: Pattern,
}

/// What was chosen. Vectors are indexed by object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// Objects whose definition is wanted.
    pub keep: Vec<bool>,
    /// Objects whose rows are wanted; for a sequence its position.
    pub data: Vec<bool>,
    /// Relations whose statistics for the planner are wanted.
    pub statistics: Vec<bool>,
    /// Objects that are not kept although kept ones need them: the target must have them, or get them first. Schemas,
    /// extensions and languages, and whatever objects need that were asked for by name.
    pub required: Vec<ObjectId>,
    /// All objects in the order in which they are created: as they are, unless a list has another one.
    pub order: Vec<usize>,
    /// The order of rows, where a list has one.
    pub rows_first: Vec<ObjectId>,
    /// Objects that were named themselves, not by their schema.
    pub explicit: Vec<bool>,
    /// What would have come along but needs what was not asked for.
    pub left_out: Vec<LeftOut>,
    /// Patterns that mean nothing, where others of the same switch do: for a warning.
    pub unmatched: Vec<String>,
}

/// An object that stays behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The object.
    pub object: ObjectId,
    /// What it needs.
    pub needs: ObjectId,
    /// Why that is not there.
    pub reason: Reason,
    /// Whether the object was named itself, or has rows that were wanted.
    pub asked_for: bool,
}

/// Why something needed is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It was not asked for.
    NotSelected,
    /// It was left out itself.
    LeftOut,
}

impl Selection {
    /// Whether nothing narrows the choice by name.
    #[must_use]
    pub fn includes_everything(&self) -> bool {
        self.schemas.is_empty() && self.tables.is_empty() && self.extensions.is_empty() && !self.names_pieces()
    }

    /// Whether no name narrows the choice of tables, whatever is wanted of them.
    #[must_use]
    pub fn wants_all_tables(&self) -> bool {
        self.includes_everything()
            && self.exclude_schemas.is_empty()
            && self.exclude_tables.is_empty()
            && self.exclude_extensions.is_empty()
    }

    /// Whether all tables are wanted, rows and definitions.
    #[must_use]
    pub fn is_default(&self) -> bool {
        let parts = self.data_only || self.schema_only || self.statistics_only || !self.sections.is_empty();
        self.wants_all_tables() && self.exclude_table_data.is_empty() && !parts
    }

    /// Whether nothing of a database is left out.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_default() && self.switches().is_empty()
    }

    /// What is switched off or on apart from names, as `schema_only` and the like.
    #[must_use]
    pub fn switches(&self) -> Vec<&'static str> {
        let section = |section| self.sections.contains(&section);
        let all = [
            ("data_only", self.data_only),
            ("schema_only", self.schema_only),
            ("statistics_only", self.statistics_only),
            ("section_pre_data", section(Section::PreData)),
            ("section_data", section(Section::Data)),
            ("section_post_data", section(Section::PostData)),
            ("sequence_data", self.sequence_data),
            ("no_large_objects", self.no_large_objects),
            ("no_unlogged_table_data", self.no_unlogged_table_data),
            ("no_comments", self.omissions.comments),
            ("no_security_labels", self.omissions.labels),
            ("no_owner", self.omissions.owners),
            ("no_privileges", self.omissions.grants),
            ("no_tablespaces", self.omissions.tablespaces),
            ("no_table_access_method", self.omissions.access_methods),
            ("no_toast_compression", self.omissions.compression),
            ("no_publications", self.no_publications),
            ("no_subscriptions", self.no_subscriptions),
            ("no_policies", self.no_policies),
        ];
        all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect()
    }

    /// Whether the target of a restore gets this from elsewhere: it belongs to a section that is not wanted.
    #[must_use]
    pub fn leaves_to_target(&self, object: &Object) -> bool {
        !self.wants_section(object.section)
    }

    /// Whether what one object needs of another is left out, or comes only with rows that are wanted or not.
    #[must_use]
    pub fn does_without(&self, object: &Object, needed: &Object) -> bool {
        let method = needed.kind == Kind::AccessMethod && matches!(object.kind, Kind::Table | Kind::MaterializedView);
        method && self.omissions.access_methods || object.is_configuration() && needed.is_configuration()
    }

    fn names_pieces(&self) -> bool {
        !(self.indexes.is_empty() && self.functions.is_empty() && self.triggers.is_empty())
    }

    fn restores(&self) -> bool {
        self.purpose == Purpose::Restore
    }

    /// Whether definitions of this kind and section are wanted at all.
    fn wants_definition(&self, object: &Object) -> bool {
        let facts = object.kind.facts();
        let switched_off = facts.left_out_by.is_some_and(|switch| match switch {
            Without::Publications => self.no_publications,
            Without::Subscriptions => self.no_subscriptions,
            Without::Policies => self.no_policies,
            Without::Grants => self.omissions.grants,
        });
        let asked_for = object.kind == Kind::LargeObjects && self.large_objects;
        let not_now = if facts.is_rows { self.schema_only && !asked_for } else { self.data_only };
        !switched_off && !not_now && !self.statistics_only && self.wants_section(object.section)
    }

    fn wants_rows(&self, object: &Object) -> bool {
        if !self.wants_section(Section::Data) || self.statistics_only {
            return false;
        }
        if object.kind == Kind::LargeObjects {
            return !self.schema_only || self.large_objects;
        }
        if self.schema_only {
            return self.sequence_data && object.kind == Kind::Sequence;
        }
        let Some(table) = &object.table else { return object.kind == Kind::Sequence && !object.grants_only };
        let foreign =
            |server: &Text| self.restores() || self.foreign_data.iter().any(|pattern| pattern.matches(None, server));
        let unlogged = self.no_unlogged_table_data && table.unlogged;
        !unlogged && table.server.as_ref().is_none_or(foreign)
    }

    /// Members of extensions are left to their extension, as in pg_dump.
    fn wants_statistics(&self, object: &Object) -> bool {
        let Some(section) = object.kind.facts().planner_statistics else { return false };
        self.statistics && self.wants_section(section) && (self.restores() || !object.create.is_empty())
    }

    fn wants_section(&self, section: Section) -> bool {
        self.sections.is_empty() || self.sections.contains(&section)
    }
}

/// Chooses among all objects of a database.
///
/// # Errors
///
/// Where a pattern names another database, or means nothing.
pub fn select(objects: &[Object], selection: &Selection) -> Result<Selected> {
    let links = Links::new(objects);
    let named = named::choose(objects, &links, selection)?;
    let chosen = needs::complete(objects, &links, selection, &named);
    let mut selected = Selected {
        keep: Vec::with_capacity(objects.len()),
        data: Vec::with_capacity(objects.len()),
        statistics: Vec::with_capacity(objects.len()),
        order: (0..objects.len()).collect(),
        rows_first: Vec::new(),
        required: chosen.required,
        explicit: named.explicit,
        left_out: chosen.left_out,
        unmatched: named.unmatched,
    };
    for (at, object) in objects.iter().enumerate() {
        selected.keep.push(chosen.keep[at] && selection.wants_definition(object));
        selected.data.push(chosen.keep[at] && !named.without_rows[at] && selection.wants_rows(object));
        selected.statistics.push(chosen.keep[at] && selection.wants_statistics(object));
    }
    for left in &mut selected.left_out {
        let at = left.object.0 as usize;
        let object = &objects[at];
        let view = object.kind == Kind::MaterializedView && selection.wants_definition(object);
        let rows = !named.without_rows[at] && (selection.wants_rows(object) || view);
        left.asked_for = rows || selected.explicit[at];
    }
    if let Some(list) = &selection.list {
        list.narrow(objects, &mut selected)?;
    }
    Ok(selected)
}

/// How objects hang together, derived once. All indexes are checked: a manifest may lie.
pub(super) struct Links {
    pub(super) needs: Vec<Vec<usize>>,
    /// The relation, domain or publication that an object finally belongs to; itself where it is no piece.
    pub(super) whole: Vec<usize>,
    /// The extension that an object is a member of.
    extension: Vec<Option<usize>>,
}

impl Links {
    pub(super) fn new(objects: &[Object]) -> Self {
        let index = |id: &ObjectId| usize::try_from(id.0).ok().filter(|&at| at < objects.len());
        let needs: Vec<Vec<usize>> =
            objects.iter().map(|object| object.needs.iter().filter_map(index).collect()).collect();
        let owner = |at: usize| {
            let object = &objects[at];
            // A sequence needs a table only if that owns it.
            let owns = |&need: &usize| matches!(objects[need].kind, Kind::Table | Kind::ForeignTable);
            let owned = || needs[at].iter().copied().find(owns).filter(|_| object.kind == Kind::Sequence);
            object.part_of.as_ref().and_then(index).or_else(owned)
        };
        // The attachment of an index is a piece of an index of a table: no chain is longer than a few steps.
        let whole = (0..objects.len()).map(|at| (0..8).fold(at, |at, _| owner(at).unwrap_or(at))).collect();
        let extension = objects.iter().zip(&needs).map(|(object, needs)| {
            let member = object.create.is_empty() && object.kind != Kind::Extension;
            needs.iter().copied().find(|&need| member && objects[need].kind == Kind::Extension)
        });
        Self { whole, extension: extension.collect(), needs }
    }

    /// Parents and children of tables: partitions, or all of inheritance.
    pub(super) fn children(&self, objects: &[Object], partitions_only: bool) -> Vec<(usize, usize)> {
        let is_table = |at: &usize| matches!(objects[*at].kind, Kind::Table | Kind::ForeignTable);
        let mut pairs = Vec::new();
        for (at, object) in objects.iter().enumerate() {
            let child = self.whole[at];
            let parents = self.needs[at].iter().copied().filter(|need| is_table(need) && *need != child);
            if object.kind == Kind::TableAttach {
                pairs.extend(parents.map(|parent| (parent, child)));
            } else if is_table(&at) && !partitions_only {
                let known = |id: &ObjectId| usize::try_from(id.0).ok().filter(|&parent| parent < objects.len());
                pairs.extend(object.inherits.iter().filter_map(known).map(|parent| (parent, child)));
            }
        }
        pairs
    }
}

#[cfg(test)]
pub(super) mod tests;
