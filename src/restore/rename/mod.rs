//! Other names for schemas and relations, in all that a snapshot says of an object.
//!
//! Pure. Owns which pieces of a statement are names of them ([`visit`]) and what becomes of an object that says one where
//! nobody can know: what acts on tables is refused, all else comes back as it is and is told. What people wrote about an
//! object stays as they wrote it.

mod names;
mod sequences;
pub(super) mod table_names;
pub(super) mod tables;
mod visit;

use std::collections::BTreeMap;

use crate::object::{Kind, Object};
use crate::text::Text;
pub(crate) use names::{Place, Renames, known};
pub(crate) use sequences::{columns_of_live_sequences, takes_from_live_sequence};
use visit::{Alone, Speech, Visitor};

/// Gives an object its other names. Returns what it says of old ones that stays as it is, as `mentions ..`.
///
/// # Errors
///
/// Why that is not possible; the object is to be left out then.
pub(crate) fn rename(renames: &Renames, object: &mut Object) -> Result<Vec<String>, String> {
    let transition = |name: &Text| *name == "old" || *name == "new";
    if matches!(object.kind, Kind::Rule | Kind::Trigger) && renames.schemas.keys().any(transition) {
        return Err("calls its rows by the name of the schema".into());
    }
    let old = place(object);
    let new = old.as_ref().and_then(|old| renames.relations.get(old)).cloned();
    let own = old.zip(new.clone()).filter(|_| matches!(object.kind, Kind::Index | Kind::Constraint));
    let own = own.map(|((_, old), (_, new))| (old, new));
    let mut visitor =
        Visitor { renames, alone: alone(object.kind), own, speech: speech(object.kind), told: Vec::new() };
    for text in object.definition_mut() {
        *text = visitor.statement(text)?;
    }
    for text in object.table.iter_mut().flat_map(|table| [&mut table.root, &mut table.condition]).flatten() {
        *text = visitor.statement(text)?;
    }
    visitor.speech = Speech::Stays;
    for text in object.remarks_mut() {
        *text = visitor.statement(text)?;
    }
    let types = object.table.iter_mut().flat_map(|table| &mut table.columns).map(|column| &mut column.type_name);
    for text in types.chain([&mut object.identity]).chain(&mut object.name.arguments) {
        *text = visitor.statement(text)?;
    }
    let told = visitor.told;
    name(renames, object, new);
    Ok(told)
}

fn name(renames: &Renames, object: &mut Object, new: Option<Place>) {
    let schema = if object.kind == Kind::Schema { Some(&mut object.name.name) } else { object.name.schema.as_mut() };
    if let Some(schema) = schema
        && let Some(new) = renames.schemas.get(schema)
    {
        *schema = new.clone();
    }
    let table = object.name.schema.clone().zip(object.name.table.clone());
    if let Some((schema, table)) = table.and_then(|table| renames.relations.get(&table)) {
        (object.name.schema, object.name.table) = (Some(schema.clone()), Some(table.clone()));
    }
    if let Some((schema, name)) = new {
        (object.name.schema, object.name.name) = (Some(schema), name);
    }
}

/// Whether what comes back under another name may use this object of a schema that keeps its name; what triggers call
/// acts on tables.
pub(crate) fn may_use(object: &Object, schemas: &BTreeMap<Text, Text>) -> bool {
    use Kind::*;
    let stays = object.name.schema.as_ref().is_some_and(|schema| !schemas.contains_key(schema));
    stays && matches!(object.kind, Type | ShellType | Domain | Function | Procedure | Aggregate)
}

/// Where an object is that is named like a relation.
pub(crate) fn place(object: &Object) -> Option<Place> {
    use Kind::*;
    let named = matches!(
        object.kind,
        Table
            | ForeignTable
            | View
            | MaterializedView
            | Sequence
            | Index
            | IndexAttach
            | Constraint
            | Statistics
            | Type
            | Domain
    );
    let schema = object.name.schema.clone().filter(|_| named)?;
    Some((schema, object.name.name.clone()))
}

/// What a name means that stands without a schema.
fn alone(kind: Kind) -> Alone {
    match kind {
        Kind::Policy => Alone::Table,
        Kind::View | Kind::MaterializedView | Kind::Rule | Kind::Function | Kind::Procedure | Kind::Trigger => {
            Alone::Alias
        }
        _ => Alone::Row,
    }
}

/// What a string means that names a schema or a table.
fn speech(kind: Kind) -> Speech {
    match kind {
        Kind::Function | Kind::Procedure => Speech::Body,
        Kind::Rule | Kind::Trigger => Speech::Acts,
        _ => Speech::Told,
    }
}
