//! What stays behind for lack of something, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::object::{Kind, ObjectId};
use crate::plan::planner_statistics::SETTABLE_SINCE;
use crate::restore::prepare::extensions;
use crate::restore::prepare::finding::Finding;
use crate::restore::prepare::plan::Plan;
use crate::restore::prepare::target::Target;
use crate::text::Text;

impl Plan {
    /// Tells what was asked for and stays behind.
    pub(super) fn tell_not_restored(&mut self) {
        self.findings.extend(self.not_restored.iter().map(|what| Finding {
            fatal: false,
            message: format!("{what}, and does not come back"),
            hint: "restore that first, or with it: --with-dependencies adds what is needed".into(),
        }));
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
            // Rows alone need nothing but their table.
            let made = self.chosen.keeps(object.id) || object.is_configuration();
            let lack = object.lacks.iter().find(|lack| made && !target.provides(lack));
            let lack = lack.map(|lack| (lack.kind, &lack.name, lack.installed_in.as_ref())).or_else(|| {
                let foreign = |id: &&ObjectId| made && self.is_foreign(**id, target);
                let need = object.needs.iter().find(foreign)?;
                let need = self.object(*need);
                Some((need.kind, &need.name, need.installed_in.as_ref()))
            });
            let lack = lack.map(|(kind, name, place)| {
                let elsewhere = kind == Kind::Extension && target.misplaced(name, place).is_some();
                (kind, name, place.filter(|_| elsewhere))
            });
            if let Some((Kind::Extension, name, place)) = lack {
                let user = format!("{} {}", object.kind.noun(), object.name);
                users.entry((name.name.clone(), place.cloned())).or_default().insert(user);
            }
            let lack = lack.or_else(|| {
                let need = object.needs.iter().chain(&object.part_of).find(|id| gone.contains(id))?;
                let need = self.object(*need);
                Some((need.kind, &need.name, None))
            });
            let lack = lack.map(|(kind, name, place)| {
                let place = place.map(|place| format!(" in schema {place}")).unwrap_or_default();
                format!("needs {} {name}{place}", kind.noun())
            });
            if let Some(lack) = refused.remove(&at).or(lack) {
                gone.insert(object.id);
                let said = format!("{} {} {lack}", object.kind.noun(), object.name);
                if explicit[at]
                    || self.chosen.has_rows(object.id)
                    || self.chosen.keeps(object.id) && object.kind == Kind::MaterializedView
                {
                    self.not_restored.push(said.clone());
                }
                self.left_out.push(said);
            }
        }
        gone.iter().for_each(|id| self.chosen.leave_out(*id));
        let told =
            users.iter().map(|((name, place), users)| extensions::without((name, place.as_ref()), users, target));
        self.findings.extend(told);
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
