//! What stands in the way of a restore, all at once, before anything is changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::bookkeeping::SCHEMA;
use crate::object::{Kind, Object, Section};
use crate::plan::is_created;
use crate::restore::batches::creation;
use crate::restore::ledger::{Found, foreign};
use crate::restore::options::Options;
use crate::restore::prepare::capabilities;
use crate::restore::prepare::extensions;
use crate::restore::prepare::finding::{Finding, first_and_more};
use crate::restore::prepare::origin::Origin;
use crate::restore::prepare::target::Target;
use crate::text::Text;

/// All findings for these objects on this target.
pub(crate) fn findings(objects: &[&Object], origin: &Origin, target: &Target, options: &Options) -> Vec<Finding> {
    let mut all = Vec::new();
    server(&mut all, origin, target, options);
    unfinished(&mut all, origin, target, options);
    taken(&mut all, objects, options);
    all.extend(locks(objects, target, options));
    if !options.course.resumes() && !options.clean {
        collisions(&mut all, objects, origin, target);
    }
    all.extend(extensions::findings(objects, target, options));
    roles(&mut all, objects, target, options);
    surroundings(&mut all, objects, target, options);
    all.extend(capabilities::findings(objects, origin, target, options));
    all
}

fn server(all: &mut Vec<Finding>, origin: &Origin, target: &Target, options: &Options) {
    let (from, to) = (origin.version / 10_000, target.version / 10_000);
    if to < from {
        all.push(Finding::fatal(
            format!("the target runs PostgreSQL {to}, older than the source's {from}"),
            format!("restore into PostgreSQL {from} or newer"),
        ));
    }
    if target.standby {
        all.push(Finding::fatal("the target is a standby and accepts no writes", "connect to its primary"));
    }
    if !target.may_create {
        all.push(Finding::fatal(
            format!("role {} may not create schemas in database {}", target.role, target.database),
            "restore as the owner of the database",
        ));
    }
    if target.encoding != origin.encoding.as_str() {
        all.push(Finding {
            fatal: false,
            message: format!("the target's encoding is {}, the source's was {}", target.encoding, origin.encoding),
            hint: "text that the target's encoding lacks will fail; create the database with the source's encoding"
                .into(),
        });
    }
    let wanted = options.connections();
    if target.free < wanted {
        all.push(Finding::fatal(
            format!("{wanted} connections are needed, and the target has {} that are free", target.free.max(0)),
            "give a smaller --jobs",
        ));
    }
}

/// One transaction keeps all its locks, and cannot be cut into smaller ones. How many there are is an estimate: it stops
/// nothing.
fn locks(objects: &[&Object], target: &Target, options: &Options) -> Option<Finding> {
    if !options.course.is_one_transaction() {
        return None;
    }
    let wanted: usize = objects.iter().filter(|object| is_created(object)).map(|object| creation(object)).sum();
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
    (wanted > target.locks).then(|| Finding {
        fatal: false,
        message: format!(
            "one transaction will take about {wanted} locks, and the target's settings promise room for {}",
            target.locks
        ),
        hint: "restore without -1, or raise max_locks_per_transaction on the target".into(),
    })
}

/// A restore that stopped is continued, and no other one begun beside it.
fn unfinished(all: &mut Vec<Finding>, origin: &Origin, target: &Target, options: &Options) {
    let database = &target.database;
    let give_up = format!("or drop schema {SCHEMA} there to give it up");
    let left = match &target.ledger {
        Found::Unfinished(left) => left,
        Found::Foreign(objection) if !options.course.is_one_transaction() => {
            let (message, hint) = foreign(objection);
            return all.push(Finding::fatal(message, hint));
        }
        _ if options.course.resumes() => {
            return all.push(Finding::fatal(
                format!("no unfinished restore is in database {database}"),
                "leave --resume out to begin one; a restore in one transaction leaves nothing behind",
            ));
        }
        _ => return,
    };
    if !options.course.resumes() {
        return all.push(Finding::fatal(
            format!("an unfinished restore of snapshot {} is in database {database}", left.snapshot),
            format!("continue it with --resume, {give_up}"),
        ));
    }
    if left.snapshot != origin.ledger.snapshot {
        return all.push(Finding::fatal(
            format!("the unfinished restore in database {database} is of snapshot {}", left.snapshot),
            format!("name that snapshot, {give_up}"),
        ));
    }
    match &left.choices {
        Ok(choices) if *choices == origin.ledger.choices => {}
        Ok(_) => all.push(Finding::fatal(
            format!("the unfinished restore in database {database} was of another selection or with other definitions"),
            format!("repeat the command as it was, with --resume added, {give_up}"),
        )),
        Err(version) => all.push(Finding::fatal(
            format!(
                "the unfinished restore in database {database} was begun by pgkeep {version}, and its ledger is of a \
                     form that pgkeep {} does not know",
                env!("CARGO_PKG_VERSION")
            ),
            format!("continue it with pgkeep {version}, {give_up}"),
        )),
    }
}

