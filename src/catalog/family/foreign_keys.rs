//! Foreign keys. Those to a partitioned table need its key valid, so every part of it attached.

use std::collections::HashMap;

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::family::index_attachments::Attachments;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Key, Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source, attachments: &Attachments) -> Result<Vec<Draft>> {
    let rows = source.query("foreign keys", include_str!("foreign_keys.sql")).await?;
    let mut merged: HashMap<u32, Vec<Address>> = HashMap::new();
    for row in &rows {
        if let Some(top) = row.maybe_number("top")? {
            merged.entry(top).or_default().push(Address { class: class::MERGED_KEY, oid: row.number("oid")? });
        }
    }
    let mut drafts = rows.iter().map(|row| draft(row, attachments)).collect::<Result<Vec<_>>>()?;
    for draft in &mut drafts {
        // The key of the parent takes over those of partitions that are there already.
        draft.needs.extend(merged.remove(&draft.address.oid).unwrap_or_default());
    }
    Ok(drafts)
}

fn draft(row: &Row, attachments: &Attachments) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let table = Name::in_schema(row.text("schema")?, row.text("table")?).sql();
    let constraint = name.name.ident();
    let identity = text!["CONSTRAINT ", constraint, " ON ", table];
    let class = if row.maybe("top")?.is_some() { class::MERGED_KEY } else { class::CONSTRAINT };
    let mut draft = Draft::new(class, row.number("oid")?, Kind::ForeignKey, name, identity);
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    draft.needs = attachments.below(row.number("index")?);
    for column in ["referenced", "index"] {
        draft.needs.push(Address { class: class::CLASS, oid: row.number(column)? });
    }
    // A partitioned table refuses ONLY; others have no children that a foreign key would go to.
    let only = if row.letter("table_kind")? == 'p' { "" } else { "ONLY " };
    draft.creates(text!["ALTER TABLE ", only, table, " ADD CONSTRAINT ", constraint, " ", row.text("definition")?]);
    draft.key = Some(Key { valid: row.boolean("valid")?, enforced: row.boolean("enforced")? });
    draft.drop = vec![text!["ALTER TABLE ", only, table, " DROP CONSTRAINT ", constraint]];
    Ok(draft)
}
