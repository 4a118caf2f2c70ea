//! Foreign tables. Their rows stay where they are unless somebody asks for them.

use crate::catalog::draft::{Draft, class};
use crate::catalog::family::parts::{Parts, Shape};
use crate::catalog::family::tables::acl;
use crate::catalog::options;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name, Table};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source, parts: &Parts) -> Result<Vec<Draft>> {
    let rows = source.query("foreign tables", include_str!("foreign_tables.sql")).await?;
    rows.iter().map(|row| draft(row, parts)).collect()
}

fn draft(row: &Row, parts: &Parts) -> Result<Draft> {
    let oid = row.number("oid")?;
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let sql = name.sql();
    let mut draft = Draft::new(class::CLASS, oid, Kind::ForeignTable, name, text!["FOREIGN TABLE ", sql]);
    draft.inherits = parts.inheritance.addresses(oid);
    draft.aliases = parts.defaults.generated(oid, &parts.columns);
    draft.owner = Some(row.text("owner")?);
    draft.acl = acl(row, text!["TABLE ", sql])?;
    draft.columns = parts.columns.names(oid);
    let shape = Shape { oid, partition: row.boolean("partition")?, typed: false };
    let server = row.text("server")?;
    let mut create = vec![text!["CREATE FOREIGN TABLE ", sql].into()];
    create.extend(parts.list(shape));
    let mut rest = text![parts.inherits(shape), "\nSERVER ", server.ident()];
    let fdw_options = row.texts("fdw_options")?;
    if !fdw_options.is_empty() {
        rest.push(text!["\nOPTIONS (", options::generic(&fdw_options), ")"]);
    }
    create.push(rest.into());
    draft.create.push(create);
    if let Some(actions) = parts.alterations(shape) {
        draft.creates(text!["ALTER FOREIGN TABLE ONLY ", sql, " ", actions]);
    }
    draft.table = Some(Table {
        columns: parts.columns.copied(oid),
        unlogged: false,
        root: None,
        condition: None,
        server: Some(server),
    });
    Ok(draft)
}
