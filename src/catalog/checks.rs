//! CHECK constraints of tables and foreign tables: valid ones inside their table, the others after the rows.

use std::collections::HashMap;

use crate::catalog::draft::{Address, Draft, Piece, Template, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// Items of the column list by relation.
#[derive(Debug, Default)]
pub(crate) struct Checks(HashMap<u32, Vec<Template>>);

impl Checks {
    /// Items of CREATE TABLE; each comes out empty where its check has left the table.
    pub(crate) fn items(&self, relation: u32) -> &[Template] {
        self.0.get(&relation).map_or(&[], Vec::as_slice)
    }
}

pub(crate) async fn load(source: &mut Source<'_>) -> Result<(Checks, Vec<Draft>)> {
    let mut all = Checks::default();
    let mut drafts = Vec::new();
    for row in &source.query("checks", include_str!("checks.sql")).await? {
        let constraint = text!["CONSTRAINT ", row.text("name")?.ident(), " ", row.text("definition")?];
        let draft = draft(row, &constraint)?;
        if draft.inline && row.boolean("local")? {
            let item = vec![Piece::Inline(draft.address, constraint)];
            all.0.entry(row.number("relation")?).or_default().push(item);
        }
        drafts.push(draft);
    }
    Ok((all, drafts))
}

fn draft(row: &Row, constraint: &Text) -> Result<Draft> {
    let mut draft = of_table(row)?;
    draft.inline = row.boolean("validated")?;
    draft.creates(text![alter_table(row)?, " ADD ", constraint]);
    Ok(draft)
}

/// A draft of the constraint `name` of a table.
pub(crate) fn of_table(row: &Row) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let table = Name::in_schema(row.text("schema")?, row.text("table")?).sql();
    let identity = text!["CONSTRAINT ", name.name.ident(), " ON ", table];
    let mut draft = Draft::new(class::CONSTRAINT, row.number("oid")?, Kind::Check, name, identity);
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    draft.drop = vec![text![alter_table(row)?, " DROP CONSTRAINT ", draft.name.name.ident()]];
    Ok(draft)
}

/// `ALTER TABLE "s"."t"` without ONLY: what is added to a parent goes to its children.
pub(crate) fn alter_table(row: &Row) -> Result<Text> {
    let alter = if row.letter("relkind")? == 'f' { "ALTER FOREIGN TABLE " } else { "ALTER TABLE " };
    Ok(text![alter, Name::in_schema(row.text("schema")?, row.text("table")?).sql()])
}
