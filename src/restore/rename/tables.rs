//! Restores tables under other names, beside the live ones, so that lost rows can be picked from them.
//!
//! A copy must not touch what is live: it takes no numbers from live sequences, fires no triggers or rules, refers to no
//! live table and is part of none. It has its own indexes, keys, sequences and partitions, under names that follow from
//! its own, and the same policies and grants, so that nobody sees more in it than in the live table.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::object::{Kind, Object};
use crate::restore::rename::table_names::{Namer, TableName};
use crate::restore::rename::{self, Place, Renames, place};
use crate::text;
use crate::text::Text;

/// What the renaming did beside giving names.
#[derive(Debug, Default)]
pub(crate) struct Renamed {
    /// What cannot be mapped, by position, and why.
    pub(crate) refused: BTreeMap<usize, String>,
    /// What is said of old names and stays as it is, by position.
    pub(crate) mentions: Vec<(usize, String)>,
    /// What is missing in a table that comes back.
    pub(crate) notes: Vec<String>,
    /// The names that must be free on the target.
    pub(crate) places: Vec<Place>,
}

/// Gives tables their other names in all that is restored; `chosen` says what that is, by object.
///
/// # Errors
///
/// Where a name means no table of the selection, or the copy of the table could not stand alone.
pub(crate) fn rename(objects: &mut [Object], chosen: &[bool], wanted: &[(TableName, TableName)]) -> Result<Renamed> {
    if wanted.is_empty() {
        return Ok(Renamed::default());
    }
    let copies = Copies::new(objects, chosen, wanted)?;
    let names = copies.renames.relations.values().cloned();
    let mut renamed = Renamed { places: names.collect(), ..Renamed::default() };
    renamed.places.sort();
    let reached = (0..objects.len()).filter(|at| chosen[*at]).filter_map(|at| Some((at, copies.reach(objects, at)?)));
    renamed.refused = reached.collect();
    for (at, object) in objects.iter_mut().enumerate().filter(|(at, _)| chosen[*at]) {
        if renamed.refused.contains_key(&at) {
            continue;
        }
        if copies.tables.contains(&at) {
            renamed.notes.extend(copies.without_live_sequences(object));
        }
        match copies.rename(at, object) {
            Ok(said) => renamed.mentions.extend(said.into_iter().map(|said| (at, said))),
            Err(reason) => drop(renamed.refused.insert(at, reason)),
        }
    }
    Ok(renamed)
}

struct Copies {
    renames: Renames,
    /// Positions of tables that get another name, their partitions included.
    tables: BTreeSet<usize>,
}

impl Copies {
    fn new(objects: &[Object], chosen: &[bool], wanted: &[(TableName, TableName)]) -> Result<Self> {
        let mut namer = Namer::new(objects.iter().filter_map(place).collect());
        let mut tables = BTreeSet::new();
        for (old, new) in wanted {
            let at = find(objects, chosen, old)?;
            let (schema, name) = place(&objects[at]).unwrap_or_default();
            let new = (new.schema.clone().unwrap_or_else(|| schema.clone()), new.name.clone());
            if namer.new.values().any(|given| *given == new) {
                return Err(Error::usage(format!("two tables cannot both become {}.{}", new.0, new.1)));
            }
            namer.give((schema, name), new);
            tables.insert(at);
        }
        partitions(objects, chosen, &mut namer, &mut tables);
        for &at in &tables {
            stands_alone(objects, &objects[at])?;
        }
        let mut copies = Self { renames: Renames { known: rename::known(objects), ..Renames::default() }, tables };
        copies.pieces(objects, chosen, &mut namer);
        copies.renames.relations = namer.new;
        Ok(copies)
    }

    fn pieces(&self, objects: &[Object], chosen: &[bool], namer: &mut Namer) {
        for (_, object) in objects.iter().enumerate().filter(|(at, _)| chosen[*at]) {
            if let Some(table) = self.table_of(object)
                && matches!(object.kind, Kind::Index | Kind::Constraint | Kind::Sequence | Kind::Statistics)
                && let (Some(old), Some(table)) = (place(object), place(&objects[table]))
            {
                namer.derive(old, &table);
            }
        }
    }

    /// The copied table that an object is a piece of, or that owns it.
    fn table_of(&self, object: &Object) -> Option<usize> {
        let is_copied = |id: &&crate::object::ObjectId| self.tables.contains(&(id.0 as usize));
        let owner = || object.needs.iter().find(is_copied).filter(|_| object.kind == Kind::Sequence);
        object.part_of.as_ref().filter(is_copied).or_else(owner).map(|id| id.0 as usize)
    }

