//! What changed between two snapshots: objects added, dropped and changed, and for each table its rows.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Result;
use crate::hash::Digest;
use crate::object::{Kind, Name, Object};
use crate::plan::Rendering;
use crate::repository::{Manifest, Reader};
use crate::text::Text;

/// The difference from one snapshot to another.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Difference {
    /// Objects that only the second has.
    pub added: Vec<Change>,
    /// Objects that only the first has.
    pub dropped: Vec<Change>,
    /// Objects whose statements differ.
    pub changed: Vec<Change>,
    /// Tables whose rows differ.
    pub tables: Vec<Rows>,
}

/// An object and the statements that create it.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Its kind.
    pub kind: Kind,
    /// Its name as people write it.
    pub name: String,
    /// Statements of the first snapshot that the second does not have.
    pub before: Vec<Text>,
    /// Statements of the second snapshot that the first does not have.
    pub after: Vec<Text>,
}

/// Rows of a table that is in both.
#[derive(Clone, Debug, Serialize)]
pub struct Rows {
    /// Table as people write it.
    pub table: String,
    /// Rows in the first.
    pub before: u64,
    /// Rows in the second.
    pub after: u64,
}

impl Difference {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.dropped.is_empty() && self.changed.is_empty() && self.tables.is_empty()
    }
}

/// Compares two snapshots of one repository, whose digests are made with the same seed.
///
/// # Errors
///
/// Where one of them cannot be read.
pub async fn run(before: &Reader, after: &Reader) -> Result<Difference> {
    let (before, after) = (before.manifest().await?, after.manifest().await?);
    let mut all = Difference::default();
    objects(&before, &after, &mut all);
    rows(&before, &after, &mut all);
    Ok(all)
}

type Objects<'a> = BTreeMap<(Kind, &'a Name), Vec<Text>>;

fn by_name(manifest: &Manifest) -> Objects<'_> {
    let everything = Rendering::default();
    let statements = |object: &Object| {
        let mut all = everything.create(object);
        all.extend(everything.grants(object));
        all
    };
    manifest.objects.iter().map(|object| ((object.kind, &object.name), statements(object))).collect()
}

fn objects(before: &Manifest, after: &Manifest, all: &mut Difference) {
    let (first, second) = (by_name(before), by_name(after));
    for (&(kind, name), statements) in &second {
        let old = first.get(&(kind, name));
        if old == Some(statements) {
            continue;
        }
        let only = |one: &[Text], other: &[Text]| one.iter().filter(|s| !other.contains(s)).cloned().collect();
        let old_statements = old.map(Vec::as_slice).unwrap_or_default();
        let change = Change {
            kind,
            name: name.to_string(),
            before: only(old_statements, statements),
            after: only(statements, old_statements),
        };
        if old.is_some() { all.changed.push(change) } else { all.added.push(change) }
    }
    for (&(kind, name), statements) in first.iter().filter(|(key, _)| !second.contains_key(*key)) {
        let (name, before) = (name.to_string(), statements.clone());
        all.dropped.push(Change { kind, name, before, after: Vec::new() });
    }
}

fn digests(manifest: &Manifest) -> BTreeMap<String, Digest> {
    let tables = manifest.objects.iter().filter(|object| object.table.is_some());
    let mut all: BTreeMap<String, Digest> = tables.map(|object| (object.name.to_string(), Digest::default())).collect();
    for part in &manifest.parts {
        all.entry(manifest.objects[part.object.0 as usize].name.to_string()).or_default().add(part.stored.digest);
    }
    all
}

fn rows(before: &Manifest, after: &Manifest, all: &mut Difference) {
    let (first, second) = (digests(before), digests(after));
    for (table, digest) in second {
        if let Some(old) = first.get(&table).filter(|old| **old != digest) {
            all.tables.push(Rows { table, before: old.rows, after: digest.rows });
        }
    }
}
