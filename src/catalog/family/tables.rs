//! Tables and partitioned tables.

use std::collections::HashSet;

use crate::catalog::draft::{Acl, Draft, Piece, class};
use crate::catalog::family::parts::{Parts, Shape};
use crate::catalog::options;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name, Table};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source, parts: &Parts) -> Result<Vec<Draft>> {
    let rows = source.query("tables", include_str!("tables.sql")).await?;
    let mut enum_hash = HashSet::new();
    for row in rows.iter() {
        if row.boolean("enum_hash")? {
            enum_hash.insert(row.number("oid")?);
        }
    }
    rows.iter().map(|row| draft(row, parts, &enum_hash)).collect()
}

fn draft(row: &Row, parts: &Parts, enum_hash: &HashSet<u32>) -> Result<Draft> {
    let oid = row.number("oid")?;
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let identity = text!["TABLE ", name.sql()];
    let shape = Shape { oid, partition: row.boolean("partition")?, typed: row.maybe("of_type")?.is_some() };
    let mut draft = Draft::new(class::CLASS, oid, Kind::Table, name, identity.clone());
    draft.inherits = parts.inheritance.addresses(oid);
    draft.aliases = parts.defaults.generated(oid, &parts.columns);
    draft.owner = Some(row.text("owner")?);
    draft.acl = acl(row, identity)?;
    draft.columns = parts.columns.names(oid);
    draft.tablespace = Some(row.text("tablespace")?);
    draft.create = vec![create(row, &draft.name.sql(), parts, shape)?];
    for action in alterations(row, parts, shape)? {
        draft.creates(text!["ALTER TABLE ONLY ", draft.name.sql(), " ", action]);
    }
    draft.compressed_by = parts.columns.compressed_by(oid);
    draft.partitioned = row.letter("relkind")? == 'p';
    if let Some(actions) = parts.columns.compression(oid, &parts.inheritance) {
        draft.compression.push(text!["ALTER TABLE ONLY ", draft.name.sql(), " ", actions]);
    }
    draft.access_method = row.maybe("access_method")?;
    if let Some(method) = draft.access_method.as_ref().filter(|_| row.letter("relkind").is_ok_and(|kind| kind == 'p')) {
        // The setting for the default access method is not for partitioned tables.
        let statement = text!["ALTER TABLE ONLY ", draft.name.sql(), " SET ACCESS METHOD ", method.ident()];
        draft.partition_method.push(statement);
    }
    if row.letter("relkind")? == 'r' {
        draft.table = Some(Table {
            columns: parts.columns.copied(oid),
            unlogged: row.letter("relpersistence")? == 'u',
            root: root(oid, parts, enum_hash),
            condition: row.maybe("condition")?,
            server: None,
        });
    }
    Ok(draft)
}

/// Privileges of a relation, from the columns `acl` and `acl_default`.
pub(crate) fn acl(row: &Row, on: Text) -> Result<Option<Acl>> {
    Ok(Some(Acl { on, actual: row.maybe_texts("acl")?, default: row.texts("acl_default")? }))
}

fn create(row: &Row, name: &Text, parts: &Parts, shape: Shape) -> Result<Vec<Piece>> {
    let partition_by = row.maybe("partition_by")?;
    // A partitioned table that says UNLOGGED is an error from 18 on, and never meant anything.
    let unlogged = row.letter("relpersistence")? == 'u' && partition_by.is_none();
    let mut statement = text!["CREATE ", if unlogged { "UNLOGGED " } else { "" }, "TABLE ", name];
    if let Some(of_type) = row.maybe("of_type")? {
        statement.push(text![" OF ", of_type]);
    }
    let mut template = vec![Piece::Text(statement)];
    template.extend(parts.list(shape));
    let mut rest = parts.inherits(shape);
    if let Some(key) = partition_by {
        rest.push(text!["\nPARTITION BY ", key]);
    }
    rest.push(options::with_clause(&options::with_toast(&row.texts("options")?, &row.texts("toast_options")?)));
    template.push(rest.into());
    Ok(template)
}

fn alterations(row: &Row, parts: &Parts, shape: Shape) -> Result<Vec<Text>> {
    let mut actions: Vec<Text> = parts.alterations(shape).into_iter().collect();
    match row.letter("relreplident")? {
        'n' => actions.push("REPLICA IDENTITY NOTHING".into()),
        'f' => actions.push("REPLICA IDENTITY FULL".into()),
        _ => (),
    }
    if row.boolean("force_row_security")? {
        actions.push("FORCE ROW LEVEL SECURITY".into());
    }
    Ok(actions)
}

/// The topmost table above a partition where some level is hashed by an enum: labels have other oids on another server,
/// so the rows belong elsewhere there.
fn root(oid: u32, parts: &Parts, enum_hash: &HashSet<u32>) -> Option<Text> {
    let above = || parts.inheritance.above(oid);
    above().any(|parent| enum_hash.contains(&parent.oid)).then(|| above().last().map(|top| top.name.clone()))?
}
