//! From options, a target and a snapshot to a plan. Owns whatever is looked at and decided before a restore begins: what
//! the target is and has, what stands in the way, what comes back and in which form.
//!
//! Reads only: nothing here may change the target.

mod capabilities;
mod chosen;
mod database;
mod dependents;
mod drops;
pub(super) mod estimate;
mod existing;
mod extensions;
pub(super) mod finding;
mod leave_out;
mod origin;
pub(super) mod outline;
pub(super) mod plan;
mod preflight;
mod rights;
mod taken_names;
mod target;
mod version_differences;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::object::{Kind, Object, ObjectId};
use crate::pg::Connector;
use crate::plan::select::{LeftOut, select};
use crate::progress::{Event, Events, Step};
use crate::repository::Reader;
use crate::restore::ledger::Ledger;
use crate::restore::options::{Fill, Options, Start};
use crate::restore::rename::{self, Place, Renames, tables};
use crate::text::Text;
use finding::Finding;
use origin::Origin;
use plan::{Plan, Server};
use target::Target;

/// Reads the snapshot and looks at the target, without changing anything.
///
/// # Errors
///
/// Where the snapshot cannot be read, the target not be reached, options do not go together, or a pattern matches nothing.
pub async fn prepare(reader: &Reader, options: &Options, connector: &Connector, events: &Events) -> Result<Plan> {
    options.check()?;
    events(Event::Step { step: Step::ReadSnapshot });
    let mut manifest = reader.manifest().await?;
    let mut selection = options.narrowed()?;
    events(Event::Step { step: Step::LookAtTarget });
    let server = &reader.snapshot().snapshot.head.server;
    let whole = selection.includes_everything() && selection.list.is_none();
    let look = database::look(options, connector, &server.encoding).await?;
    let target = look.target;
    version_differences::adapt(&mut manifest.objects, server.version, target.version);
    if !whole {
        selection.present = Some(present(&manifest.objects, &target, &options.into_schema));
    }
    let selected = select(&manifest.objects, &selection)?;
    let mut plan = Plan::new(manifest, &selected, &target, options);
    plan.encoding.clone_from(&server.encoding);
    plan.findings = look.findings;
    plan.left_out = selected.left_out.iter().map(|left| describe(&plan.manifest.objects, left)).collect();
    plan.not_restored = asked_for(&plan.manifest.objects, &selected.left_out);
    plan.brought = plan.brought(&target);
    let copies = plan.rename(options, &target, &selected.explicit)?;
    let choices = options.choices(plan.chosen.definitions(), plan.chosen.rows(), &plan.order);
    plan.ledger = Ledger::new(reader.snapshot().id, choices);
    let (settings, roles_with_settings) = plan.settings();
    let origin = Origin { settings, roles_with_settings, ..Origin::new(server, whole, &plan.ledger) };
    let objects: Vec<&Object> = plan.objects().collect();
    let found = preflight::findings(&objects, &origin, &target, options);
    plan.exists = target.existing_of(&objects);
    plan.leave_statistics(&target);
    plan.tell_versions(server, &target);
    plan.server = Server::new(&target, server.version, options);
    plan.findings.extend(found);
    plan.look_at_tables(&copies, connector, options).await?;
    plan.tell_without_rows(&selected.explicit);
    plan.settle(options);
    Ok(plan)
}

impl Plan {
    /// Gives everything its new name and leaves out what cannot have one, with what needs it. Returns the names that copies
    /// of tables will have.
    fn rename(&mut self, options: &Options, target: &Target, explicit: &[bool]) -> Result<Vec<Place>> {
        let schemas = Renames::of_schemas(&self.manifest.objects, &options.into_schema);
        let mut refused = self.rename_schemas(&schemas);
        let chosen: Vec<bool> = self.manifest.objects.iter().map(|object| self.is_restored(object.id)).collect();
        let copies = tables::rename(&mut self.manifest.objects, &chosen, &options.into_table)?;
        for (at, said) in copies.mentions {
            self.tell_mentions(at, &[said]);
        }
        refused.extend(copies.refused);
        self.leave_out(target, refused, explicit);
        self.left_out.extend(copies.notes);
        self.tell_not_restored();
        Ok(copies.places)
    }

