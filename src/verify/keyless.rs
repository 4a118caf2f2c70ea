//! Stored bytes against names, which everybody can check: no key, no knowledge of what is inside.

use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Depth;
use super::report::{Faults, Report, problem};
use crate::cpu;
use crate::error::{Error, Result};
use crate::hash::StoredId;
use crate::progress::{Event, Events};
use crate::repository::{self, Folder, id_of};
use crate::store::{Entry, Store};

/// Objects in memory at the same time.
const OBJECTS_AT_ONCE: usize = 2;

/// Verifies without any key that all stored objects are what their names say. It cannot tell that an object is missing,
/// nor what a damaged one costs.
///
/// # Errors
///
/// As [`repository::Repository::open`] where there is no repository of a known format; [`Error::Store`].
pub async fn stored(store: &Store, events: &Events) -> Result<Report> {
    let started = Instant::now();
    repository::stated_id(store).await?;
    let mut faults = Faults::default();
    let mut report = Report { depth: Depth::Stored, ..Report::default() };
    events(Event::Step { step: "read packs" });
    let packs = store.list(Folder::Packs.name()).await?;
    let bytes = packs.iter().map(|entry| entry.size).sum();
    events(Event::Planned { tables: 0, parts: 0, bytes, rows: None, objects: packs.len() as u64 });
    report.packs = packs.len() as u64;
    report.snapshots = store.list(Folder::Snapshots.name()).await?.len() as u64;
    report.stored_bytes =
        check(store, Folder::Packs, packs, &mut faults, |bytes| events(Event::Checked { bytes })).await?;
    report.stored_bytes += small_objects(store, &mut faults).await?;
    report.faults = faults.into_list();
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// All objects but packs; says how many bytes they have.
pub(super) async fn small_objects(store: &Store, faults: &mut Faults) -> Result<u64> {
    let mut bytes = 0;
    for folder in Folder::ALL.into_iter().filter(|folder| *folder != Folder::Packs) {
        let entries = store.list(folder.name()).await?;
        bytes += check(store, folder, entries, faults, |_| ()).await?;
    }
    if store.list(Folder::Keys.name()).await?.is_empty() {
        faults.add("keys/", "no file is left, so that no owner can open anything");
    }
    Ok(bytes)
}

async fn check(
    store: &Store,
    folder: Folder,
    entries: Vec<Entry>,
    faults: &mut Faults,
    done: impl Fn(u64),
) -> Result<u64> {
    let named = |entry: Entry| match id_of(&entry.key) {
        Some(id) if folder.key(id) == entry.key => Ok((entry, id)),
        _ => Err(entry.key),
    };
    let (named, strange): (Vec<_>, Vec<_>) = entries.into_iter().map(named).partition(Result::is_ok);
    for key in strange.into_iter().filter_map(Result::err) {
        faults.add(&key, "nothing of a repository has such a name");
    }
    let compare = |(entry, id): (Entry, StoredId)| async move {
        let problem = match store.get(&entry.key).await {
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(gone) => Some(problem(&gone)),
            Ok(bytes) => {
                let same = cpu::run(move || StoredId::of(&bytes) == id).await;
                (!same).then(|| "its bytes are not those that it is named after".to_owned())
            }
        };
        Ok((entry, problem))
    };
    let mut compared = stream::iter(named.into_iter().filter_map(Result::ok).map(compare)).buffered(OBJECTS_AT_ONCE);
    let mut bytes = 0;
    while let Some((entry, problem)) = compared.try_next().await? {
        bytes += entry.size;
        done(entry.size);
        if let Some(problem) = problem {
            faults.add(&entry.key, problem);
        }
    }
    Ok(bytes)
}
