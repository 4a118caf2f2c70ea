//! Foreign keys between tables that stand on the target: which of them must have its rows first.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::error::Result;
use crate::object::{Name, Object, ObjectId};
use crate::pg::{Session, sql};
use crate::plan::load_order::{After, circle};
use crate::restore::prepare::existing::facts::Facts;
use crate::restore::prepare::finding::Finding;
use crate::text::Text;

/// An enforced foreign key on the target.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: Text,
    /// The table that refers.
    pub(crate) child: u32,
    /// Its name.
    pub(crate) table: Name,
    /// The table that is referred to.
    pub(crate) parent: u32,
    deferrable: bool,
}

/// A partitioned table on the target.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) oid: u32,
    /// Quoted.
    pub(crate) name: Text,
    leaves: Vec<u32>,
}

fn wanted(oids: impl Iterator<Item = u32>) -> Text {
    let list: BTreeSet<u32> = oids.collect();
    Text::join(list.iter().map(|oid| format!("({oid}::pg_catalog.oid)")), ", ")
}

/// All that touch these tables or the partitioned tables that they are in.
pub(super) async fn read(session: &mut Session, facts: &HashMap<ObjectId, Facts>) -> Result<Vec<Key>> {
    if facts.is_empty() {
        return Ok(Vec::new());
    }
    let oids = wanted(facts.values().flat_map(|facts| facts.family.iter().copied()));
    let statement = sql::with_list(&sql::for_version(include_str!("keys.sql"), session.major()), "$oids", &oids);
    let rows = session.query(statement).await.map_err(|e| e.while_doing("list the foreign keys of the target"))?;
    rows.iter()
        .map(|row| {
            Ok(Key {
                name: row.text("name")?,
                child: row.number("child")?,
                table: Name::in_schema(row.text("schema")?, row.text("table")?),
                parent: row.number("parent")?,
                deferrable: row.boolean("deferrable")?,
            })
        })
        .collect()
}

/// The partitioned tables that they are in.
pub(super) async fn roots(session: &mut Session, facts: &HashMap<ObjectId, Facts>) -> Result<Vec<Root>> {
    if facts.is_empty() {
        return Ok(Vec::new());
    }
    let oids = wanted(facts.values().flat_map(|facts| facts.family.iter().copied()));
    let statement = sql::with_list(include_str!("roots.sql"), "$oids", &oids);
    let rows = session.query(statement).await.map_err(|e| e.while_doing("list the partitions of the target"))?;
    rows.iter()
        .map(|row| {
            let name = Name::in_schema(row.text("schema")?, row.text("name")?).sql();
            Ok(Root { oid: row.number("oid")?, name, leaves: row.numbers("leaves")? })
        })
        .collect()
}

/// Partitioned tables all of whose partitions get rows: emptying these empties nothing else.
pub(super) fn complete(mut roots: Vec<Root>, facts: &HashMap<ObjectId, Facts>) -> Vec<Root> {
    let filled: HashSet<u32> = facts.values().filter(|facts| facts.relkind == 'r').map(|facts| facts.oid).collect();
    roots.retain(|root| root.leaves.iter().all(|leaf| filled.contains(leaf)));
    roots
}

/// Whose rows must be there first, and the circles in which that cannot be. `parts` tells in how many pieces a table is
/// loaded. In one transaction keys that can be deferred wait for its end.
pub(super) fn order(
    keys: &[Key],
    facts: &HashMap<ObjectId, Facts>,
    wanted: &[&Object],
    single: bool,
    parts: impl Fn(ObjectId) -> usize,
) -> (After, Vec<Finding>) {
    let mut members: HashMap<u32, Vec<ObjectId>> = HashMap::new();
    for (id, facts) in facts {
        facts.family.iter().for_each(|oid| members.entry(*oid).or_default().push(*id));
    }
    let of = |oid: u32| members.get(&oid).map_or(&[][..], Vec::as_slice);
    let mut after = After::new();
    for key in keys.iter().filter(|key| !(single && key.deferrable)) {
        for child in of(key.child) {
            let alone = |parent: &&ObjectId| *parent != child || parts(*child) > 1;
            after.entry(*child).or_default().extend(of(key.parent).iter().filter(alone));
        }
    }
    let circle = circle(after.clone());
    let mut findings = Vec::new();
    if !circle.is_empty() {
        let names = wanted.iter().filter(|object| circle.contains(&object.id)).map(|object| object.name.to_string());
        let names: Vec<String> = names.collect();
        findings.push(Finding {
            fatal: true,
            message: format!(
                "foreign keys of the target let none of these tables be filled first: {}",
                names.join(", ")
            ),
            hint: "load them with --disable-triggers, which takes a role that may set session_replication_role".into(),
        });
    }
    for (child, parents) in &mut after {
        parents.remove(child);
    }
    (after, findings)
}
