//! What lost chunks cost a snapshot: which tables, how many rows.

use futures_util::TryStreamExt;

use super::depth::Depth;
use super::packs::Found;
use super::report::{Cost, Faults, Report, object, problem};
use crate::error::{Error, Result};
use crate::hash::{ChunkId, Digest};
use crate::repository::{ChunkRef, Listed, Manifest, Part, Reader, Repository, Survey};

/// A snapshot being looked at.
struct Look<'a> {
    snapshot: &'a Listed,
    found: &'a Found,
    survey: &'a Survey,
}

impl Look<'_> {
    fn cost(&self, table: Option<String>, rows: u64, manifest: bool) -> Cost {
        let head = &self.snapshot.snapshot.head;
        let database = head.source.database.clone();
        Cost { snapshot: self.snapshot.id, database, time: head.times.server, table, rows, manifest }
    }

    /// Blames an object for a loss, and says what is wrong with it unless that is known.
    fn blame(&self, faults: &mut Faults, what: &str, id: ChunkId, cost: Cost) {
        let problem = if what.starts_with("chunk ") {
            "no pack has it"
        } else if self.survey.packs_of(id).iter().all(|pack| !self.survey.is_present(*pack)) {
            "it is missing"
        } else {
            "a chunk in it is lost"
        };
        faults.add(what, problem);
        faults.cost(what, cost);
    }
}

pub(super) async fn of(
    repository: &Repository,
    survey: &std::sync::Arc<Survey>,
    snapshot: &Listed,
    found: &Found,
    faults: &mut Faults,
    report: &mut Report,
) -> Result<()> {
    let look = Look { snapshot, found, survey };
    let all_rows = snapshot.snapshot.totals.rows;
    let mut readable = true;
    let streams = &snapshot.snapshot.manifest;
    for chunk in streams.all() {
        if let Some(what) = found.lost(chunk.id) {
            // Without statistics everything else can still be restored.
            let needed = !streams.statistics.contains(chunk);
            look.blame(faults, &what, chunk.id, look.cost(None, if needed { all_rows } else { 0 }, needed));
            readable &= !needed;
        }
        faults.fragile |= found.fragile.contains(&chunk.id);
    }
    let reader = repository.reader_with(std::sync::Arc::clone(survey), snapshot);
    if !repository.opens_content() {
        return without_names(&look, &reader, faults).await;
    }
    let manifest = match reader.manifest().await {
        Ok(manifest) => manifest,
        Err(error @ (Error::Store { .. } | Error::Key { .. })) => return Err(error),
        Err(_) if !readable => return without_names(&look, &reader, faults).await,
        Err(error) => {
            faults.add(&object(&error), problem(&error));
            faults.cost(&object(&error), look.cost(None, all_rows, true));
            return Ok(());
        }
    };
    for part in &manifest.parts {
        let sound = losses(&look, &manifest, part, faults);
        if sound && report.depth == Depth::Full {
            compare(&look, &reader, &manifest, part, faults, report).await?;
        }
    }
    Ok(())
}

/// Whether a snapshot needs a chunk that is lost, or that is whole in damaged packs only.
pub(super) async fn relies_on_damage(
    repository: &Repository,
    survey: &std::sync::Arc<Survey>,
    snapshot: &Listed,
    found: &Found,
) -> Result<bool> {
    let bad = |chunk: &ChunkRef| found.lost(chunk.id).is_some() || found.fragile.contains(&chunk.id);
    if snapshot.snapshot.manifest.all().any(bad) {
        return Ok(true);
    }
    match repository.reader_with(std::sync::Arc::clone(survey), snapshot).lists().await {
        Ok(lists) => Ok(lists.iter().any(bad)),
        Err(error @ (Error::Store { .. } | Error::Key { .. })) => Err(error),
        Err(_) => Ok(true),
    }
}

fn table(manifest: &Manifest, part: &Part) -> Option<String> {
    manifest.object(part.object).map(|object| object.name.to_string())
}

