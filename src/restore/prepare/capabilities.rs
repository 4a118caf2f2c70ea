//! What the role that restores may not do and the target cannot, though everything that is needed is there.
//!
//! A restore that keeps going only hears of it: it collects what fails.

use std::collections::{BTreeMap, BTreeSet};

use crate::object::{Kind, Object};
use crate::restore::options::Options;
use crate::restore::prepare::finding::{Finding, first_and_more};
use crate::restore::prepare::origin::Origin;
use crate::restore::prepare::rights;
use crate::restore::prepare::target::Target;
use crate::text::Text;

/// Roles that a provider lets create extensions which take a superuser elsewhere.
const PROVIDERS: [&str; 6] =
    ["rds_superuser", "cloudsqlsuperuser", "azure_pg_admin", "neon_superuser", "supabase_admin", "alloydbsuperuser"];

/// All findings for these objects on this target.
pub(crate) fn findings(objects: &[&Object], origin: &Origin, target: &Target, options: &Options) -> Vec<Finding> {
    let mut all = Vec::new();
    let fatal = !options.course.keeps_going();
    let mut add = |message: String, hint: String| all.push(Finding { fatal, message, hint });
    if !target.superuser {
        extensions(&mut add, objects, target);
        owners(&mut add, objects, target, options);
        tablespaces(&mut add, objects, target, options);
        rights::tell(&mut add, objects, target, !options.rendering.omit.grants);
        rights::settings(&mut add, &origin.settings, target);
        rights::settings_of_roles(&mut add, &origin.roles_with_settings, target);
    }
    collations(&mut add, objects, target);
    if !options.rendering.omit.compression {
        compression(&mut add, objects, target);
    }
    locale(&mut all, origin, target);
    if !options.rendering.omit.labels {
        all.extend(labels(objects, target));
    }
    if !target.superuser && !options.rendering.omit.grants {
        let found = rights::system_grants(objects, target);
        all.extend(found.map(|(message, hint)| Finding { fatal: false, message, hint }));
    }
    all
}

fn extensions(add: &mut impl FnMut(String, String), objects: &[&Object], target: &Target) {
    let managed = PROVIDERS.iter().any(|role| target.roles.contains(&Text::from(*role)));
    let guarded = |object: &&&Object| {
        let name = &object.name.name;
        object.kind == Kind::Extension && target.guarded.contains(name) && !target.installed.contains_key(name)
    };
    for object in objects.iter().filter(guarded).filter(|_| !managed) {
        add(
            format!("role {} may not create extension {}: it takes a superuser", target.role, object.name),
            format!(
                "let a superuser run CREATE EXTENSION {} there first, or use --keep-going",
                object.name.name.ident()
            ),
        );
    }
}

fn owners(add: &mut impl FnMut(String, String), objects: &[&Object], target: &Target, options: &Options) {
    let mut strangers: BTreeMap<&Text, BTreeSet<String>> = BTreeMap::new();
    for object in objects.iter().filter(|object| object.kind != Kind::Database) {
        let owner = options.rendering.owner_of(object).filter(|owner| object.give_to(owner).is_some());
        if let Some(owner) = owner.filter(|owner| target.roles.contains(*owner) && !target.gives.contains(*owner)) {
            strangers.entry(owner).or_default().insert(format!("{} {}", object.kind.noun(), object.name));
        }
    }
    for (owner, objects) in strangers {
        let first = first_and_more(&objects);
        add(
            format!("role {} is no member of role {owner} and cannot give it {first}", target.role),
            format!("GRANT {} TO {}, or leave owners out with -O", owner.ident(), target.role.ident()),
        );
    }
}

fn tablespaces(add: &mut impl FnMut(String, String), objects: &[&Object], target: &Target, options: &Options) {
    let spaces: BTreeSet<&Text> = objects.iter().filter_map(|object| object.tablespace.as_ref()).collect();
    for space in spaces.into_iter().filter(|space| !space.is_empty() && !options.rendering.omit.tablespaces) {
        if target.tablespaces.contains(space) && !target.usable_tablespaces.contains(space) {
            add(
                format!("role {} may not create in tablespace {space}", target.role),
                format!(
                    "GRANT CREATE ON TABLESPACE {} TO {}, or use --no-tablespaces",
                    space.ident(),
                    target.role.ident()
                ),
            );
        }
    }
}

fn collations(add: &mut impl FnMut(String, String), objects: &[&Object], target: &Target) {
    let mut missing: BTreeMap<Text, BTreeSet<String>> = BTreeMap::new();
    for object in objects {
        for name in &object.collations {
            if !target.collations.contains(name) {
                missing.entry(name.clone()).or_default().insert(format!("{} {}", object.kind.noun(), object.name));
            }
        }
    }
    for (name, users) in missing {
        add(
            format!("collation {name}, of {}, does not exist on the target", first_and_more(&users)),
            "install the locale on the server's machine, then SELECT pg_import_system_collations('pg_catalog')".into(),
        );
    }
}

fn compression(add: &mut impl FnMut(String, String), objects: &[&Object], target: &Target) {
    let mut lacking: BTreeMap<&Text, BTreeSet<String>> = BTreeMap::new();
    for object in objects {
        for method in object.compressed_by.iter().filter(|method| !target.compressions.contains(*method)) {
            lacking.entry(method).or_default().insert(format!("{} {}", object.kind.noun(), object.name));
        }
    }
    for (method, users) in lacking {
        let users = first_and_more(&users);
        add(
            format!("the target server was built without compression {method}, which {users} uses"),
            "restore into a server that has it, or leave compression out with --no-toast-compression".into(),
        );
    }
}

/// Who may set them is for their providers to say, and which of these the target has loaded no catalog tells.
fn labels(objects: &[&Object], target: &Target) -> Option<Finding> {
    let labelled = objects.iter().filter(|object| !object.labels.is_empty());
    let names: BTreeSet<String> = labelled.map(|object| format!("{} {}", object.kind.noun(), object.name)).collect();
    (!names.is_empty()).then(|| Finding {
        fatal: false,
        message: format!(
            "security labels of {} take their provider, loaded on the target, and that it lets role {} set them",
            first_and_more(&names),
            target.role
        ),
        hint: "load the provider there, or leave labels out with --no-security-labels".into(),
    })
}

/// Another order of text fails nothing, but people should know before they rely on it.
fn locale(all: &mut Vec<Finding>, origin: &Origin, target: &Target) {
    let (collate, ctype) = (target.collate.lossy(), target.ctype.lossy());
    let libc = matches!(origin.provider.as_str(), "c" | "libc");
    if !target.is_new && libc && (collate != origin.collate || ctype != origin.ctype) {
        all.push(Finding {
            fatal: false,
            message: format!(
                "text sorts by {collate} ({ctype}) in the target and sorted by {} ({}) in the source",
                origin.collate, origin.ctype
            ),
            hint: "create the database as the source was, which -C does, if the order matters".into(),
        });
    }
}
