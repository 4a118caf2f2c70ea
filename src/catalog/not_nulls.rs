//! NOT NULL of columns: a flag up to 17, a constraint with a name from 18 on.

use std::collections::HashMap;

use crate::catalog::checks;
use crate::catalog::columns::{Column, Columns};
use crate::catalog::draft::Draft;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// What is NOT NULL, by relation and number of the column.
#[derive(Debug)]
pub(crate) enum NotNulls {
    /// Up to 17: the columns say it.
    Flags,
    /// From 18 on.
    Constraints(HashMap<(u32, i16), NotNull>),
}

/// A NOT NULL constraint.
#[derive(Debug)]
pub(crate) struct NotNull {
    /// Ready for SQL, without the column.
    name: Text,
    local: bool,
    valid: bool,
    no_inherit: bool,
}

pub(crate) async fn load(source: &mut Source<'_>, columns: &Columns) -> Result<(NotNulls, Vec<Draft>)> {
    if source.major < 18 {
        return Ok((NotNulls::Flags, Vec::new()));
    }
    let mut all = HashMap::new();
    let mut drafts = Vec::new();
    for row in &source.query("not null", include_str!("not_nulls.sql")).await? {
        let place = (row.number("relation")?, row.number("number")?);
        let constraint = NotNull {
            name: text!["CONSTRAINT ", row.text("name")?.ident()],
            local: row.boolean("local")?,
            valid: row.boolean("validated")?,
            no_inherit: row.boolean("no_inherit")?,
        };
        if let Some(column) = columns.at(place.0, place.1).filter(|_| row.boolean("kept").unwrap_or(false)) {
            drafts.extend(draft(row, &constraint, column)?);
        }
        all.insert(place, constraint);
    }
    Ok((NotNulls::Constraints(all), drafts))
}

/// Valid ones are objects only where they have a comment, since nothing depends on them; others are added after the
/// rows, to the parent, from where they come to its children.
fn draft(row: &Row, constraint: &NotNull, column: &Column) -> Result<Option<Draft>> {
    if constraint.valid && !row.boolean("commented")? || !constraint.valid && !constraint.local {
        return Ok(None);
    }
    let mut draft = checks::of_table(row)?;
    draft.inline = constraint.valid;
    let more = if constraint.valid { "" } else { " NOT VALID" };
    draft.creates(text![
        checks::alter_table(row)?,
        " ADD ",
        constraint.name,
        " NOT NULL ",
        column.name.ident(),
        constraint.inherit(),
        more
    ]);
    Ok(Some(draft))
}

impl NotNull {
    fn inherit(&self) -> &'static str {
        if self.no_inherit { " NO INHERIT" } else { "" }
    }
}

impl NotNulls {
    /// What follows the default of a column that CREATE TABLE names: ` NOT NULL`. `parents` are the columns it is
    /// inherited from.
    pub(crate) fn clause(&self, relation: u32, column: &Column, partition: bool, parents: &[(u32, &Column)]) -> Text {
        match self {
            Self::Flags if self.flagged(column, partition, parents) => " NOT NULL".into(),
            Self::Flags => Text::new(),
            Self::Constraints(all) => match self.said(all, relation, column, partition, parents) {
                Some(own) => text![" ", own.name, " NOT NULL", own.inherit()],
                None => Text::new(),
            },
        }
    }

    /// The item of CREATE TABLE for a column that it does not name.
    pub(crate) fn item(&self, relation: u32, column: &Column, parents: &[(u32, &Column)]) -> Option<Text> {
        let Self::Constraints(all) = self else { return None };
        let own = self.said(all, relation, column, false, parents)?;
        Some(text![own.name, " NOT NULL ", column.name.ident(), own.inherit()])
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

    /// The constraint of a column where the statement has to say it: it is the table's own, or one that no parent
    /// passes on as valid.
    fn said<'a>(
        &self,
        all: &'a HashMap<(u32, i16), NotNull>,
        relation: u32,
        column: &Column,
        partition: bool,
        parents: &[(u32, &Column)],
    ) -> Option<&'a NotNull> {
        let own = all.get(&(relation, column.number)).filter(|own| own.valid)?;
        let passed_on =
            || parents.iter().filter_map(|(oid, parent)| all.get(&(*oid, parent.number))).any(|parent| parent.valid);
        (own.local || partition || !passed_on()).then_some(own)
    }
}
