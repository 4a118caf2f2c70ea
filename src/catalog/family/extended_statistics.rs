//! Extended statistics objects: what is counted, not the counts.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("statistics", include_str!("extended_statistics.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let identity = text!["STATISTICS ", name.sql()];
    let mut draft = Draft::new(class::STATISTIC_EXT, row.number("oid")?, Kind::Statistics, name, identity.clone());
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    draft.owner = Some(row.text("owner")?);
    draft.creates(row.text("definition")?);
    if let Some(target) = row.maybe("target")? {
        draft.creates(text!["ALTER ", identity, " SET STATISTICS ", target]);
    }
    Ok(draft)
}
