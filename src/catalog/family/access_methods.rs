//! Access methods of tables and indexes.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("access methods", include_str!("access_methods.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let identity = text!["ACCESS METHOD ", name.ident()];
    let mut draft = Draft::new(class::AM, row.number("oid")?, Kind::AccessMethod, Name::plain(name), identity);
    let of = if row.letter("amtype")? == 't' { "TABLE" } else { "INDEX" };
    draft.creates(text!["CREATE ", draft.identity, " TYPE ", of, " HANDLER ", row.text("handler")?]);
    Ok(draft)
}
