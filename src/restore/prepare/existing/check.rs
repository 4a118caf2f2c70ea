//! What is said about tables that stand on the target before rows go into them.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::object::{Kind, Object, ObjectId};
use crate::pg::Session;
use crate::restore::options::{Fill, Options};
use crate::restore::prepare::existing::facts::Facts;
use crate::restore::prepare::existing::keys::{Key, Root};
use crate::restore::prepare::finding::{Finding, first_and_more};
use crate::restore::silence::REPLICA;
use crate::text::Text;

/// Whether rows can go into each of these tables.
pub(super) fn tables(
    wanted: &[&Object],
    facts: &HashMap<ObjectId, Facts>,
    database: &str,
    options: &Options,
) -> Vec<Finding> {
    let mut all = Vec::new();
    for object in wanted {
        let name = object.name.to_string();
        match facts.get(&object.id) {
            None => all.push(Finding::fatal(
                format!("table {name} does not exist in database {database}, and only its rows are restored"),
                "restore it with its definition: leave out -a, --truncate and the like",
            )),
            Some(facts) => {
                kind(&mut all, &name, facts, options.fill);
                rights(&mut all, &name, facts, options);
                columns(&mut all, object, facts, options.fill);
                company(&mut all, &name, facts, options);
            }
        }
    }
    all
}

fn kind(all: &mut Vec<Finding>, name: &str, facts: &Facts, fill: Fill) {
    let what = match facts.relkind {
        'r' => return,
        'p' if fill != Fill::Truncate => return,
        'p' => "a partitioned table",
        'f' => "a foreign table",
        'v' => "a view",
        _ => "a materialized view",
    };
    if fill == Fill::Truncate || matches!(facts.relkind, 'v' | 'm') {
        all.push(Finding::fatal(
            format!("{name} is {what} on the target and cannot be refilled"),
            "leave it out with -T",
        ));
    }
}

fn rights(all: &mut Vec<Finding>, name: &str, facts: &Facts, options: &Options) {
    let lacks = [
        ("INSERT", facts.may_insert),
        ("TRUNCATE", facts.may_truncate || options.fill != Fill::Truncate),
        ("SELECT", facts.may_select || options.fill != Fill::KeepExisting),
    ];
    let lacks: Vec<&str> = lacks.into_iter().filter(|(_, may)| !may).map(|(right, _)| right).collect();
    if !lacks.is_empty() {
        let lacks = lacks.join(" and ");
        let hint = "restore as its owner, or let the owner grant it";
        all.push(Finding::fatal(format!("the role of this restore lacks {lacks} on table {name}"), hint));
    }
    if facts.guarded {
        let message = format!("row security of table {name} applies to the role of this restore");
        all.push(Finding::fatal(message, "restore as its owner, or as a role with BYPASSRLS"));
    }
}

fn columns(all: &mut Vec<Finding>, object: &Object, facts: &Facts, fill: Fill) {
    let Some(table) = &object.table else { return };
    let name = object.name.to_string();
    let alter = "alter the table as it was, or restore it beside this one with --into-table";
    for column in &table.columns {
        match facts.columns.get(&column.name) {
            None => {
                all.push(Finding::fatal(format!("table {name} has no column {} on the target", column.name), alter))
            }
            Some(_) if facts.generated.contains(&column.name) => {
                all.push(Finding::fatal(
                    format!("column {} of table {name} is generated on the target", column.name),
                    alter,
                ));
            }
            Some(there) if *there != column.type_name => all.push(Finding {
                // What was emptied must not stay empty because values do not fit.
                fatal: fill == Fill::Truncate,
                message: format!(
                    "column {} of table {name} is {there} on the target and was {}",
                    column.name, column.type_name
                ),
                hint: alter.into(),
            }),
            Some(_) => {}
        }
    }
    let has = |required: &&Text| table.columns.iter().any(|column| column.name == **required);
    for required in facts.required.iter().filter(|required| !has(required)) {
        all.push(Finding::fatal(
            format!("column {required} of table {name} needs a value, and the snapshot has none"),
            "give it a default, or restore the table beside this one with --into-table",
        ));
    }
}

/// The triggers that fire for rows that are loaded.
fn fire<'a>(facts: &'a Facts, options: &Options) -> &'a [Text] {
    if options.disable_triggers { &facts.replica_triggers } else { &facts.triggers }
}

