//! Extensions. Their version is the one that the target offers: scripts of old versions are rarely installed.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("extensions", include_str!("extensions.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let identity = text!["EXTENSION ", name.ident()];
    let schema = row.text("schema")?.ident();
    let create = text!["CREATE EXTENSION IF NOT EXISTS ", name.ident(), " WITH SCHEMA ", schema];
    let mut draft = Draft::new(class::EXTENSION, row.number("oid")?, Kind::Extension, Name::plain(name), identity);
    draft.creates(create);
    draft.installed_in = row.maybe("installed_in")?;
    Ok(draft)
}
