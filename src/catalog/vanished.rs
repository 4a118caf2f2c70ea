//! What was dropped while the catalog was read, and all that needs it: none of it can be created from what was read.
//!
//! Tables stay: those of a dump are locked, and nothing that they need can be dropped.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::dependencies::Dependencies;
use crate::catalog::draft::{Address, Draft};
use crate::catalog::source::Gone;
use crate::error::Result;
use crate::object::Kind;
use crate::pg::{Row, Session, sql};
use crate::text;
use crate::text::Text;

/// Something of the server snapshot that is not among the objects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// What it is, for people.
    pub what: String,
    address: Address,
}

/// Takes what is gone, and what needs it, out of the drafts. Answers with all of it.
pub(crate) fn leave_out(drafts: &mut Vec<Draft>, gone: Gone, dependencies: &Dependencies) -> Vec<LeftOut> {
    if gone.is_empty() {
        return Vec::new();
    }
    let mut lost: BTreeSet<Address> = gone.keys().copied().collect();
    while spread(drafts, &mut lost, dependencies) {}
    let needing = |draft: &&Draft| lost.contains(&draft.address) && !gone.contains_key(&draft.address);
    let of_draft = |draft: &Draft| LeftOut {
        what: format!("{} {} needs what was dropped", draft.kind.noun(), draft.name),
        address: draft.address,
    };
    let needing: Vec<LeftOut> = drafts.iter().filter(needing).map(of_draft).collect();
    drafts.retain(|draft| !lost.contains(&draft.address));
    gone.into_iter().map(|(address, what)| LeftOut { what, address }).chain(needing).collect()
}

/// What of it the database has by now, itself or under its name: whoever takes the snapshot for complete would miss it.
/// `old` is on the server snapshot, `now` is a session that sees what is there now. What nothing can be said of counts as
/// there.
///
/// # Errors
///
/// Where the server fails.
pub async fn of_the_living(old: &mut Session, now: &mut Session, left: &[LeftOut]) -> Result<Vec<LeftOut>> {
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let named: BTreeMap<Address, (Text, Text)> =
        things(old, left.iter().map(|one| (one.address, None))).await?.into_iter().collect();
    let asked = left.iter().map(|one| (one.address, named.get(&one.address)));
    let found: BTreeSet<Address> = things(now, asked).await?.into_iter().map(|(address, _)| address).collect();
    let lives = |one: &&LeftOut| found.contains(&one.address) || !named.contains_key(&one.address);
    Ok(left.iter().filter(lives).cloned().collect())
}

/// Which of these a session sees, with schema and name.
async fn things(
    session: &mut Session,
    asked: impl Iterator<Item = (Address, Option<&(Text, Text)>)>,
) -> Result<Vec<(Address, (Text, Text))>> {
    let rows = asked.map(|(Address { class, oid }, name)| {
        let literal = |text: Option<&Text>| text.map_or_else(|| Text::from("NULL"), Text::literal);
        let name = text![literal(name.map(|name| &name.0)), ", ", literal(name.map(|name| &name.1))];
        text![format!("({class}, {oid}, "), name, ")"]
    });
    let rows = Text::join(rows, ", ");
    let found = session.query(sql::with_list(include_str!("vanished.sql"), "$things", &rows)).await;
    let found = found.map_err(|e| e.while_doing("look for what was dropped meanwhile"))?;
    let thing = |row: &Row| {
        let address = Address { class: row.number("class")?, oid: row.number("oid")? };
        Ok((address, (row.text("schema")?, row.text("name")?)))
    };
    found.iter().map(thing).collect()
}

/// Adds what needs something lost. Whether there was any.
fn spread(drafts: &[Draft], lost: &mut BTreeSet<Address>, dependencies: &Dependencies) -> bool {
    let is_lost = |mut address: Address, lost: &BTreeSet<Address>| {
        // An array of a multirange of a range takes three steps; no chain is longer.
        for _ in 0..4 {
            if lost.contains(&address) {
                return true;
            }
            match dependencies.implicit.get(&address) {
                Some(brought_by) => address = *brought_by,
                None => break,
            }
        }
        false
    };
    let before = lost.len();
    let edges = dependencies.edges.iter().filter(|(_, needs)| is_lost(*needs, lost));
    let dependents: BTreeSet<Address> = edges.map(|(object, _)| *object).collect();
    let mut found = Vec::new();
    for draft in drafts.iter().filter(|draft| draft.kind != Kind::Table) {
        let addresses = || draft.aliases.iter().chain([&draft.address]);
        let needs = draft.part_of.iter().chain(&draft.needs).any(|address| is_lost(*address, lost));
        if needs || addresses().any(|address| dependents.contains(address)) {
            found.push(draft.address);
        }
    }
    lost.extend(found);
    lost.len() > before
}