/// The same, each with its table.
pub(super) fn firing(object: &Object, facts: &HashMap<ObjectId, Facts>, options: &Options) -> Vec<String> {
    let fire = facts.get(&object.id).map(|facts| fire(facts, options)).unwrap_or_default();
    fire.iter().map(|trigger| format!("trigger {trigger} of table {}", object.name)).collect()
}

/// Whether a trigger fires that can turn rows away.
pub(super) fn turns_away(facts: &Facts, options: &Options) -> bool {
    fire(facts, options).iter().any(|trigger| facts.turning.contains(trigger))
}

/// Whether the table keeps rows that are not of the snapshot. What an earlier run loaded cannot be told from them.
pub(super) fn is_mixed(facts: &Facts, options: &Options) -> bool {
    match options.fill {
        Fill::Truncate => false,
        Fill::KeepExisting => true,
        Fill::Add => facts.filled || facts.relkind != 'r' || options.course.resumes(),
    }
}

/// What happens besides: triggers that fire, rows that stay.
fn company(all: &mut Vec<Finding>, name: &str, facts: &Facts, options: &Options) {
    let triggers: Vec<String> = fire(facts, options).iter().map(ToString::to_string).collect();
    if !triggers.is_empty() {
        let quiet = "--disable-triggers keeps them quiet";
        let always = "they are to fire always or on replicas: disable them, if they are not to change rows";
        all.push(Finding::to_know(
            format!("triggers of table {name} fire for the rows that are loaded: {}", triggers.join(", ")),
            if options.disable_triggers { always } else { quiet },
        ));
    }
    let rules = if options.disable_triggers { &facts.replica_rules } else { &facts.rules };
    if options.fill == Fill::KeepExisting && !rules.is_empty() {
        let rules = rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        all.push(Finding::fatal(
            format!(
                "table {name} has rules for INSERT or UPDATE, with which rows cannot be added beside others: {rules}"
            ),
            "drop these rules meanwhile, or restore the table beside this one with --into-table",
        ));
    }
    if facts.filled && options.fill == Fill::Add && !options.course.resumes() {
        all.push(Finding::to_know(
            format!("table {name} has contents already, and rows are added to them"),
            "--truncate empties it first, --on-conflict-do-nothing keeps the rows that are there",
        ));
    }
}

/// Whether triggers can be kept quiet, by trying.
pub(super) async fn triggers(session: &mut Session) -> Option<Finding> {
    let refused = session.run(REPLICA).await.err()?;
    let why = std::error::Error::source(&refused).map_or_else(|| refused.to_string(), ToString::to_string);
    Some(Finding::fatal(
        format!("triggers cannot be disabled: {why}"),
        "restore as a superuser; from 15 on `GRANT SET ON PARAMETER session_replication_role` is enough",
    ))
}

/// Keys of tables that are not emptied and refer to some that are.
pub(super) fn referenced(keys: &[Key], complete: &[Root], facts: &HashMap<ObjectId, Facts>) -> Vec<Finding> {
    let emptied: HashSet<u32> =
        facts.values().map(|facts| facts.oid).chain(complete.iter().map(|root| root.oid)).collect();
    let others = keys.iter().filter(|key| emptied.contains(&key.parent) && !emptied.contains(&key.child));
    let others: BTreeSet<(String, String)> = others.map(|key| (key.table.to_string(), key.name.to_string())).collect();
    let finding = |(table, key): (String, String)| {
        Finding::fatal(
            format!("table {table} refers to a table that is to be emptied, by its foreign key {key}"),
            "select it too with -t, or drop the foreign key and add it again afterwards",
        )
    };
    others.into_iter().map(finding).collect()
}

/// Tables whose rows the dump left out: nothing is done with them. Foreign ones keep theirs elsewhere.
pub(super) fn without_rows(tables: &[&Object]) -> Option<Finding> {
    let names = tables.iter().filter(|object| object.kind != Kind::ForeignTable).map(|object| object.name.to_string());
    let names: BTreeSet<String> = names.collect();
    (!names.is_empty()).then(|| {
        Finding::to_know(
            format!("the snapshot has no rows of {}, of which nothing is touched", first_and_more(&names)),
            "the dump was asked to leave them out",
        )
    })
}

/// The tables that lose their rows.
pub(super) fn emptied(wanted: &[&Object], facts: &HashMap<ObjectId, Facts>) -> Finding {
    let names = wanted.iter().filter(|object| facts.contains_key(&object.id)).map(|object| object.name.to_string());
    let names: Vec<String> = names.collect();
    Finding::to_know(
        format!("emptied before they are filled: {}", names.join(", ")),
        "with -1 all of it is one transaction, and nobody ever sees them empty",
    )
}
