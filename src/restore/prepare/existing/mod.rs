//! Tables that stand on the target already and get rows: whether these fit, in which order foreign keys let them in,
//! and how the tables are emptied first. Looks at the target, and changes it only where a table is emptied.
//!
//! What stands is never defined anew: neither its columns nor its keys, indexes or triggers are touched.

mod check;
mod keys;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::error::Result;
use crate::object::{Kind, Object, ObjectId};
use crate::pg::settings::Purpose;
use crate::pg::{Connector, Row, Session, sql};
use crate::repository::Part;
use crate::restore::prepare::preflight::Finding;
use crate::restore::proof::Unproven;
use crate::restore::{Options, Plan};
use crate::text;
use crate::text::Text;
pub(crate) use keys::{Key, Root};

/// What rows do to those that are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// They are added; one that is there already is an error of the server where a key says so.
    #[default]
    Add,
    /// The tables are emptied first. Only rows are restored.
    Truncate,
    /// Rows that a unique key has already are kept as they are, the others added. Only rows are restored.
    KeepExisting,
}

/// A table on the target.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) oid: u32,
    pub(crate) relkind: char,
    guarded: bool,
    may_insert: bool,
    may_select: bool,
    may_truncate: bool,
    filled: bool,
    /// Types by column.
    columns: BTreeMap<Text, Text>,
    generated: BTreeSet<Text>,
    /// Columns that need a value.
    required: Vec<Text>,
    triggers: Vec<Text>,
    /// Those that fire as well where triggers are kept quiet.
    replica_triggers: Vec<Text>,
    /// Oids of itself and the partitioned tables that it is in.
    pub(crate) family: Vec<u32>,
}

/// What a restore needs to know of the tables that it fills and did not make.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Tables whose rows come after those of a table: their own part of the load has to wait for these.
    pub(crate) after: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    /// The statement that empties them.
    pub(crate) truncate: Option<Text>,
    /// Whether keys are to wait for the end of the one transaction.
    pub(crate) defer: bool,
    /// Triggers that fire for the rows that are loaded and may change any row, each with its table.
    pub(crate) firing: Vec<String>,
    /// Tables that keep rows which are not of the snapshot, and so cannot be compared with it.
    pub(crate) mixed: BTreeSet<ObjectId>,
}

/// Looks at tables that get rows and are not made by the plan.
pub(crate) async fn look(
    plan: &Plan,
    connector: &Connector,
    options: &Options,
    exists: bool,
) -> Result<(Standing, Vec<Finding>)> {
    let wanted = wanted(plan);
    if wanted.is_empty() {
        return Ok((Standing::default(), Vec::new()));
    }
    if !exists || options.manner.resume && options.create_database {
        let facts = HashMap::new();
        return Ok((Standing::default(), check::tables(&wanted, &facts, &plan.database, options)));
    }
    let mut session = connector.connect().await?;
    begin(&mut session, plan, options).await?;
    let facts = facts(&mut session, &wanted).await?;
    let keys = keys::read(&mut session, &facts).await?;
    let roots = keys::roots(&mut session, &facts).await?;
    let mut findings = check::tables(&wanted, &facts, &plan.database, options);
    if options.manner.disable_triggers {
        findings.extend(check::triggers(&mut session).await);
    }
    session.run("ROLLBACK").await?;
    session.close().await;
    let complete = keys::complete(roots, &facts);
    let mut standing = Standing {
        firing: wanted.iter().flat_map(|object| check::firing(object, &facts, options)).collect(),
        mixed: facts.iter().filter(|(_, facts)| check::is_mixed(facts, options)).map(|(id, _)| *id).collect(),
        ..Standing::default()
    };
    if options.manner.fill == Fill::Truncate {
        findings.extend(check::referenced(&keys, &complete, &facts));
        findings.push(check::emptied(&wanted, &facts));
        standing.truncate = truncate(&wanted, &facts, &complete);
    }
    if !options.manner.disable_triggers {
        let parts = |id: ObjectId| plan.manifest.parts.iter().filter(|part| part.object == id).count();
        let (after, circles) = keys::order(&keys, &facts, &wanted, options.manner.single_transaction, parts);
        standing.after = after;
        standing.defer = options.manner.single_transaction;
        findings.extend(circles);
    }
    Ok((standing, findings))
}

/// Tables that get rows without being made. Those of extensions come with their extension.
fn wanted(plan: &Plan) -> Vec<&Object> {
    let objects = plan.manifest.objects.iter().enumerate();
    let wanted = objects.filter(|(at, object)| {
        let rows = object.table.as_ref().is_some_and(|table| table.condition.is_none());
        plan.data[*at] && !plan.keep[*at] && rows && object.kind != Kind::LargeObjects
    });
    wanted.map(|(_, object)| object).collect()
}

/// A transaction as the role of the restore, in which types are written as in the snapshot.
async fn begin(session: &mut Session, plan: &Plan, options: &Options) -> Result<()> {
    let role = options.manner.role.as_ref().map(|role| text!["; SET LOCAL ROLE ", role.ident()]).unwrap_or_default();
    session.pin(Purpose::Reading, &plan.encoding);
    let begin = text!["BEGIN", role];
    session.run(begin).await.map_err(|e| e.while_doing("look at the tables of the target"))
}

async fn facts(session: &mut Session, wanted: &[&Object]) -> Result<HashMap<ObjectId, Facts>> {
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
        family: row.numbers("family")?,
    })
}

/// One statement for all: a table that another one refers to can only be emptied together with that.
fn truncate(wanted: &[&Object], facts: &HashMap<ObjectId, Facts>, complete: &[Root]) -> Option<Text> {
    let plain = wanted.iter().filter(|object| facts.get(&object.id).is_some_and(|facts| facts.relkind == 'r'));
    let plain = plain.map(|object| text!["ONLY ", object.name.sql()]);
    let roots = complete.iter().map(|root| root.name.clone());
    let tables: Vec<Text> = plain.chain(roots).collect();
    (!tables.is_empty()).then(|| text!["TRUNCATE TABLE ", Text::join(tables, ", ")])
}

impl Plan {
    /// What on the target may change rows while they are restored, or others: a trigger can do anything.
    pub(crate) fn meddlers(&self) -> Vec<String> {
        let creates = self.objects().any(|object| !object.create.is_empty());
        let event_triggers = self.event_triggers.iter().filter(|_| creates);
        let event_triggers = event_triggers.map(|name| format!("event trigger {name}"));
        self.standing.firing.iter().cloned().chain(event_triggers).collect()
    }

    /// Tables that keep rows of their own.
    pub(crate) fn unproven(&self, options: &Options) -> Vec<Unproven> {
        let reason = match options.manner.fill {
            Fill::KeepExisting => "rows that it had are kept, whatever they are",
            _ => "rows were added to what it had",
        };
        let filled: BTreeSet<_> = self.parts().map(|part| part.object).collect();
        let mixed = self.standing.mixed.iter().filter(|id| filled.contains(id));
        let name = |object: &Object| Unproven { table: object.name.to_string(), reason };
        mixed.filter_map(|id| self.manifest.objects.get(id.0 as usize)).map(name).collect()
    }

    /// What can be read back and compared.
    pub(crate) fn comparable(&self) -> Vec<Part> {
        self.parts().filter(|part| !self.standing.mixed.contains(&part.object)).cloned().collect()
    }
}
