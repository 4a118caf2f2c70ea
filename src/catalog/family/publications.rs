//! Publications with the tables and schemas in them.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    let rows = source.query("publications", include_str!("publications.sql")).await?;
    let mut drafts: Vec<Draft> = rows.iter().map(publication).collect::<Result<_>>()?;
    for row in &source.query("publication tables", include_str!("publication_tables.sql")).await? {
        drafts.push(table(row)?);
    }
    if source.major >= 15 {
        for row in &source.query("publication schemas", include_str!("publication_schemas.sql")).await? {
            drafts.push(schema(row)?);
        }
    }
    Ok(drafts)
}

fn publication(row: &Row) -> Result<Draft> {
    let name = Name::plain(row.text("name")?);
    let identity = text!["PUBLICATION ", name.name.ident()];
    let mut statement = text!["CREATE ", identity];
    if row.boolean("puballtables")? {
        statement.push(" FOR ALL TABLES");
    }
    let mut operations = Vec::new();
    for (word, column) in
        [("insert", "pubinsert"), ("update", "pubupdate"), ("delete", "pubdelete"), ("truncate", "pubtruncate")]
    {
        if row.boolean(column)? {
            operations.push(word);
        }
    }
    statement.push(text![" WITH (publish = '", operations.join(", "), "'"]);
    if row.boolean("pubviaroot")? {
        statement.push(", publish_via_partition_root = true");
    }
    if row.maybe("generated")?.is_some_and(|how| how == "s") {
        statement.push(", publish_generated_columns = stored");
    }
    statement.push(")");
    let mut draft = Draft::new(class::PUBLICATION, row.number("oid")?, Kind::Publication, name, identity);
    draft.owner = Some(row.text("owner")?);
    draft.superuser = row.boolean("puballtables")?;
    draft.creates(statement);
    Ok(draft)
}

/// A piece of a publication; `words` follow its name in ALTER PUBLICATION.
fn piece(row: &Row, class: u32, kind: Kind, name: Name, add: &Text, drop: &Text) -> Result<Draft> {
    let publication = text!["ALTER PUBLICATION ", row.text("publication")?.ident()];
    let mut draft = Draft::new(class, row.number("oid")?, kind, name, Text::new());
    draft.part_of = Some(Address { class: class::PUBLICATION, oid: row.number("publication_oid")? });
    draft.tie = vec![row.text("publication")?];
    draft.creates(text![publication, " ADD ", add]);
    draft.drop = vec![text![publication, " DROP ", drop]];
    Ok(draft)
}

fn table(row: &Row) -> Result<Draft> {
    let (schema, table) = (row.text("schema")?, row.text("table")?);
    let on = text!["TABLE ONLY ", schema.ident(), ".", table.ident()];
    let mut add = on.clone();
    let columns = row.texts("columns")?;
    if !columns.is_empty() {
        add.push(text![" (", Text::join(columns.iter().map(Text::ident), ", "), ")"]);
    }
    if let Some(filter) = row.maybe("filter")? {
        add.push(text![" WHERE (", filter, ")"]);
    }
    let name = Name::on_table(schema, table.clone(), table);
    let mut draft = piece(row, class::PUBLICATION_REL, Kind::PublicationTable, name, &add, &on)?;
    draft.needs = vec![Address { class: class::CLASS, oid: row.number("relation")? }];
    Ok(draft)
}

fn schema(row: &Row) -> Result<Draft> {
    let schema = row.text("schema")?;
    let on = text!["TABLES IN SCHEMA ", schema.ident()];
    piece(row, class::PUBLICATION_NAMESPACE, Kind::PublicationSchema, Name::plain(schema), &on, &on)
}
