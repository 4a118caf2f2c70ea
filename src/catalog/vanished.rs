//! What was dropped while the catalog was read, and all that needs it: none of it can be created from what was read.
//!
//! Tables stay: those of a dump are locked, and nothing that they need can be dropped.

use std::collections::BTreeSet;

use crate::catalog::dependencies::Dependencies;
use crate::catalog::draft::{Address, Draft};
use crate::catalog::source::Gone;
use crate::object::Kind;

/// Takes what is gone, and what needs it, out of the drafts. Answers with all of it, for people.
pub(crate) fn leave_out(drafts: &mut Vec<Draft>, gone: Gone, dependencies: &Dependencies) -> Vec<String> {
    if gone.is_empty() {
        return Vec::new();
    }
    let mut lost: BTreeSet<Address> = gone.keys().copied().collect();
    while spread(drafts, &mut lost, dependencies) {}
    let needing = |draft: &&Draft| lost.contains(&draft.address) && !gone.contains_key(&draft.address);
    let needing: Vec<String> = drafts
        .iter()
        .filter(needing)
        .map(|draft| format!("{} {} needs what was dropped", draft.kind.noun(), draft.name))
        .collect();
    drafts.retain(|draft| !lost.contains(&draft.address));
    gone.into_values().chain(needing).collect()
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
