//! Transforms between types and languages.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("transforms", include_str!("transforms.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let joined = text!["FOR ", row.text("type")?, " LANGUAGE ", row.text("language")?.ident()];
    let identity = text!["TRANSFORM ", joined];
    let mut draft = Draft::new(class::TRANSFORM, row.number("oid")?, Kind::Transform, Name::plain(joined), identity);
    let mut functions = Vec::new();
    for (direction, column) in [("FROM", "from_sql"), ("TO", "to_sql")] {
        functions.extend(row.maybe(column)?.map(|function| text![direction, " SQL WITH FUNCTION ", function]));
    }
    draft.creates(text!["CREATE ", draft.identity, " (", Text::join(functions, ", "), ")"]);
    Ok(draft)
}
