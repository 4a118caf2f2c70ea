//! Which table locks the statements of an object take, so that two that would wait for each other never run together.

use std::collections::{BTreeMap, HashMap};

use crate::object::{Kind, Object, ObjectId, TableLock};
use crate::plan::select::Links;

/// A lock on one relation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lock {
    /// The relation.
    pub relation: ObjectId,
    /// How.
    pub mode: TableLock,
}

/// Locks of all objects of a snapshot.
pub struct Locks<'a> {
    objects: &'a [Object],
    links: Links,
    partitions: HashMap<usize, Vec<usize>>,
}

impl<'a> Locks<'a> {
    /// Prepares to answer for these objects, numbered by position.
    #[must_use]
    pub fn new(objects: &'a [Object]) -> Self {
        let links = Links::new(objects);
        let mut partitions: HashMap<usize, Vec<usize>> = HashMap::new();
        for (parent, child) in links.children(objects, true) {
            partitions.entry(parent).or_default().push(child);
        }
        Self { objects, links, partitions }
    }

    /// The locks that creating this object takes, one a relation, by relation.
    #[must_use]
    pub fn of(&self, id: ObjectId) -> Vec<Lock> {
        let Some(at) = usize::try_from(id.0).ok().filter(|&at| at < self.objects.len()) else { return Vec::new() };
        let kind = self.objects[at].kind;
        let (own, others) = self.modes(at);
        let mut locks = BTreeMap::new();
        let mut take = |relation: usize, mode: TableLock| {
            let held = locks.entry(relation).or_insert(mode);
            *held = mode.max(*held);
        };
        let spreads = kind.facts().spreads;
        let whole = self.links.whole[at];
        let related = self.links.needs[at].iter().map(|&need| (self.links.whole[need], others));
        for (relation, mode) in related.chain([(whole, own)]) {
            if !self.objects[relation].kind.is_relation() {
                continue;
            }
            let family = if spreads && mode > TableLock::AccessShare { self.family(relation) } else { vec![relation] };
            for member in family {
                take(member, mode);
            }
        }
        locks.into_iter().map(|(at, mode)| Lock { relation: self.objects[at].id, mode }).collect()
    }

    /// The lock on the relation that an object belongs to, and that on relations it only needs.
    fn modes(&self, at: usize) -> (TableLock, TableLock) {
        let object = &self.objects[at];
        match object.kind {
            // CLUSTER ON and REPLICA IDENTITY may follow the index, and take its table.
            Kind::Index if object.create.len() + object.finish.len() > 1 => {
                (TableLock::AccessExclusive, TableLock::AccessShare)
            }
            kind => (kind.facts().own_lock, kind.facts().needed_lock),
        }
    }

    /// A table with its partitions at any depth.
    fn family(&self, table: usize) -> Vec<usize> {
        let mut family = vec![table];
        let mut next = 0;
        while let Some(&member) = family.get(next) {
            for &child in self.partitions.get(&member).into_iter().flatten() {
                // A table is a partition of one parent; a manifest that says otherwise must not hold us up.
                if !family.contains(&child) {
                    family.push(child);
                }
            }
            next += 1;
        }
        family
    }
}

impl std::fmt::Debug for Locks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Locks of {} objects", self.objects.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::select::tests::Pos;

    #[test]
    fn conflicts_are_those_of_the_manual() {
        use TableLock::*;
        let all = [
            AccessShare,
            RowShare,
            RowExclusive,
            ShareUpdateExclusive,
            Share,
            ShareRowExclusive,
            Exclusive,
            AccessExclusive,
        ];
        // A row a mode, as table 13.2 prints it.
        let table = ["       X", "      XX", "    XXXX", "   XXXXX", "  XX XXX", "  XXXXXX", " XXXXXXX", "XXXXXXXX"];
        for (a, row) in all.into_iter().zip(table) {
            for (b, cell) in all.into_iter().zip(row.chars()) {
                assert_eq!(a.conflicts(b), cell == 'X', "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn kinds_lock_what_their_statements_lock() {
        let mut pos = Pos(Vec::new());
        for table in ["s.root", "s.leaf", "s.other", "s.view"] {
            pos.add(Kind::Table, table, &[], None);
        }
        pos.add(Kind::TableAttach, "s.leaf.at", &["s.root", "s.leaf"], Some("s.leaf"));
        pos.add(Kind::Constraint, "s.root.key", &["s.root"], Some("s.root"));
        pos.add(Kind::Index, "s.other.i", &["s.other"], Some("s.other"));
        pos.add(Kind::Index, "s.other.identity", &["s.other"], Some("s.other")).create =
            vec!["CREATE INDEX".into(), "ALTER TABLE ONLY s.other REPLICA IDENTITY USING INDEX i".into()];
        pos.add(Kind::ForeignKey, "s.other.fk", &["s.other", "s.root.key"], Some("s.other"));
        pos.add(Kind::Policy, "s.other.p", &["s.other", "s.leaf"], Some("s.other"));
        let locks = Locks::new(&pos.0);
        let shown = |name: &str| {
            let object = &pos.0[pos.at(name)];
            let locks = locks.of(object.id);
            locks.iter().map(|l| (pos.0[l.relation.0 as usize].name.name.to_string(), l.mode)).collect::<Vec<_>>()
        };
        let expect = |locks: &[(&str, TableLock)]| locks.iter().map(|(n, m)| ((*n).to_owned(), *m)).collect::<Vec<_>>();
        assert_eq!(shown("s.root.key"), expect(&[("root", TableLock::AccessExclusive)]));
        assert_eq!(shown("s.other.i"), expect(&[("other", TableLock::Share)]));
        assert_eq!(shown("s.other.identity"), expect(&[("other", TableLock::AccessExclusive)]));
        let tables = ["root", "leaf", "other"].map(|name| (name, TableLock::ShareRowExclusive));
        assert_eq!(shown("s.other.fk"), expect(&tables));
        assert_eq!(
            shown("s.other.p"),
            expect(&[("leaf", TableLock::AccessShare), ("other", TableLock::AccessExclusive)])
        );
        assert!(locks.of(ObjectId(u32::MAX)).is_empty());
    }
}
