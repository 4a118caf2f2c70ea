//! Tables that stand on the target already and get rows: whether these fit, in which order foreign keys let them in,
//! and the statement that empties them first.
//!
//! Reads only. What is there is never defined anew: neither its columns nor its keys, indexes or triggers are touched.

mod check;
mod facts;
mod keys;

use std::collections::{BTreeSet, HashMap};

use crate::error::Result;
use crate::object::{Kind, Object, ObjectId};
use crate::pg::settings::Purpose;
use crate::pg::{Connector, Session};
use crate::restore::options::{Fill, Options, Start};
use crate::restore::prepare::finding::Finding;
use crate::restore::prepare::plan::{ExistingTables, Plan};
use crate::text;
use crate::text::Text;
use facts::Facts;
use keys::Root;

/// Looks at tables that get rows and are not made by the plan.
pub(crate) async fn look(
    plan: &Plan,
    connector: &Connector,
    options: &Options,
) -> Result<(ExistingTables, Vec<Finding>)> {
    let (wanted, without) = wanted(plan);
    let told = check::without_rows(&without);
    if wanted.is_empty() {
        return Ok((ExistingTables::default(), told.into_iter().collect()));
    }
    if options.start == Start::NewDatabase {
        let facts = HashMap::new();
        return Ok((ExistingTables::default(), check::tables(&wanted, &facts, &plan.database, options)));
    }
    let mut session = connector.connect().await?;
    begin(&mut session, plan, options).await?;
    let facts = facts::read(&mut session, &wanted).await?;
    let keys = keys::read(&mut session, &facts).await?;
    let roots = keys::roots(&mut session, &facts).await?;
    let mut findings = check::tables(&wanted, &facts, &plan.database, options);
    findings.extend(told);
    if options.disable_triggers {
        findings.extend(check::triggers(&mut session).await);
    }
    session.run("ROLLBACK").await?;
    session.close().await;
    let complete = keys::complete(roots, &facts);
    let mut existing = ExistingTables {
        firing: wanted.iter().flat_map(|object| check::firing(object, &facts, options)).collect(),
        turning: facts.iter().filter(|(_, facts)| check::turns_away(facts, options)).map(|(id, _)| *id).collect(),
        mixed: facts.iter().filter(|(_, facts)| check::is_mixed(facts, options)).map(|(id, _)| *id).collect(),
        ..ExistingTables::default()
    };
    if options.fill == Fill::Truncate {
        findings.extend(check::referenced(&keys, &complete, &facts));
        findings.push(check::emptied(&wanted, &facts));
        existing.truncate = truncate(&wanted, &facts, &complete);
    }
    if !options.disable_triggers {
        let parts = |id: ObjectId| plan.manifest.parts.iter().filter(|part| part.object == id).count();
        let (after, circles) = keys::order(&keys, &facts, &wanted, options.course.is_one_transaction(), parts);
        existing.after = after;
        existing.defer = options.course.is_one_transaction();
        findings.extend(circles);
    }
    Ok((existing, findings))
}

/// Tables that get rows without being made, and those that would if the snapshot had any. Those of extensions come with
/// their extension.
fn wanted(plan: &Plan) -> (Vec<&Object>, Vec<&Object>) {
    let stored: BTreeSet<ObjectId> = plan.manifest.parts.iter().map(|part| part.object).collect();
    let objects = plan.manifest.objects.iter();
    let wanted = objects.filter(|object| {
        let rows = object.table.as_ref().is_some_and(|table| table.condition.is_none());
        plan.chosen.has_rows(object.id) && !plan.chosen.keeps(object.id) && rows && object.kind != Kind::LargeObjects
    });
    wanted.partition(|object| stored.contains(&object.id))
}

/// Tables that would get rows without being made, if the snapshot had any.
pub(crate) fn without_rows(plan: &Plan) -> Vec<&Object> {
    wanted(plan).1
}

/// A transaction as the role of the restore, in which types are written as in the snapshot.
async fn begin(session: &mut Session, plan: &Plan, options: &Options) -> Result<()> {
    let role = options.role.as_ref().map(|role| text!["; SET LOCAL ROLE ", role.ident()]).unwrap_or_default();
    session.pin(Purpose::Reading, &plan.encoding);
    let begin = text!["BEGIN", role];
    session.run(begin).await.map_err(|e| e.while_doing("look at the tables of the target"))
}

/// One statement for all: a table that another one refers to can only be emptied together with that.
fn truncate(wanted: &[&Object], facts: &HashMap<ObjectId, Facts>, complete: &[Root]) -> Option<Text> {
    let plain = wanted.iter().filter(|object| facts.get(&object.id).is_some_and(|facts| facts.relkind == 'r'));
    let plain = plain.map(|object| text!["ONLY ", object.name.sql()]);
    let roots = complete.iter().map(|root| root.name.clone());
    let tables: Vec<Text> = plain.chain(roots).collect();
    (!tables.is_empty()).then(|| text!["TRUNCATE TABLE ", Text::join(tables, ", ")])
}
