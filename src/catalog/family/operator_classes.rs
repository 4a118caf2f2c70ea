//! Operator classes. Each names its family: otherwise the server would make another one.

use crate::catalog::draft::{Draft, class};
use crate::catalog::family::operator_members::Members;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source, members: &Members) -> Result<Vec<Draft>> {
    let rows = source.query("operator classes", include_str!("operator_classes.sql")).await?;
    rows.iter().map(|row| draft(row, members)).collect()
}

fn draft(row: &Row, members: &Members) -> Result<Draft> {
    let oid = row.number("oid")?;
    let method = row.text("method")?;
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let identity = text!["OPERATOR CLASS ", name.sql(), " USING ", method.ident()];
    let mut draft = Draft::new(class::OPCLASS, oid, Kind::OperatorClass, name, identity);
    draft.tie = vec![method.clone()];
    draft.owner = Some(row.text("owner")?);
    let family = Name::in_schema(row.text("family_schema")?, row.text("family_name")?);
    let default = if row.boolean("opcdefault")? { " DEFAULT" } else { "" };
    let head = text!["CREATE OPERATOR CLASS ", draft.name.sql(), default, " FOR TYPE ", row.text("type")?];
    let items = Text::join(items(row, members.of_class.get(&oid))?, ",\n    ");
    draft.creates(text![head, " USING ", method.ident(), " FAMILY ", family.sql(), " AS\n    ", items]);
    Ok(draft)
}

fn items(row: &Row, members: Option<&Vec<Text>>) -> Result<Vec<Text>> {
    let mut items: Vec<Text> = row.maybe("storage")?.map(|storage| text!["STORAGE ", storage]).into_iter().collect();
    items.extend(members.into_iter().flatten().cloned());
    if items.is_empty() {
        // The grammar wants one; to store the type itself means nothing.
        items.push(text!["STORAGE ", row.text("type")?]);
    }
    Ok(items)
}
