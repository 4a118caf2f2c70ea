//! Indexes that no constraint made, and what both kinds of index have in common.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("indexes", include_str!("indexes.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let sql = name.sql();
    let mut draft = Draft::new(class::CLASS, row.number("oid")?, Kind::Index, name, text!["INDEX ", sql]);
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    draft.tablespace = Some(row.text("tablespace")?);
    draft.creates(row.text("definition")?);
    let numbers: Vec<i32> = row.numbers("statistics_columns")?;
    let targets: Vec<i32> = row.numbers("statistics_targets")?;
    for (number, target) in numbers.iter().zip(targets) {
        draft.creates(text![
            "ALTER INDEX ",
            sql,
            " ALTER COLUMN ",
            number.to_string(),
            " SET STATISTICS ",
            target.to_string()
        ]);
    }
    let index = draft.name.clone();
    follow(&mut draft, row, &index)?;
    Ok(draft)
}

/// What is said of an index once it exists: that its table is clustered on it, that it identifies rows for replication,
/// that it goes when an extension goes.
pub(crate) fn follow(draft: &mut Draft, row: &Row, index: &Name) -> Result<()> {
    let table = Name::in_schema(row.text("schema")?, row.text("table")?).sql();
    let word = if row.letter("table_kind")? == 'm' { "ALTER MATERIALIZED VIEW " } else { "ALTER TABLE " };
    let name = index.name.ident();
    if row.boolean("clustered")? {
        draft.creates(text![word, table, " CLUSTER ON ", name]);
    }
    if row.boolean("replica_identity")? {
        draft.creates(text!["ALTER TABLE ONLY ", table, " REPLICA IDENTITY USING INDEX ", name]);
    }
    for extension in row.texts("extensions")? {
        draft.creates(text!["ALTER INDEX ", index.sql(), " DEPENDS ON EXTENSION ", extension.ident()]);
    }
    Ok(())
}
