//! Sequences, those of identity columns included. Where they stand is in `positions.rs`.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::family::tables::acl;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("sequences", include_str!("sequences.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let sql = name.sql();
    let identity = text!["SEQUENCE ", sql];
    let mut draft = Draft::new(class::CLASS, row.number("oid")?, Kind::Sequence, name, identity.clone());
    draft.acl = acl(row, identity.clone())?;
    draft.configuration = row.boolean("configuration")?;
    // CREATE SEQUENCE heeds the setting too.
    draft.tablespace = Some(row.text("tablespace")?);
    let unlogged = row.letter("relpersistence")? == 'u';
    let Some(column) = row.maybe("column_name")?.map(|column| column.ident()) else {
        draft.owner = Some(row.text("owner")?);
        draft.creates(create(row, &identity, unlogged)?);
        return Ok(draft);
    };
    let table = Name::in_schema(row.text("table_schema")?, row.text("table_name")?).sql();
    let address = Address { class: class::CLASS, oid: row.number("table_oid")? };
    if row.letter("deptype")? == 'i' {
        // The owner is that of the table, always.
        draft.part_of = Some(address);
        draft.creates(add_identity(row, &table, &column, &sql)?);
        if unlogged != (row.letter("table_persistence")? == 'u') {
            draft.creates(text!["ALTER ", identity, if unlogged { " SET UNLOGGED" } else { " SET LOGGED" }]);
        }
        let alter = if row.letter("table_kind")? == 'f' { "ALTER FOREIGN TABLE " } else { "ALTER TABLE " };
        draft.drop = vec![text![alter, table, " ALTER COLUMN ", column, " DROP IDENTITY"]];
    } else {
        draft.owner = Some(row.text("owner")?);
        draft.creates(create(row, &identity, unlogged)?);
        draft.finish = vec![text!["ALTER ", identity, " OWNED BY ", table, ".", column]];
    }
    Ok(draft)
}

fn create(row: &Row, identity: &Text, unlogged: bool) -> Result<Text> {
    let create = if unlogged { "CREATE UNLOGGED " } else { "CREATE " };
    Ok(text![create, identity, " AS ", row.text("type")?, properties(row)?])
}

/// Identity of a partitioned table goes to its partitions, so there is no ONLY.
fn add_identity(row: &Row, table: &Text, column: &Text, sequence: &Text) -> Result<Text> {
    let alter = if row.letter("table_kind")? == 'f' { "ALTER FOREIGN TABLE " } else { "ALTER TABLE " };
    let when = if row.letter("identity")? == 'a' { "ALWAYS" } else { "BY DEFAULT" };
    let add = text![" ADD GENERATED ", when, " AS IDENTITY (SEQUENCE NAME ", sequence];
    Ok(text![alter, table, " ALTER COLUMN ", column, add, properties(row)?, ")"])
}

/// All bounds are written out, since what is left out depends on type and direction.
fn properties(row: &Row) -> Result<Text> {
    let mut properties = Text::new();
    for (word, column) in [
        (" START WITH ", "start"),
        (" INCREMENT BY ", "increment"),
        (" MINVALUE ", "minimum"),
        (" MAXVALUE ", "maximum"),
        (" CACHE ", "cache"),
    ] {
        properties.push(text![word, row.text(column)?]);
    }
    if row.boolean("cycle")? {
        properties.push(" CYCLE");
    }
    Ok(properties)
}
