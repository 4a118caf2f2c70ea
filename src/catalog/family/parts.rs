//! What CREATE TABLE and CREATE FOREIGN TABLE are made of, read once for all relations.

use tokio::try_join;

use crate::catalog::draft::{Draft, Piece, Template};
use crate::catalog::family::checks::{self, Checks};
use crate::catalog::family::columns::{self, Column, Columns};
use crate::catalog::family::defaults::{self, Defaults};
use crate::catalog::family::not_nulls::{self, NotNulls};
use crate::catalog::family::partitions::{self, Inheritance};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::text;
use crate::text::Text;

/// Columns and what belongs to them.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) columns: Columns,
    pub(crate) inheritance: Inheritance,
    pub(crate) defaults: Defaults,
    not_nulls: NotNulls,
    checks: Checks,
}

/// A table as its column list sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) oid: u32,
    pub(crate) partition: bool,
    /// Whether its columns come from a type.
    pub(crate) typed: bool,
}

/// Reads them all; those that are objects of their own come as drafts.
pub(crate) async fn load(source: &Source) -> Result<(Parts, Vec<Draft>)> {
    let (columns, (checks, mut drafts), (inheritance, more)) =
        try_join!(columns::load(source), checks::load(source), partitions::load(source))?;
    drafts.extend(more);
    let ((defaults, more), (not_nulls, also)) =
        try_join!(defaults::load(source, &columns), not_nulls::load(source, &columns))?;
    drafts.extend(more.into_iter().chain(also));
    Ok((Parts { columns, inheritance, defaults, not_nulls, checks }, drafts))
}

impl Parts {
    /// Items between the parentheses of CREATE TABLE.
    pub(crate) fn items(&self, shape: Shape) -> Vec<Template> {
        let mut items = Vec::new();
        for column in self.columns.of(shape.oid) {
            let parents = self.parents(shape, column);
            if !shape.partition && !column.local {
                items.extend(self.not_nulls.item(shape.oid, column).map(|item| vec![item.into()]));
                continue;
            }
            items.extend(self.item(shape, column, &parents));
        }
        items.extend_from_slice(self.checks.items(shape.oid));
        if shape.typed && items.len() == self.checks.items(shape.oid).len() && !items.is_empty() {
            // Parentheses of a typed table must not be empty, and checks may leave: a bare name says nothing.
            items.extend(self.columns.of(shape.oid).first().map(|column| vec![column.name.ident().into()]));
        }
        items
    }

    /// A column; of a typed table only one that has something to add to its type.
    fn item(&self, shape: Shape, column: &Column, parents: &[(u32, &Column)]) -> Option<Template> {
        let mut item: Template = vec![column.name.ident().into()];
        if !shape.typed {
            item.push(text![" ", column.type_name, column.collate()].into());
        }
        item.extend(self.defaults.clause(shape.oid, column, parents));
        let not_null = self.not_nulls.clause(shape.oid, column, shape.partition, parents);
        if !not_null.is_empty() {
            item.push(not_null.into());
        }
        (!shape.typed || item.len() > 1).then_some(item)
    }

    /// What follows `ALTER TABLE ONLY t` right after it was created.
    pub(crate) fn alterations(&self, shape: Shape) -> Option<Text> {
        let mut actions = Vec::new();
        for column in self.columns.of(shape.oid).iter().filter(|column| !shape.partition && !column.local) {
            let parents = self.parents(shape, column);
            actions.extend(self.defaults.alteration(shape.oid, column, &parents));
            actions.extend(self.not_nulls.alteration(column, &parents));
        }
        actions.extend(self.columns.alterations(shape.oid, &self.inheritance));
        (!actions.is_empty()).then(|| Text::join(actions, ", "))
    }

    /// ` INHERITS (..)` in the order of the source.
    pub(crate) fn inherits(&self, shape: Shape) -> Text {
        let parents = self.inheritance.inherited(shape.oid);
        if parents.is_empty() {
            return Text::new();
        }
        text!["\nINHERITS (", Text::join(parents.iter().map(|parent| &parent.name), ", "), ")"]
    }

    /// The columns that this one is inherited from. Partitions are created on their own.
    fn parents(&self, shape: Shape, column: &Column) -> Vec<(u32, &Column)> {
        let parents = self.inheritance.inherited(shape.oid).iter();
        parents.filter_map(|parent| Some((parent.oid, self.columns.named(parent.oid, &column.name)?))).collect()
    }

    /// The list with its parentheses, which a typed table may leave out.
    pub(crate) fn list(&self, shape: Shape) -> Template {
        let items = self.items(shape);
        match (items.is_empty(), shape.typed) {
            (true, true) => Vec::new(),
            (true, false) => vec![" ()".into()],
            (false, _) => vec![" (\n    ".into(), Piece::List(items), "\n)".into()],
        }
    }
}