/// Rows of a part that are lost by missing or damaged chunks; whether there are none.
fn losses(look: &Look<'_>, manifest: &Manifest, part: &Part, faults: &mut Faults) -> bool {
    faults.fragile |= part.stored.chunks.iter().any(|chunk| look.found.fragile.contains(&chunk.id));
    let lost = lost_rows(&part.stored.chunks, look.found);
    for (what, id, rows) in &lost {
        look.blame(faults, what, *id, look.cost(table(manifest, part), *rows, false));
    }
    lost.is_empty()
}

/// Objects to blame, with a chunk that is lost by each and the rows. A row in pieces is lost once, with its first piece.
fn lost_rows(chunks: &[ChunkRef], found: &Found) -> Vec<(String, ChunkId, u64)> {
    let mut lost = Vec::new();
    // The first lost piece of the row that goes on.
    let mut open: Option<(String, ChunkId)> = None;
    let mut in_pieces = false;
    for chunk in chunks {
        let blamed = open.take().or_else(|| found.lost(chunk.id).map(|what| (what, chunk.id)));
        if chunk.rows == 0 {
            open = blamed;
        } else if let Some((what, id)) = blamed {
            let rows = if in_pieces { 1 } else { u64::from(chunk.rows) };
            lost.push((what, id, rows));
        }
        in_pieces = chunk.rows == 0;
    }
    lost
}

/// Compares row count, bytes and digest of a part with what was dumped.
async fn compare(
    look: &Look<'_>,
    reader: &Reader,
    manifest: &Manifest,
    part: &Part,
    faults: &mut Faults,
    report: &mut Report,
) -> Result<()> {
    let chunks = &part.stored.chunks;
    let digest = |chunk: &ChunkRef| look.found.whole.get(&chunk.id).copied().flatten().unwrap_or_default();
    let computed: Digest = if chunks.iter().any(|chunk| chunk.rows == 0) {
        match reader.blocks(&part.stored).try_fold((), |(), _| async { Ok(()) }).await {
            Ok(()) => part.stored.digest,
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(_) => Digest::default(),
        }
    } else {
        chunks.iter().map(digest).sum()
    };
    if computed == part.stored.digest {
        report.parts += 1;
        report.rows += computed.rows;
        return Ok(());
    }
    let name = table(manifest, part);
    let what = format!("snapshot {}", look.snapshot.id);
    let shown = name.as_deref().unwrap_or("?");
    faults.add(&what, format!("rows of table {shown} do not have the digest of the dump"));
    faults.cost(&what, look.cost(name, part.stored.digest.rows, false));
    Ok(())
}

/// Losses by the chunk lists alone, which do not name tables.
async fn without_names(look: &Look<'_>, reader: &Reader, faults: &mut Faults) -> Result<()> {
    let lists = match reader.lists().await {
        Ok(lists) => lists,
        Err(error @ Error::Store { .. }) => return Err(error),
        // The loss of the manifest has been told.
        Err(_) => return Ok(()),
    };
    faults.fragile |= lists.iter().any(|chunk| look.found.fragile.contains(&chunk.id));
    for (what, id, rows) in lost_rows(&lists, look.found) {
        look.blame(faults, &what, id, look.cost(None, rows, false));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_in_pieces_is_lost_once() {
        let chunk = |id: u8, rows| ChunkRef { id: ChunkId([id; 32]), rows, bytes: 1 };
        let chunks = [chunk(1, 10), chunk(2, 0), chunk(3, 0), chunk(4, 1), chunk(5, 20)];
        let rows = |whole: &[u8]| {
            let mut found = Found::default();
            found.whole.extend(whole.iter().map(|id| (ChunkId([*id; 32]), None)));
            lost_rows(&chunks, &found).iter().map(|(_, _, rows)| *rows).collect::<Vec<_>>()
        };
        assert_eq!(rows(&[1, 2, 3, 4, 5]), [0; 0]);
        assert_eq!(rows(&[1, 2, 4, 5]), [1]);
        assert_eq!(rows(&[1, 5]), [1]);
        assert_eq!(rows(&[2, 3, 4]), [10, 20]);
    }
}
