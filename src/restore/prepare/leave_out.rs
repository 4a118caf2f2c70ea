//! What stays behind for lack of something, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::object::{Kind, Name, Object, ObjectId};
use crate::plan::planner_statistics::SETTABLE_SINCE;
use crate::restore::prepare::finding::Finding;
use crate::restore::prepare::plan::Plan;
use crate::restore::prepare::target::Target;
use crate::restore::prepare::{existing, extensions};
use crate::text::Text;

/// Something that an object needs and that will not be there.
struct Missing<'a> {
    kind: Kind,
    name: &'a Name,
    /// The schema that an extension is wanted in, where the target has it in another one.
    wanted: Option<&'a Text>,
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.noun(), self.name)?;
        self.wanted.map_or(Ok(()), |schema| write!(f, " in schema {schema}"))
    }
}

impl Plan {
    /// Tells what was asked for and stays behind.
    pub(super) fn tell_not_restored(&mut self) {
        self.findings.extend(self.not_restored.iter().map(|what| Finding {
            fatal: false,
            message: format!("{what}, and does not come back"),
            hint: "restore that first, or with it: --with-dependencies adds what is needed".into(),
        }));
    }

    /// Tables that were named for their rows, of which the snapshot has none.
    pub(super) fn tell_without_rows(&mut self, explicit: &[bool]) {
        let named = existing::without_rows(self).into_iter().filter(|object| explicit[object.id.0 as usize]);
        let named: Vec<String> = named
            .map(|object| format!("rows of {} {}, which the snapshot does not have", object.kind.noun(), object.name))
            .collect();
        self.not_restored.extend(named);
    }

    /// Schemas that come with extensions of this restore or of the target.
    pub(super) fn brought(&self, target: &Target) -> BTreeSet<Text> {
        let objects = &self.manifest.objects;
        let there = |id: &ObjectId| {
            let need = self.object(*id);
            need.kind == Kind::Extension && (self.chosen.keeps(*id) || target.offers(need.kind, &need.name))
        };
        let schemas = objects.iter().filter(|object| object.kind == Kind::Schema && object.create.is_empty());
        schemas.filter(|schema| schema.needs.iter().any(there)).map(|schema| schema.name.name.clone()).collect()
    }

    /// Leaves out what is `refused`, what needs something that a dump of a selection did not keep and the target does not
    /// have, what needs an extension that is neither chosen nor there, and what needs that in turn.
    pub(super) fn leave_out(&mut self, target: &Target, mut refused: BTreeMap<usize, String>, explicit: &[bool]) {
        let mut gone: BTreeSet<ObjectId> = BTreeSet::new();
        let mut users: BTreeMap<(Text, Option<Text>), BTreeSet<String>> = BTreeMap::new();
        for (at, object) in self.manifest.objects.iter().enumerate().filter(|(_, o)| self.chosen.wants(o.id)) {
            let missing = self.missing(object, target);
            if let Some(Missing { kind: Kind::Extension, name, wanted }) = &missing {
                let user = format!("{} {}", object.kind.noun(), object.name);
                users.entry((name.name.clone(), wanted.cloned())).or_default().insert(user);
            }
            let missing = missing.or_else(|| {
                let need = object.needs.iter().chain(&object.part_of).find(|id| gone.contains(id))?;
                let need = self.object(*need);
                Some(Missing { kind: need.kind, name: &need.name, wanted: None })
            });
            let reason = refused.remove(&at).or_else(|| missing.map(|missing| format!("needs {missing}")));
            let Some(reason) = reason else { continue };
            gone.insert(object.id);
            let said = format!("{} {} {reason}", object.kind.noun(), object.name);
            let refreshed = self.chosen.keeps(object.id) && object.kind == Kind::MaterializedView;
            if explicit[at] || self.chosen.has_rows(object.id) || refreshed {
                self.not_restored.push(said.clone());
            }
            self.left_out.push(said);
        }
        gone.iter().for_each(|id| self.chosen.leave_out(*id));
        let told =
            users.iter().map(|((name, place), users)| extensions::without((name, place.as_ref()), users, target));
        self.findings.extend(told);
    }

    /// What the making of an object needs and neither this restore nor the target has.
    fn missing<'a>(&'a self, object: &'a Object, target: &Target) -> Option<Missing<'a>> {
        // Rows alone need nothing but their table.
        if !self.chosen.keeps(object.id) && !object.is_configuration() {
            return None;
        }
        let lacks = object.lacks.iter().filter(|lack| !target.provides(lack));
        let lacks = lacks.map(|lack| (lack.kind, &lack.name, lack.installed_in.as_ref()));
        let foreign = object.needs.iter().filter(|id| self.is_foreign(**id, target)).map(|id| self.object(*id));
        let foreign = foreign.map(|need| (need.kind, &need.name, need.installed_in.as_ref()));
        let (kind, name, schema) = lacks.chain(foreign).next()?;
        let elsewhere = kind == Kind::Extension && target.misplaced(name, schema).is_some();
        Some(Missing { kind, name, wanted: schema.filter(|_| elsewhere) })
    }

    /// Whether it is an extension or a language that is neither chosen nor there.
    fn is_foreign(&self, id: ObjectId, target: &Target) -> bool {
        let need = self.object(id);
        let from_outside = matches!(need.kind, Kind::Extension | Kind::Language);
        let place = need.installed_in.as_ref();
        let there = target.offers(need.kind, &need.name) && target.misplaced(&need.name, place).is_none();
        from_outside && !self.chosen.keeps(id) && !there
    }

    /// Leaves out statistics that the target cannot take, and says so.
    pub(super) fn leave_statistics(&mut self, target: &Target) {
        let major = target.version / 10_000;
        if major < SETTABLE_SINCE && self.has_statistics() {
            let hint = if self.analyze { "ANALYZE collects others" } else { "run ANALYZE" };
            self.findings.push(Finding {
                fatal: false,
                message: format!("the target runs PostgreSQL {major} and takes no statistics of the snapshot"),
                hint: format!("{hint}; PostgreSQL {} and newer take them", SETTABLE_SINCE),
            });
        }
        if major < SETTABLE_SINCE || self.manifest.statistics.is_empty() {
            self.chosen.leave_statistics();
        }
    }
}
