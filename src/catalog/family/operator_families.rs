//! Operator families, with the members that belong to none of their classes.

use crate::catalog::draft::{Draft, class};
use crate::catalog::family::operator_members::Members;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source, members: &Members) -> Result<Vec<Draft>> {
    let rows = source.query("operator families", include_str!("operator_families.sql")).await?;
    rows.iter().map(|row| draft(row, members)).collect()
}

fn draft(row: &Row, members: &Members) -> Result<Draft> {
    let oid = row.number("oid")?;
    let method = row.text("method")?;
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let identity = text!["OPERATOR FAMILY ", name.sql(), " USING ", method.ident()];
    let mut draft = Draft::new(class::OPFAMILY, oid, Kind::OperatorFamily, name, identity);
    draft.tie = vec![method];
    draft.owner = Some(row.text("owner")?);
    draft.creates(text!["CREATE ", draft.identity]);
    if let Some(items) = members.loose.get(&oid) {
        draft.creates(text!["ALTER ", draft.identity, " ADD\n    ", Text::join(items, ",\n    ")]);
    }
    Ok(draft)
}
