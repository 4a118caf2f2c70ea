//! What is said of extensions that the target lacks, has in another schema, or has in another version.

use std::collections::BTreeSet;

use crate::object::{Kind, Object};
use crate::repository;
use crate::restore::options::Options;
use crate::restore::prepare::finding::{Finding, first_and_more};
use crate::restore::prepare::plan::Plan;
use crate::restore::prepare::target::Target;
use crate::text::Text;

/// What keeps these objects from being made, where they are extensions.
pub(super) fn findings(objects: &[&Object], target: &Target, options: &Options) -> Vec<Finding> {
    let mut all = Vec::new();
    for object in objects.iter().filter(|object| object.kind == Kind::Extension) {
        if !target.extensions.contains_key(&object.name.name) {
            all.push(Finding::fatal(
                format!("extension {} is not available on the target server", object.name),
                "install its package on the server",
            ));
        }
        // One that is removed first is made where it belongs.
        let there = target.misplaced(&object.name, object.installed_in.as_ref()).filter(|_| !options.clean);
        if let (Some(there), Some(wanted)) = (there, &object.installed_in) {
            let (name, database) = (&object.name, &target.database);
            all.push(Finding::fatal(
                format!("extension {name} is in schema {there} of database {database}, and was in {wanted}"),
                format!("{}, or leave it out with --exclude-extension", moving(&name.name, wanted)),
            ));
        }
    }
    all
}

/// What stays behind for lack of an extension that nobody asked for, or of one in the schema that it names.
pub(super) fn without((name, schema): (&Text, Option<&Text>), users: &BTreeSet<String>, target: &Target) -> Finding {
    let (needs, database) = (first_and_more(users), &target.database);
    if let (Some(wanted), Some(there)) = (schema, target.installed.get(name)) {
        let there = &there.schema;
        return Finding::to_know(
            format!("{needs} needs extension {name} in schema {wanted}, and it is in {there} of database {database}"),
            moving(name, wanted),
        );
    }
    Finding::to_know(
        format!("{needs} needs extension {name}, which database {database} lacks"),
        format!("run CREATE EXTENSION {} there first, or add it with -e", name.ident()),
    )
}

fn moving(name: &Text, schema: &Text) -> String {
    format!("run ALTER EXTENSION {} SET SCHEMA {} there first, if it can be moved", name.ident(), schema.ident())
}

impl Plan {
    /// Tells of extensions that are made or needed and have other versions on the target.
    pub(super) fn tell_versions(&mut self, server: &repository::Server, target: &Target) {
        let wanted = || self.manifest.objects.iter().filter(|object| self.chosen.wants(object.id));
        let itself = wanted().filter(|object| object.kind == Kind::Extension).map(|object| &object.name.name);
        let needs = wanted().flat_map(|object| &object.needs).map(|id| self.object(*id));
        let needs = needs.filter(|need| need.kind == Kind::Extension).map(|need| &need.name.name);
        let lacks = wanted().flat_map(|object| &object.lacks).filter(|lack| lack.kind == Kind::Extension);
        let names: BTreeSet<&Text> = itself.chain(needs).chain(lacks.map(|lack| &lack.name.name)).collect();
        let found = versions(&names, server, target);
        self.findings.extend(found);
    }
}

fn versions(names: &BTreeSet<&Text>, server: &repository::Server, target: &Target) -> Option<Finding> {
    let version = |name: &Text| {
        let installed = target.installed.get(name).map(|installed| &installed.version);
        let (there, shown) = (installed.or_else(|| target.extensions.get(name))?.lossy(), name.lossy());
        let (_, was) = server.extensions.iter().find(|(name, _)| *name == shown)?;
        (*was != there).then(|| format!("{name} {there} (was {was})"))
    };
    let others: Vec<String> = names.iter().filter_map(|name| version(name)).collect();
    (!others.is_empty()).then(|| {
        Finding::to_know(
            format!("extensions of the target have other versions than in the snapshot: {}", others.join(", ")),
            "their objects are those of the target's version; look whether what uses them still works",
        )
    })
}
