//! Which tables must have their rows before which others, by foreign keys that are checked while rows are loaded, and the
//! circles in which none can be first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::object::{Kind, Object, ObjectId};

/// Tables that must be filled first, by table.
pub type After = BTreeMap<ObjectId, BTreeSet<ObjectId>>;

/// What the foreign keys of a snapshot demand, and what configuration tables of extensions need of each other. Rows of
/// partitioned tables are those of their partitions. A table that refers to itself waits for nobody.
#[must_use]
pub fn by_keys_of(objects: &[Object]) -> After {
    let get = |id: &ObjectId| objects.get(id.0 as usize);
    let is_table = |id: &ObjectId| get(id).is_some_and(|o| matches!(o.kind, Kind::Table | Kind::ForeignTable));
    let mut partitions: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    for attach in objects.iter().filter(|object| object.kind == Kind::TableAttach) {
        for parent in attach.needs.iter().filter(|id| is_table(id) && Some(**id) != attach.part_of) {
            partitions.entry(*parent).or_default().extend(attach.part_of);
        }
    }
    let mut after = After::new();
    let mut refers = |child: ObjectId, parents: BTreeSet<ObjectId>| {
        for child in family(child, &partitions) {
            let others = parents.iter().flat_map(|parent| family(*parent, &partitions)).filter(|other| *other != child);
            after.entry(child).or_default().extend(others);
        }
    };
    for object in objects {
        let configures = object.table.as_ref().is_some_and(|table| table.condition.is_some());
        if let (Kind::ForeignKey, Some(child)) = (object.kind, object.part_of) {
            // It needs the table that it refers to, or the key or index of that.
            let table = |id: &ObjectId| if is_table(id) { Some(*id) } else { get(id).and_then(|need| need.part_of) };
            refers(child, object.needs.iter().filter_map(table).filter(|parent| *parent != child).collect());
        } else if configures {
            refers(object.id, object.needs.iter().copied().filter(is_table).collect());
        }
    }
    after
}

/// A table and its partitions, at any depth.
fn family(table: ObjectId, partitions: &HashMap<ObjectId, Vec<ObjectId>>) -> BTreeSet<ObjectId> {
    let (mut all, mut open) = (BTreeSet::new(), vec![table]);
    while let Some(table) = open.pop() {
        if all.insert(table) {
            open.extend(partitions.get(&table).into_iter().flatten());
        }
    }
    all
}

/// The tables with each after those that must be filled first; otherwise, and in circles, as they are.
#[must_use]
pub fn sorted(tables: &[ObjectId], after: &After) -> Vec<ObjectId> {
    let places: HashMap<ObjectId, usize> = tables.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let (mut order, mut seen) = (Vec::with_capacity(tables.len()), BTreeSet::new());
    for &table in tables {
        // A table is pushed again below those that it waits for, and taken when it is met the second time.
        let mut open = vec![(table, false)];
        while let Some((table, waited)) = open.pop() {
            if waited {
                order.push(table);
            } else if seen.insert(table) {
                open.push((table, true));
                let first = after.get(&table).into_iter().flatten().filter(|first| places.contains_key(first));
                let mut first: Vec<ObjectId> = first.copied().collect();
                first.sort_by_key(|id| std::cmp::Reverse(places[id]));
                open.extend(first.into_iter().map(|id| (id, false)));
            }
        }
    }
    order
}

/// What is left when everything that can go first has gone, again and again: tables of which none can be first.
#[must_use]
pub fn circle(mut after: After) -> BTreeSet<ObjectId> {
    loop {
        let open: BTreeSet<ObjectId> =
            after.iter().filter(|(_, parents)| !parents.is_empty()).map(|(child, _)| *child).collect();
        let before = after.len();
        after.retain(|child, _| open.contains(child));
        after.values_mut().for_each(|parents| parents.retain(|parent| open.contains(parent)));
        if after.len() == before {
            return without_followers(after);
        }
    }
}

/// Tables that only wait for a circle are no part of it.
fn without_followers(mut after: After) -> BTreeSet<ObjectId> {
    loop {
        let needed: BTreeSet<ObjectId> = after.values().flatten().copied().collect();
        let before = after.len();
        after.retain(|child, _| needed.contains(child));
        if after.len() == before {
            return after.into_keys().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(edges: &[(u32, u32)]) -> After {
        let mut after = After::new();
        for (child, parent) in edges {
            after.entry(ObjectId(*child)).or_default().insert(ObjectId(*parent));
        }
        after
    }

    #[test]
    fn only_tables_in_a_circle_are_named() {
        assert!(circle(after(&[(1, 2), (2, 3), (1, 3)])).is_empty());
        let found = circle(after(&[(1, 2), (2, 3), (3, 2), (4, 5), (6, 6)]));
        assert_eq!(found.into_iter().map(|id| id.0).collect::<Vec<_>>(), [2, 3, 6]);
    }

    #[test]
    fn tables_come_after_those_that_they_refer_to() {
        let sorted = |tables: &[u32], edges: &[(u32, u32)]| {
            let tables: Vec<ObjectId> = tables.iter().map(|id| ObjectId(*id)).collect();
            sorted(&tables, &after(edges)).into_iter().map(|id| id.0).collect::<Vec<_>>()
        };
        assert_eq!(sorted(&[1, 2, 3, 4], &[(1, 3), (3, 4), (2, 9)]), [4, 3, 1, 2]);
        assert_eq!(sorted(&[1, 2, 3], &[(1, 2), (2, 1), (1, 3)]), [2, 3, 1]);
    }
}
