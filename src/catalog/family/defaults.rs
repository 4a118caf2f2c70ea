//! Defaults and generation expressions of columns.
//!
//! A default is an object of its own: inside its table where it can be, apart where the column is not printed, belongs
//! to a view, or a loop forces it out. A generation expression can never leave its table, so it counts as the table.

use std::collections::HashMap;

use crate::catalog::draft::{Address, Draft, Piece, class};
use crate::catalog::family::columns::{Column, Columns};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// Expressions by relation and number of the column.
#[derive(Debug, Default)]
pub(crate) struct Defaults(HashMap<(u32, i16), Expression>);

#[derive(Debug)]
struct Expression {
    address: Address,
    text: Text,
}

pub(crate) async fn load(source: &Source, columns: &Columns) -> Result<(Defaults, Vec<Draft>)> {
    let mut all = Defaults::default();
    let mut drafts = Vec::new();
    for row in &source.query("defaults", include_str!("defaults.sql")).await? {
        let (relation, number) = (row.number("relation")?, row.number("number")?);
        let address = Address { class: class::ATTRDEF, oid: row.number("oid")? };
        let text = row.text("expression")?;
        if let Some(column) = columns.at(relation, number)
            && column.generated.is_none()
            && row.boolean("kept")?
        {
            drafts.push(draft(row, address, column, &text)?);
        }
        all.0.insert((relation, number), Expression { address, text });
    }
    Ok((all, drafts))
}

fn draft(row: &Row, address: Address, column: &Column, expression: &Text) -> Result<Draft> {
    let (schema, table) = (row.text("schema")?, row.text("table")?);
    let (alter, inline) = match row.letter("relkind")? {
        'v' => ("ALTER VIEW ", false),
        'f' => ("ALTER FOREIGN TABLE ONLY ", true),
        _ => ("ALTER TABLE ONLY ", true),
    };
    let relation = Name::in_schema(schema.clone(), table.clone()).sql();
    let name = Name::on_table(schema, table, column.name.clone());
    let mut draft = Draft::new(address.class, address.oid, Kind::Default, name, Text::new());
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    draft.inline = inline && (column.local || row.boolean("partition")?);
    let column = text![alter, relation, " ALTER COLUMN ", column.name.ident()];
    draft.creates(text![column, " SET DEFAULT ", expression]);
    draft.drop = vec![text![column, " DROP DEFAULT"]];
    Ok(draft)
}

impl Defaults {
    /// Addresses of generation expressions, which count as their table.
    pub(crate) fn generated(&self, relation: u32, columns: &Columns) -> Vec<Address> {
        let generated = columns.of(relation).iter().filter(|column| column.generated.is_some());
        generated.filter_map(|column| self.0.get(&(relation, column.number))).map(|own| own.address).collect()
    }

    /// What follows the type of a column that CREATE TABLE names.
    pub(crate) fn clause(&self, relation: u32, column: &Column, parents: &[(u32, &Column)]) -> Option<Piece> {
        match (self.0.get(&(relation, column.number)), column.generated) {
            (Some(own), Some(how)) if !self.inherits_expression(own, parents) => {
                let stored = if how == 's' { " STORED" } else { "" };
                Some(text![" GENERATED ALWAYS AS (", own.text, ")", stored].into())
            }
            (Some(own), None) => Some(Piece::Inline(own.address, text![" DEFAULT ", own.text])),
            (None, None) if self.inherits_default(parents) => Some(" DEFAULT NULL".into()),
            _ => None,
        }
    }

    /// The action of ALTER TABLE for a column that CREATE TABLE does not name, beside drafts of their own.
    pub(crate) fn alteration(&self, relation: u32, column: &Column, parents: &[(u32, &Column)]) -> Option<Text> {
        let action = match (self.0.get(&(relation, column.number)), column.generated) {
            (Some(own), Some(_)) if !self.inherits_expression(own, parents) => {
                text!["SET EXPRESSION AS (", own.text, ")"]
            }
            (None, None) if self.inherits_default(parents) => "SET DEFAULT NULL".into(),
            _ => return None,
        };
        Some(text!["ALTER COLUMN ", column.name.ident(), " ", action])
    }

    /// Whether all parents that have the column have the same expression.
    fn inherits_expression(&self, own: &Expression, parents: &[(u32, &Column)]) -> bool {
        let mut generated = parents.iter().filter(|(_, column)| column.generated.is_some()).peekable();
        generated.peek().is_some()
            && generated.all(|(oid, column)| self.0.get(&(*oid, column.number)).is_some_and(|e| e.text == own.text))
    }

    /// Whether a column without a default would get one from a parent.
    fn inherits_default(&self, parents: &[(u32, &Column)]) -> bool {
        parents.iter().any(|(oid, column)| {
            column.generated.is_none() && self.0.get(&(*oid, column.number)).is_some_and(|e| e.text != "NULL")
        })
    }
}
