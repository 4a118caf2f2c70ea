//! What a role that is no superuser may not create or change, whoever owns it then.

use std::collections::{BTreeMap, BTreeSet};

use crate::object::{Kind, Object, ObjectId};
use crate::plan::is_created;
use crate::restore::prepare::finding::first_and_more;
use crate::restore::prepare::target::Target;
use crate::text::Text;

/// Lets roles make subscriptions, from 16 on.
const SUBSCRIBERS: &str = "pg_create_subscription";

/// Tells of all that takes other rights than the role has, each kind of thing once; `grants` says whether they are run.
pub(crate) fn tell(add: &mut impl FnMut(String, String), objects: &[&Object], target: &Target, grants: bool) {
    let made: Vec<&Object> = objects.iter().copied().filter(|object| is_created(object)).collect();
    superusers(add, &made, target);
    types_of_others(add, &made, target);
    schemas(add, &made, target);
    if grants {
        default_privileges(add, &made, target);
    }
}

/// Privileges of the system's own that only a superuser changes; servers warn others and go on. A message and a hint.
pub(crate) fn system_grants(objects: &[&Object], target: &Target) -> Option<(String, String)> {
    let of_system = |object: &&&Object| object.create.is_empty() && is_system(object) && !object.grants.is_empty();
    let names: BTreeSet<String> = objects.iter().filter(of_system).map(|object| shown(object)).collect();
    let (role, first) = (&target.role, first_and_more(&names));
    (!names.is_empty()).then(|| {
        (
            format!("role {role} may not change the privileges of {first}: it belongs to the system"),
            "restore as a superuser if they matter, or leave grants out with -x".into(),
        )
    })
}

fn shown(object: &Object) -> String {
    format!("{} {}", object.kind.noun(), object.name)
}

fn is_system(object: &Object) -> bool {
    let schema = if object.kind == Kind::Schema { Some(&object.name.name) } else { object.name.schema.as_ref() };
    schema.is_some_and(|schema| *schema == "pg_catalog" || *schema == "information_schema")
}

fn superusers(add: &mut impl FnMut(String, String), made: &[&Object], target: &Target) {
    let may_subscribe = target.version >= 160_000 && target.gives.contains(&Text::from(SUBSCRIBERS));
    let takes = |object: &&&Object| object.superuser || object.kind == Kind::Subscription && !may_subscribe;
    let mut by_kind: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    for object in made.iter().filter(takes) {
        by_kind.entry(object.kind).or_default().insert(shown(object));
    }
    let passwordless = |object: &&Object| object.kind == Kind::Subscription && object.superuser;
    let any_passwordless = made.iter().any(passwordless);
    for (kind, names) in by_kind {
        let or_member = kind == Kind::Subscription && target.version >= 160_000 && !any_passwordless;
        add(
            format!("role {} may not create {}: it takes a superuser", target.role, first_and_more(&names)),
            if or_member {
                format!("GRANT {SUBSCRIBERS} TO {}, restore as a superuser, or leave it out", target.role.ident())
            } else {
                "restore as a superuser, or go on without it with --keep-going".into()
            },
        );
    }
}

/// Settings of the database that only a superuser makes, or who was granted them.
pub(crate) fn settings(add: &mut impl FnMut(String, String), settings: &[Text], target: &Target) {
    let closed = |name: &&Text| {
        target.closed_settings.iter().any(|closed| closed.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
    };
    let names: BTreeSet<String> = settings.iter().filter(closed).map(|name| format!("setting {name}")).collect();
    if !names.is_empty() {
        let (role, database) = (&target.role, &target.database);
        add(
            format!("role {role} may not make {} of database {database}: it takes a superuser", first_and_more(&names)),
            "restore as a superuser, or GRANT SET ON PARAMETER to the role (15+), or make the database without -C"
                .into(),
        );
    }
}

/// Settings of roles in the database, which take a right over the role and none over the database.
pub(crate) fn settings_of_roles(add: &mut impl FnMut(String, String), roles: &[Text], target: &Target) {
    let closed = roles.iter().filter(|role| target.roles.contains(*role) && !target.sets.contains(*role));
    let names: BTreeSet<String> = closed.map(|role| format!("role {role}")).collect();
    if !names.is_empty() {
        let (role, database) = (&target.role, &target.database);
        add(
            format!("role {role} may not make settings of {} in database {database}", first_and_more(&names)),
            "restore as a superuser, or make the database without -C".into(),
        );
    }
}

/// A cast is made by who owns one of its types, a transform by who owns its type; those of the system have an owner.
fn types_of_others(add: &mut impl FnMut(String, String), made: &[&Object], target: &Target) {
    let types: BTreeSet<ObjectId> = made.iter().filter(|object| is_type(object.kind)).map(|object| object.id).collect();
    let of_others = |object: &&&Object| {
        let on_types = matches!(object.kind, Kind::Cast | Kind::Transform) && !object.superuser;
        on_types && !object.needs.iter().any(|need| types.contains(need))
    };
    let names: BTreeSet<String> = made.iter().filter(of_others).map(|object| shown(object)).collect();
    if !names.is_empty() {
        add(
            format!("role {} may not create {}: it owns no type of it", target.role, first_and_more(&names)),
            "restore as a superuser, or go on without it with --keep-going".into(),
        );
    }
}

fn is_type(kind: Kind) -> bool {
    use Kind::{Domain, ForeignTable, MaterializedView, Table, Type, View};
    matches!(kind, Type | Domain | Table | ForeignTable | View | MaterializedView)
}

fn schemas(add: &mut impl FnMut(String, String), made: &[&Object], target: &Target) {
    let mut closed: BTreeMap<&Text, BTreeSet<String>> = BTreeMap::new();
    for object in made.iter().filter(|object| object.part_of.is_none() && object.kind != Kind::DefaultPrivileges) {
        if let Some(schema) = object.name.schema.as_ref().filter(|schema| target.closed_schemas.contains(*schema)) {
            closed.entry(schema).or_default().insert(shown(object));
        }
    }
    for (schema, names) in closed {
        let (role, names) = (&target.role, first_and_more(&names));
        add(
            format!("role {role} may not create in schema {schema}, where {names} goes"),
            format!("GRANT CREATE ON SCHEMA {} TO {}", schema.ident(), role.ident()),
        );
    }
}

/// They are set by the role that will make the objects, or a member of it.
fn default_privileges(add: &mut impl FnMut(String, String), made: &[&Object], target: &Target) {
    let mut of_roles: BTreeMap<&Text, BTreeSet<String>> = BTreeMap::new();
    for object in made.iter().filter(|object| object.kind == Kind::DefaultPrivileges) {
        // The last is the one whose objects are meant.
        let maker = object.roles.last();
        if let Some(maker) = maker.filter(|maker| target.roles.contains(*maker) && !target.gives.contains(*maker)) {
            of_roles.entry(maker).or_default().insert(shown(object));
        }
    }
    for (maker, names) in of_roles {
        let (role, names) = (&target.role, first_and_more(&names));
        add(
            format!("role {role} is no member of role {maker} and cannot set {names}"),
            format!("GRANT {} TO {}, or leave grants out with -x", maker.ident(), role.ident()),
        );
    }
}