/// A schema of the snapshot under the name of our own.
fn taken(all: &mut Vec<Finding>, objects: &[&Object], options: &Options) {
    let takes = |object: &&&Object| object.kind == Kind::Schema && object.name.name == SCHEMA && is_created(object);
    if options.course.is_one_transaction() || !objects.iter().any(|object| takes(&object)) {
        return;
    }
    all.push(Finding::fatal(
        format!("the snapshot has a schema {SCHEMA}, and a restore keeps its own ledger under that name"),
        format!("leave it out with -N {SCHEMA}, or restore in one transaction (-1), which needs no ledger"),
    ));
}

fn collisions(all: &mut Vec<Finding>, objects: &[&Object], origin: &Origin, target: &Target) {
    // Rows alone, or what comes after them, go into a database that has the tables.
    let makes = |object: &&&Object| is_created(object) && object.section == Section::PreData;
    if origin.whole && !target.is_empty() && objects.iter().any(|object| makes(&object)) {
        all.push(Finding::fatal(
            format!("database {} is not empty: it has {} objects", target.database, target.objects()),
            "restore into a new database (-C creates it), or select what to bring back with -n or -t",
        ));
        return;
    }
    for object in objects.iter().filter(|object| is_created(object) && target.has(object.kind, &object.name)) {
        all.push(Finding::fatal(
            format!("{} {} exists in database {}", object.kind.noun(), object.name, target.database),
            "restore into another database, or rename or drop it there",
        ));
    }
}

fn roles(all: &mut Vec<Finding>, objects: &[&Object], target: &Target, options: &Options) {
    let mut missing: BTreeMap<&Text, BTreeSet<String>> = BTreeMap::new();
    for object in objects {
        for role in options.rendering.roles(object) {
            if !target.roles.contains(role) {
                missing.entry(role).or_default().insert(format!("{} {}", object.kind.noun(), object.name));
            }
        }
    }
    for (role, users) in missing {
        all.push(Finding::fatal(
            format!("role {role} does not exist on the target; it is that of {}", first_and_more(&users)),
            format!("create it (CREATE ROLE {}), or leave out owners and grants with -O -x", role.ident()),
        ));
    }
}

fn surroundings(all: &mut Vec<Finding>, objects: &[&Object], target: &Target, options: &Options) {
    let rendering = &options.rendering;
    let spaces: BTreeSet<&Text> = objects.iter().filter_map(|object| object.tablespace.as_ref()).collect();
    for space in spaces.into_iter().filter(|space| !space.is_empty() && !rendering.omit.tablespaces) {
        if !target.tablespaces.contains(space) {
            all.push(Finding::fatal(
                format!("tablespace {space} does not exist on the target"),
                "create it, or put everything into the default one with --no-tablespaces",
            ));
        }
    }
    let methods: BTreeSet<&Text> = objects.iter().filter_map(|object| object.access_method.as_ref()).collect();
    let created = |name: &Text| objects.iter().any(|o| o.kind == Kind::AccessMethod && o.name.name == *name);
    for method in methods.into_iter().filter(|_| !rendering.omit.access_methods) {
        if !target.access_methods.contains(method) && !created(method) {
            all.push(Finding::fatal(
                format!("table access method {method} does not exist on the target"),
                "install the extension that brings it, or use the default with --no-table-access-method",
            ));
        }
    }
}
