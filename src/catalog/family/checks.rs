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

pub(crate) async fn load(source: &Source) -> Result<(Checks, Vec<Draft>)> {
    let mut all = Checks::default();
    let mut drafts = Vec::new();
    for row in &source.query("checks", include_str!("checks.sql")).await? {
        let mut draft = of_table(row)?;
        let constraint = text!["CONSTRAINT ", draft.name.name.ident(), " ", row.text("definition")?];
        let origin = origin(row)?;
        draft.inline = matches!(origin, Origin::Own | Origin::Parent) && row.boolean("validated")?;
        match origin {
            Origin::Own => draft.creates(text![alter_table(row)?, " ADD ", constraint]),
            Origin::Parent => (),
            Origin::UnvalidatedParent(needs) => inherit(&mut draft, row, needs)?,
        }
        if draft.inline && (row.boolean("local")? || row.boolean("partition")?) {
            let item = vec![Piece::Inline(draft.address, constraint)];
            all.0.entry(row.number("relation")?).or_default().push(item);
        }
        drafts.push(draft);
    }
    Ok((all, drafts))
}

/// What makes a constraint come into being.
pub(crate) enum Origin {
    /// A statement of its own table. A partition says what it inherits, so that it can be attached.
    Own,
    /// The creation of the table as a child.
    Parent,
    /// The addition to parents after the rows: what is not valid must not be tested while they are loaded.
    UnvalidatedParent(Vec<Address>),
}

fn origin(row: &Row) -> Result<Origin> {
    let unvalidated: Vec<u32> = row.numbers("unvalidated_parents")?;
    Ok(if row.boolean("local")? {
        Origin::Own
    } else if !unvalidated.is_empty() {
        Origin::UnvalidatedParent(addresses(&unvalidated))
    } else if row.boolean("partition")? {
        Origin::Own
    } else {
        Origin::Parent
    })
}

/// Addresses of constraints.
pub(crate) fn addresses(oids: &[u32]) -> Vec<Address> {
    oids.iter().map(|&oid| Address { class: class::CONSTRAINT, oid }).collect()
}

/// The constraint comes with that of the parents; where it was found valid since, it is tested again.
pub(crate) fn inherit(draft: &mut Draft, row: &Row, parents: Vec<Address>) -> Result<()> {
    draft.needs = parents;
    if row.boolean("validated")? {
        draft.creates(text![alter_table(row)?, " VALIDATE CONSTRAINT ", draft.name.name.ident()]);
    }
    Ok(())
}

/// A draft of the constraint `name` of a table.
pub(crate) fn of_table(row: &Row) -> Result<Draft> {
    named(row, row.text("name")?)
}

/// The same with another name.
pub(crate) fn named(row: &Row, name: Text) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, name);
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