    /// Whether its definition is run or rows are set.
    fn is_restored(&self, id: ObjectId) -> bool {
        self.chosen.keeps(id) || self.chosen.has_rows(id)
    }

    /// Looks at tables of the target that get rows, and at names that copies of tables will have.
    async fn look_at_tables(&mut self, copies: &[Place], connector: &Connector, options: &Options) -> Result<()> {
        if options.fill == Fill::Truncate {
            let large = |object: &&mut Object| object.kind == Kind::LargeObjects;
            self.manifest.objects.iter_mut().filter(large).for_each(drops::replace);
        }
        let (existing, found) = existing::look(self, connector, options).await?;
        self.existing = existing;
        self.findings.extend(found);
        self.findings.extend(taken_names::look(copies, connector, options).await?);
        self.findings.extend(dependents::look(self, connector, options).await?);
        Ok(())
    }

    /// Writes down what options mean in statements. What this restore does not create was there before, with rows that are
    /// not its own, and has no definition from here on.
    fn settle(&mut self, options: &Options) {
        self.drops = options.clean.then(|| drops::statements(self));
        let (objects, name, rendering) = (&self.manifest.objects, &options.target.database, &options.rendering);
        if options.creates_now() {
            self.creation = Some(database::creation(objects, &self.encoding, name, rendering));
        }
        if options.start == Start::NewDatabase {
            self.properties = database::properties(objects, name, rendering);
        }
        for object in &mut self.manifest.objects {
            if !self.chosen.keeps(object.id) && object.kind != Kind::Database {
                object.create.clear();
            }
        }
    }

    /// Gives schemas their new names in all that is restored. Returns what cannot be renamed, by position, and why.
    fn rename_schemas(&mut self, renames: &Renames) -> BTreeMap<usize, String> {
        let mut refused = BTreeMap::new();
        if renames.schemas.is_empty() {
            return refused;
        }
        for at in 0..self.manifest.objects.len() {
            if !self.chosen.wants(self.manifest.objects[at].id) {
                continue;
            }
            match rename::rename(renames, &mut self.manifest.objects[at]) {
                Ok(told) => self.tell_mentions(at, &told),
                Err(reason) => drop(refused.insert(at, reason)),
            }
        }
        refused
    }

    /// Tells of old names in what comes back as it is.
    fn tell_mentions(&mut self, at: usize, told: &[String]) {
        let object = &self.manifest.objects[at];
        let what = format!("{} {}", object.kind.noun(), object.name);
        self.findings.extend(told.iter().map(|said| Finding {
            fatal: false,
            message: format!("{what} {said}, which stays as it is"),
            hint: "look whether it is meant as a name: it means the live one then".into(),
        }));
    }
}

/// Objects of the snapshot that the target has already, with their keys and indexes: what is restored may need them. A
/// schema under another name uses types and routines of others, and stays apart from their tables and triggers.
fn present(objects: &[Object], target: &Target, renamed: &BTreeMap<Text, Text>) -> BTreeSet<ObjectId> {
    let mut there = BTreeSet::new();
    let triggers = objects.iter().filter(|object| object.kind == Kind::Trigger);
    let called: BTreeSet<ObjectId> = triggers.flat_map(|trigger| &trigger.needs).copied().collect();
    let usable = |object: &&Object| rename::may_use(object, renamed) && !called.contains(&object.id);
    for object in objects.iter().filter(|object| renamed.is_empty() || usable(object)) {
        let whole_is_there = object.part_of.is_some_and(|whole| there.contains(&whole));
        if whole_is_there || target.offers(object.kind, &object.name) {
            there.insert(object.id);
        }
    }
    there
}

/// What of it was asked for.
fn asked_for(objects: &[Object], left_out: &[LeftOut]) -> Vec<String> {
    left_out.iter().filter(|left| left.asked_for).map(|left| describe(objects, left)).collect()
}

fn describe(objects: &[Object], left: &LeftOut) -> String {
    let name =
        |id: ObjectId| objects.get(id.0 as usize).map_or_else(String::new, |o| format!("{} {}", o.kind.noun(), o.name));
    format!("{} needs {}", name(left.object), name(left.needs))
}