    /// Why a piece of a copy would touch what is live.
    fn reach(&self, objects: &[Object], at: usize) -> Option<String> {
        let object = &objects[at];
        if object.kind == Kind::PublicationTable {
            let copied = object.needs.iter().any(|id| self.tables.contains(&(id.0 as usize)));
            return copied.then(|| "would publish a copy".into());
        }
        let table = self.table_of(object)?;
        let other = object.needs.iter().filter_map(|id| objects.get(id.0 as usize).map(|need| (id.0 as usize, need)));
        let other = other.filter_map(|(need, object)| match object.kind {
            Kind::Table => Some((need, object)),
            _ => object.part_of.map(|id| (id.0 as usize, object)),
        });
        let live = other.into_iter().find(|(owner, _)| *owner != table && !self.tables.contains(owner));
        let live = live.map(|(_, object)| object);
        match object.kind {
            Kind::Trigger | Kind::Rule => Some("could act on live tables".into()),
            Kind::ForeignKey => live.map(|table| format!("refers to {}, which is not copied", table.name)),
            Kind::TableAttach => live.map(|table| format!("would make the copy a part of {}", table.name)),
            Kind::IndexAttach => live.map(|_| "would make the index a part of a live one".into()),
            Kind::Constraint if object.create.is_empty() => live.map(|_| "comes with the table above it alone".into()),
            Kind::Default => {
                let live =
                    object.create.iter().any(|text| rename::takes_from_live_sequence(text, &self.renames.relations));
                live.then(|| "takes its values from a sequence that is not copied".into())
            }
            _ => None,
        }
    }

    /// Takes defaults away that would use up numbers of a live sequence.
    fn without_live_sequences(&self, table: &mut Object) -> Vec<String> {
        let names = &self.renames.relations;
        let columns = table.create.iter().flat_map(|text| rename::columns_of_live_sequences(text, names));
        let columns: Vec<Text> = columns.collect();
        let name = table.name.sql();
        let drop = |column: &Text| text!["ALTER TABLE ONLY ", name, " ALTER COLUMN ", column.ident(), " DROP DEFAULT"];
        table.create.extend(columns.iter().map(drop));
        let note = |column: Text| {
            format!("default {}.{column} takes its values from a sequence that is not copied", table.name)
        };
        columns.into_iter().map(note).collect()
    }

    /// Gives an object its other names; what it says of old ones that stays as it is.
    fn rename(&self, at: usize, object: &mut Object) -> Result<Vec<String>, String> {
        let root = object.table.as_ref().and_then(|table| table.root.clone());
        let told = rename::rename(&self.renames, object)?;
        // Rows of a partition that is copied alone must not go to the live tree.
        if let Some(table) = object.table.as_mut().filter(|table| table.root == root && self.tables.contains(&at)) {
            table.root = None;
        }
        Ok(told)
    }
}

/// Partitions go where their table goes.
fn partitions(objects: &[Object], chosen: &[bool], namer: &mut Namer, tables: &mut BTreeSet<usize>) {
    let mut open: Vec<usize> = tables.iter().copied().collect();
    while let Some(table) = open.pop() {
        let above = place(&objects[table]).unwrap_or_default();
        let attach = objects.iter().filter(|o| o.kind == Kind::TableAttach && needs(o, table));
        let children = attach.filter_map(|attach| Some(attach.part_of?.0 as usize));
        for child in children.filter(|at| *at != table && chosen.get(*at) == Some(&true)) {
            if tables.insert(child)
                && let Some(old) = objects.get(child).and_then(place)
            {
                namer.derive(old, &above);
                open.push(child);
            }
        }
    }
}

fn needs(object: &Object, at: usize) -> bool {
    object.needs.iter().any(|id| id.0 as usize == at)
}

/// The one selected table that a name means.
fn find(objects: &[Object], chosen: &[bool], wanted: &TableName) -> Result<usize> {
    let shown = wanted.schema.as_ref().map_or_else(|| wanted.name.to_string(), |s| format!("{s}.{}", wanted.name));
    let named = |object: &Object| {
        let in_schema = wanted.schema.is_none() || wanted.schema == object.name.schema;
        in_schema && object.name.name == wanted.name && object.kind.is_relation()
    };
    let found: Vec<usize> = (0..objects.len()).filter(|&at| chosen[at] && named(&objects[at])).collect();
    match found.as_slice() {
        [] => Err(Error::Usage {
            message: format!("no selected table of the snapshot is called {shown}"),
            hint: Some("letters are folded to lower case unless they stand in double quotes".into()),
        }),
        [at] if objects[*at].kind == Kind::Table && !objects[*at].create.is_empty() => Ok(*at),
        [at] => {
            let what = objects[*at].kind.noun();
            Err(Error::usage(format!("{shown} is a {what}: only tables of the user come back under another name")))
        }
        _ => Err(Error::Usage {
            message: format!("several tables are called {shown}"),
            hint: Some("say in which schema: SCHEMA.TABLE=NEW".into()),
        }),
    }
}

/// A child of inheritance shows its rows in its parents. One that uses the row type of another table does not.
fn stands_alone(objects: &[Object], table: &Object) -> Result<()> {
    let parents = table.inherits.iter().filter_map(|id| objects.get(id.0 as usize)).map(|parent| &parent.name);
    let beyond = table.lacks.iter().filter(|lack| lack.inherited == Some(true)).map(|lack| &lack.name);
    if let Some(parent) = parents.chain(beyond).next() {
        return Err(Error::unsupported(
            format!("table {} inherits from {parent}, in which rows of a copy would show up", table.name),
            "restore the schema of both under another name with --into-schema",
        ));
    }
    if let Some(lack) = table.lacks.iter().find(|lack| lack.kind == Kind::Table && lack.inherited.is_none()) {
        let name = &lack.name;
        return Err(Error::unsupported(
            format!("table {} needs table {name}, which the dump left out, and may inherit from it", table.name),
            "dump both with this version of pgkeep, which stores what it is needed for",
        ));
    }
    Ok(())
}
