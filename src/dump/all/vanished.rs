//! What earlier runs of the same pattern had and this one has not: databases, and rows. Somebody may have dropped or
//! emptied them on purpose, which nobody but people can know.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Names;
use crate::dump::{self, Among};
use crate::error::Result;
use crate::hash::StoredId;
use crate::progress::Event;
use crate::repository::{Listed, Repository};
use crate::text::Text;

/// Earlier runs, and earlier snapshots of a database, that are looked at.
const BEFORE: usize = 3;

/// Something that is not there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vanished {
    /// The database: gone, or with a table that is empty.
    pub database: String,
    /// The table without rows, where the database is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Whether the database is there and is not dumped, as it takes no connections or is a template.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// The newest snapshot that has it.
    pub snapshot: StoredId,
}

impl Vanished {
    /// What to tell people.
    pub(super) fn warning(&self, pattern: &Text) -> Event {
        let (database, id) = (&self.database, self.snapshot);
        let (message, hint) = match &self.table {
            None => {
                let which = if pattern.is_empty() { "all databases".into() } else { pattern.to_string() };
                let now = match self.closed {
                    true => "takes no connections now or is a template",
                    false => "there is no database of that name any more: it was dropped or renamed",
                };
                (
                    format!("database {database} was in an earlier run for {which}, and {now}"),
                    format!("if nobody did that on purpose: it is in snapshot {id}"),
                )
            }
            Some(table) => (
                format!("table {table} of database {database} has no rows, and had some in each of its last snapshots"),
                format!("if nobody emptied it on purpose, its rows are in snapshot {id}"),
            ),
        };
        Event::Warning { message, hint: Some(hint) }
    }
}

/// Looks at the snapshots that were there before. Rows only where the keys open them.
pub(super) async fn look(
    repository: &Repository,
    among: &Among,
    names: &Names,
    stored: &[dump::Summary],
) -> Result<Vec<Vanished>> {
    let mut all = databases(among, names, stored);
    if repository.opens_content() {
        for one in stored.iter().filter(|one| !one.without_rows.is_empty()) {
            all.extend(emptied(repository, among, one).await?);
        }
    }
    Ok(all)
}

/// Databases of the last runs of this pattern on this server that are not among those to be dumped.
fn databases(among: &Among, names: &Names, stored: &[dump::Summary]) -> Vec<Vanished> {
    let Some(here) = stored.iter().map(|one| &one.source).next() else { return Vec::new() };
    let same_server = |one: &&Listed| {
        let source = &one.snapshot.head.source;
        source.system == here.system && (source.system != 0 || source.host == here.host)
    };
    let of_pattern = |one: &&Listed| one.snapshot.head.databases.as_ref() == Some(&among.pattern);
    let earlier = || among.opening.snapshots.listed.iter().rev().filter(same_server).filter(of_pattern);
    let mut runs: Vec<&str> = Vec::new();
    for one in earlier() {
        let run = one.snapshot.head.run.as_str();
        if !runs.contains(&run) && runs.len() < BEFORE {
            runs.push(run);
        }
    }
    let mut gone: BTreeMap<&Text, StoredId> = BTreeMap::new();
    let of_runs = earlier().filter(|one| runs.contains(&one.snapshot.head.run.as_str()));
    for one in of_runs.filter(|one| !one.snapshot.head.is_globals()) {
        // The newest comes first.
        gone.entry(&one.snapshot.head.source.database).or_insert(one.id);
    }
    let gone = gone.into_iter().filter(|(database, _)| !names.dumped.contains(database));
    let of = |(database, snapshot): (&Text, StoredId)| Vanished {
        database: database.lossy().into_owned(),
        table: None,
        closed: names.closed.contains(database),
        snapshot,
    };
    gone.map(of).collect()
}

/// Tables that had rows in each of the last snapshots of the database and have none now.
async fn emptied(repository: &Repository, among: &Among, now: &dump::Summary) -> Result<Vec<Vanished>> {
    let listed = among.opening.snapshots.listed.iter().rev();
    let same = listed.filter(|one| one.snapshot.head.source.is_same(&now.source) && !one.snapshot.head.is_globals());
    let before: Vec<&Listed> = same.take(BEFORE).collect();
    let Some(newest) = before.first() else { return Ok(Vec::new()) };
    let mut emptied: BTreeSet<&String> = now.without_rows.iter().collect();
    for one in &before {
        let reader = repository.reader_with(std::sync::Arc::clone(&among.opening.survey), one);
        let manifest = reader.manifest().await?;
        let with_rows = manifest.parts.iter().filter(|part| part.stored.digest.rows > 0);
        let named = with_rows.filter_map(|part| manifest.object(part.object)).map(|object| object.name.to_string());
        let named: BTreeSet<String> = named.collect();
        emptied.retain(|table| named.contains(*table));
    }
    let of = |table: &String| Vanished {
        database: now.database.clone(),
        table: Some(table.clone()),
        closed: false,
        snapshot: newest.id,
    };
    Ok(emptied.into_iter().map(of).collect())
}
