//! Conversions between encodings.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("conversions", include_str!("conversions.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let identity = text!["CONVERSION ", name.sql()];
    let mut draft = Draft::new(class::CONVERSION, row.number("oid")?, Kind::Conversion, name, identity);
    draft.owner = Some(row.text("owner")?);
    let default = if row.boolean("condefault")? { "CREATE DEFAULT " } else { "CREATE " };
    let (from, to) = (row.text("from_encoding")?.literal(), row.text("to_encoding")?.literal());
    draft.creates(text![default, draft.identity, " FOR ", from, " TO ", to, " FROM ", row.text("function")?]);
    Ok(draft)
}
