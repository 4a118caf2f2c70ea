//! Removal of what a restore will create, so that it can be created again.

use crate::object::{Kind, Object, ObjectId};
use crate::restore::Plan;
use crate::restore::statements::is_created;
use crate::text;
use crate::text::Text;

/// Statements that remove what the plan creates, the last first. What is not there is passed over.
pub(crate) fn statements(plan: &Plan) -> Vec<Text> {
    let objects: Vec<&Object> = plan.objects().filter(|object| is_created(object)).collect();
    let goes_along = |object: &Object| {
        let kept = |id: &ObjectId| plan.keep[id.0 as usize];
        let is_table = |id: &&ObjectId| plan.manifest.objects[id.0 as usize].kind == Kind::Table;
        match object.kind {
            // Keys go first: tables may refer to each other in a circle.
            Kind::ForeignKey => false,
            // A sequence needs a table only if that owns it.
            Kind::Sequence => object.needs.iter().filter(is_table).any(kept),
            _ => object.part_of.iter().any(kept),
        }
    };
    objects.into_iter().rev().filter(|object| !goes_along(object)).flat_map(drops).collect()
}

/// Lets large objects that are there go before they are created.
pub(crate) fn replace(large_objects: &mut Object) {
    let drops = drops(large_objects);
    large_objects.create.splice(0..0, drops);
}

fn drops(object: &Object) -> Vec<Text> {
    match object.kind {
        Kind::LargeObjects => object.drop.iter().map(only_existing).collect(),
        // It cannot be told to go only if it is there, and its slot may be in use.
        Kind::Subscription => Vec::new(),
        _ if !object.drop.is_empty() => object.drop.iter().map(|statement| tolerant(statement, object)).collect(),
        _ if object.identity.is_empty() => Vec::new(),
        _ => {
            let (kind, name) = split(object);
            // A base type and its functions need each other.
            let base = |statement: &Text| memchr::memmem::find(statement.as_bytes(), b"INPUT =").is_some();
            let along = object.kind == Kind::Type && object.create.iter().any(base);
            vec![text!["DROP ", kind, " IF EXISTS ", name, if along { " CASCADE" } else { "" }]]
        }
    }
}

/// The words for the kind and the rest of an identity.
fn split(object: &Object) -> (&[u8], &[u8]) {
    let identity = object.identity.as_bytes();
    let words = match object.kind {
        Kind::UserMapping => b"USER MAPPING".len(),
        Kind::Transform => b"TRANSFORM".len(),
        _ => identity.iter().take_while(|byte| byte.is_ascii_uppercase() || **byte == b' ').count(),
    };
    let (kind, name) = identity.split_at(words.min(identity.len()));
    (kind.trim_ascii(), name.trim_ascii())
}

/// `ALTER TABLE .. DROP CONSTRAINT ..` that does nothing where the table or the constraint is missing.
fn tolerant(statement: &Text, object: &Object) -> Text {
    let end = text!["DROP CONSTRAINT ", object.name.name.ident()];
    let parts = statement.as_bytes().strip_suffix(end.as_bytes());
    match parts.and_then(|rest| rest.strip_prefix(b"ALTER TABLE ")) {
        Some(table) => {
            text!["ALTER TABLE IF EXISTS ", table, "DROP CONSTRAINT IF EXISTS ", object.name.name.ident()]
        }
        None => statement.clone(),
    }
}

/// Large objects that are there.
fn only_existing(statement: &Text) -> Text {
    let there = " WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_largeobject_metadata AS m WHERE m.oid OPERATOR(pg_catalog.=) o.oid)";
    text![statement, there]
}
