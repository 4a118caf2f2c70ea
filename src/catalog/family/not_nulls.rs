//! NOT NULL of columns: a flag up to 17, a constraint with a name from 18 on.

use std::collections::HashMap;

use crate::catalog::draft::Draft;
use crate::catalog::family::checks::{self, Origin};
use crate::catalog::family::columns::{Column, Columns};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::Name;
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// What is NOT NULL.
#[derive(Debug)]
pub(crate) enum NotNulls {
    /// Up to 17: the columns say it.
    Flags,
    /// From 18 on: what CREATE TABLE has to say, by relation and number of the column.
    Constraints(HashMap<(u32, i16), NotNull>),
}

/// A NOT NULL constraint.
#[derive(Debug)]
pub(crate) struct NotNull {
    /// `CONSTRAINT "n"`
    name: Text,
    no_inherit: bool,
}

pub(crate) async fn load(source: &Source, columns: &Columns) -> Result<(NotNulls, Vec<Draft>)> {
    if source.major < 18 {
        return Ok((NotNulls::Flags, Vec::new()));
    }
    let mut said = HashMap::new();
    let mut drafts = Vec::new();
    for row in &source.query("not null", include_str!("not_nulls.sql")).await? {
        let place = (row.number("relation")?, row.number("number")?);
        let constraint =
            NotNull { name: text!["CONSTRAINT ", row.text("name")?.ident()], no_inherit: row.boolean("no_inherit")? };
        let origin = origin(row)?;
        if let Some(column) = columns.at(place.0, place.1).filter(|_| row.boolean("kept").unwrap_or(false)) {
            let draft = draft(row, &origin, &constraint, column)?;
            tell_of_name(source, row, draft.as_ref())?;
            drafts.extend(draft);
        }
        if matches!(origin, Origin::Own) && row.boolean("validated")? {
            said.insert(place, constraint);
        }
    }
    Ok((NotNulls::Constraints(said), drafts))
}

/// A child's constraint that is valid, unlike those of all its parents, is validated again where it has their name, and
/// is its own otherwise. A comment needs the name, whoever gave it.
fn origin(row: &Row) -> Result<Origin> {
    let name = row.text("name")?;
    let unvalidated: Vec<u32> = row.numbers("unvalidated_parents")?;
    Ok(if row.boolean("local")? {
        Origin::Own
    } else if !unvalidated.is_empty() && !row.boolean("valid_parent")? {
        let same_name = row.texts("unvalidated_names")?.iter().all(|parent| *parent == name);
        if row.boolean("validated")? && !same_name {
            Origin::Own
        } else {
            Origin::UnvalidatedParent(checks::addresses(&unvalidated))
        }
    } else if row.boolean("partition")? || row.boolean("commented")? && row.maybe("inherited_name")? != Some(name) {
        Origin::Own
    } else {
        Origin::Parent
    })
}

/// An inherited constraint that is not valid cannot have a name of its own: only its parent's can be created.
fn tell_of_name(source: &Source, row: &Row, draft: Option<&Draft>) -> Result<()> {
    if let Some(draft) = draft.filter(|_| row.maybe("renamed").is_ok_and(|name| name.is_some())) {
        let (table, name) = (Name::in_schema(row.text("schema")?, row.text("table")?), row.text("name")?);
        source.warn(
            format!("constraint {name} on table {table} is kept as {}, the name its parent has", draft.name.name),
            "validate it on the source to keep its own name",
        );
    }
    Ok(())
}

/// Those that come with their table are objects only where they have a comment, since nothing depends on them.
fn draft(row: &Row, origin: &Origin, constraint: &NotNull, column: &Column) -> Result<Option<Draft>> {
    let valid = row.boolean("validated")?;
    let mut draft = checks::named(row, row.maybe("renamed")?.map_or_else(|| row.text("name"), Ok)?)?;
    match origin {
        Origin::UnvalidatedParent(parents) => checks::inherit(&mut draft, row, parents.clone())?,
        Origin::Own | Origin::Parent if valid && !row.boolean("commented")? => return Ok(None),
        Origin::Parent => draft.inline = true,
        Origin::Own => {
            draft.inline = valid;
            let item = constraint.item(column);
            draft.creates(text![checks::alter_table(row)?, " ADD ", item, if valid { "" } else { " NOT VALID" }]);
        }
    }
    Ok(Some(draft))
}

impl NotNull {
    fn inherit(&self) -> &'static str {
        if self.no_inherit { " NO INHERIT" } else { "" }
    }

    fn item(&self, column: &Column) -> Text {
        text![self.name, " NOT NULL ", column.name.ident(), self.inherit()]
    }
}

impl NotNulls {
    /// What follows the default of a column that CREATE TABLE names: ` NOT NULL`. `parents` are the columns it is
    /// inherited from.
    pub(crate) fn clause(&self, relation: u32, column: &Column, partition: bool, parents: &[(u32, &Column)]) -> Text {
        match self {
            Self::Flags if self.flagged(column, partition, parents) => " NOT NULL".into(),
            Self::Flags => Text::new(),
            Self::Constraints(said) => match said.get(&(relation, column.number)) {
                Some(own) => text![" ", own.name, " NOT NULL", own.inherit()],
                None => Text::new(),
            },
        }
    }

    /// The item of CREATE TABLE for a column that it does not name.
    pub(crate) fn item(&self, relation: u32, column: &Column) -> Option<Text> {
        let Self::Constraints(said) = self else { return None };
        said.get(&(relation, column.number)).map(|own| own.item(column))
    }

    /// The action of ALTER TABLE for a column that CREATE TABLE does not name.
    pub(crate) fn alteration(&self, column: &Column, parents: &[(u32, &Column)]) -> Option<Text> {
        let flagged = matches!(self, Self::Flags) && self.flagged(column, false, parents);
        flagged.then(|| text!["ALTER COLUMN ", column.name.ident(), " SET NOT NULL"])
    }

    /// Servers before 18 do not know where a flag comes from: it is a table's own where no parent has it.
    fn flagged(&self, column: &Column, partition: bool, parents: &[(u32, &Column)]) -> bool {
        column.not_null && (partition || !parents.iter().any(|(_, parent)| parent.not_null))
    }
}
