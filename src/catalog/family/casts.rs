//! Casts.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("casts", include_str!("casts.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let joined = text![row.text("source")?, " AS ", row.text("target")?];
    let identity = text!["CAST (", joined, ")"];
    let mut draft = Draft::new(class::CAST, row.number("oid")?, Kind::Cast, Name::plain(joined), identity);
    draft.superuser = row.letter("castmethod")? == 'b';
    let how = match (row.letter("castmethod")?, row.maybe("function")?) {
        ('f', Some(function)) => text![" WITH FUNCTION ", function],
        ('i', _) => " WITH INOUT".into(),
        _ => " WITHOUT FUNCTION".into(),
    };
    let context = match row.letter("castcontext")? {
        'a' => " AS ASSIGNMENT",
        'i' => " AS IMPLICIT",
        _ => "",
    };
    draft.creates(text!["CREATE ", draft.identity, how, context]);
    Ok(draft)
}
