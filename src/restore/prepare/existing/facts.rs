//! What is known of tables on the target that get rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::error::Result;
use crate::object::{Object, ObjectId};
use crate::pg::{Row, Session, sql};
use crate::text;
use crate::text::Text;

/// A table on the target.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) oid: u32,
    pub(crate) relkind: char,
    pub(crate) guarded: bool,
    pub(crate) may_insert: bool,
    pub(crate) may_select: bool,
    pub(crate) may_truncate: bool,
    pub(crate) filled: bool,
    /// Types by column.
    pub(crate) columns: BTreeMap<Text, Text>,
    pub(crate) generated: BTreeSet<Text>,
    /// Columns that need a value.
    pub(crate) required: Vec<Text>,
    pub(crate) triggers: Vec<Text>,
    /// Those that fire as well where triggers are kept quiet.
    pub(crate) replica_triggers: Vec<Text>,
    /// Those that can turn a row away, whenever they fire.
    pub(crate) turning: BTreeSet<Text>,
    /// Rules beside which a row cannot be added only where no key has it.
    pub(crate) rules: Vec<Text>,
    /// The same where triggers are kept quiet.
    pub(crate) replica_rules: Vec<Text>,
    /// Oids of itself and the partitioned tables that it is in.
    pub(crate) family: Vec<u32>,
}

/// Of those of these tables that are there.
pub(super) async fn read(session: &mut Session, wanted: &[&Object]) -> Result<HashMap<ObjectId, Facts>> {
    let row = |object: &&Object| {
        let schema = object.name.schema.clone().unwrap_or_default().literal();
        text!["(", object.id.0.to_string(), ", ", schema, ", ", object.name.name.literal(), ")"]
    };
    let list = Text::join(wanted.iter().map(row), ", ");
    let statement = sql::with_list(include_str!("tables.sql"), "$tables", &list);
    let rows = session.query(statement).await.map_err(|e| e.while_doing("look at the tables of the target"))?;
    rows.iter().map(|row| Ok((ObjectId(row.number("id")?), fact(row)?))).collect()
}

fn fact(row: &Row) -> Result<Facts> {
    Ok(Facts {
        oid: row.number("oid")?,
        relkind: row.letter("relkind")?,
        guarded: row.boolean("guarded")?,
        may_insert: row.boolean("may_insert")?,
        may_select: row.boolean("may_select")?,
        may_truncate: row.boolean("may_truncate")?,
        filled: row.boolean("filled")?,
        columns: row.texts("columns")?.into_iter().zip(row.texts("types")?).collect(),
        generated: row.texts("generated")?.into_iter().collect(),
        required: row.texts("required")?,
        triggers: row.texts("triggers")?,
        replica_triggers: row.texts("replica_triggers")?,
        turning: row.texts("turning")?.into_iter().collect(),
        rules: row.texts("rules")?,
        replica_rules: row.texts("replica_rules")?,
        family: row.numbers("family")?,
    })
}
