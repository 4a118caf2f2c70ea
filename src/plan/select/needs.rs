//! What must come along with a selection, and what has to stay behind.

use std::collections::BTreeSet;

use crate::object::{Kind, Object, ObjectId};
use crate::plan::select::named::Named;
use crate::plan::select::{LeftOut, Links, Reason, Selection};

pub(super) struct Complete {
    pub(super) keep: Vec<bool>,
    pub(super) required: Vec<ObjectId>,
    pub(super) left_out: Vec<LeftOut>,
}

pub(super) fn complete(objects: &[Object], links: &Links, selection: &Selection, named: &Named) -> Complete {
    let mut chosen = named.chosen.clone();
    let mut added = vec![false; objects.len()];
    if selection.with_dependencies {
        add_needs(objects, links, &mut chosen, &mut added);
    }
    // Objects need only what has a smaller id, so that one pass settles everything.
    let mut complete = Complete { keep: vec![false; objects.len()], required: Vec::new(), left_out: Vec::new() };
    let mut required = BTreeSet::new();
    for at in 0..objects.len() {
        if !(chosen[at] || added[links.whole[at]]) {
            continue;
        }
        let lacks = |need: &usize| !complete.keep[*need] && !selection.does_without(&objects[at], &objects[*need]);
        let lacking = || links.needs[at].iter().copied().filter(lacks);
        // What only connects is left out of a dump, too, where one side is missing.
        let firm = named.explicit[at] || (!selection.restores() && !objects[at].kind.facts().only_connects);
        let is_there = |need: usize| selection.present.as_ref().is_some_and(|there| there.contains(&objects[need].id));
        // A target that was looked at has what it needs or not, whoever asked for it.
        let seen = |need: usize| selection.present.is_some() && objects[links.whole[need]].kind.facts().space.is_some();
        // Rows alone need nothing that a definition needs.
        let defined = !selection.restores() || selection.wants_definition(&objects[at]);
        let is_fatal =
            |need: usize| defined && !is_there(need) && (!firm || seen(need)) && !may_be_assumed(&objects[need]);
        // The whole comes first: it explains more than a piece of it.
        let fatal = lacking().filter(|&need| is_fatal(need)).min_by_key(|&need| links.whole[need] != need);
        match fatal {
            None => {
                required.extend(lacking().filter(|&need| !is_there(need)));
                complete.keep[at] = true;
            }
            Some(need) => {
                // A piece of what was left out needs no word of its own.
                let whole = links.whole[at];
                if whole == at || complete.keep[whole] || !chosen[whole] {
                    let reason = if chosen[need] { Reason::LeftOut } else { Reason::NotSelected };
                    let needs = if complete.keep[links.whole[need]] { need } else { links.whole[need] };
                    complete.left_out.push(LeftOut {
                        object: objects[at].id,
                        needs: objects[needs].id,
                        reason,
                        asked_for: false,
                    });
                }
            }
        }
    }
    complete.required = required.into_iter().filter(|&at| !complete.keep[at]).map(|at| objects[at].id).collect();
    complete
}

/// What a target is expected to have, or gets on the way.
fn may_be_assumed(object: &Object) -> bool {
    let built_in = object.name.schema.as_ref().is_some_and(|schema| *schema == "pg_catalog");
    built_in || object.kind.facts().assumed
}

/// Chooses everything that chosen objects need, directly or not. Tables that come this way bring what makes their rows
/// right (keys, checks, defaults, owned sequences, partitions), and `added` says that the rest may come if it can.
fn add_needs(objects: &[Object], links: &Links, chosen: &mut [bool], added: &mut [bool]) {
    let mut pieces: Vec<Vec<usize>> = vec![Vec::new(); objects.len()];
    for (at, object) in objects.iter().enumerate() {
        if links.whole[at] != at && comes_with_rows(object.kind, objects[links.whole[at]].kind) {
            pieces[links.whole[at]].push(at);
        }
    }
    for (parent, child) in links.children(objects, true) {
        pieces[parent].push(child);
    }
    let mut open: Vec<usize> = (0..objects.len()).filter(|&at| chosen[at]).collect();
    while let Some(at) = open.pop() {
        let along: &[usize] = if added[at] { &pieces[at] } else { &[] };
        for &need in links.needs[at].iter().chain(along) {
            if !chosen[need] && objects[need].kind != Kind::Database {
                chosen[need] = true;
                added[need] = true;
                open.push(need);
            }
        }
    }
}

/// A view without its rule has no query.
fn comes_with_rows(piece: Kind, whole: Kind) -> bool {
    let is_query = piece == Kind::Rule && matches!(whole, Kind::View | Kind::MaterializedView);
    is_query || piece.facts().comes_with_rows
}
