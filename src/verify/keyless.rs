//! Stored bytes against names, which everybody can check: no key, no knowledge of what is inside.

use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::depth::Depth;
use super::report::{Faults, Report, problem};
use crate::cpu;
use crate::error::{Error, Result};
use crate::hash::StoredId;
use crate::progress::{Event, Events, Step};
use crate::repository::{self, Folder};
use crate::store::{Entry, Store, WHOLE_BYTES_MAX};

const STRAY: &str = "nothing of a repository has such a name; it counts for nothing";
/// Objects in memory at the same time.
const OBJECTS_AT_ONCE: usize = 2;

/// What nobody sees without a key, as people read it.
const UNSEEN: [&str; 4] = [
    "whether anything opens, and whether any snapshot can be restored",
    "whether single packs, index files, notes, marks or snapshots are missing, since what refers to them is sealed",
    "whether config and keys/ are those of this repository or of another one in its place",
    "what a damaged object costs",
];

/// Verifies without any key that all stored objects are what their names say, and that no kind of them is missing
/// altogether. The report says what cannot be seen in this way.
///
/// # Errors
///
/// As [`repository::Repository::open`] where there is no repository of a known format; [`Error::Store`].
pub async fn stored(store: &Store, events: &Events) -> Result<Report> {
    let started = Instant::now();
    repository::stated_id(store).await?;
    let mut faults = Faults::default();
    let mut report = Report { depth: Depth::Stored, ..Report::default() };
    events(Event::Step { step: Step::ReadPacks });
    let packs = store.list(Folder::Packs.name()).await?;
    let bytes = packs.iter().map(|entry| entry.size).sum();
    events(Event::Planned { tables: 0, parts: 0, bytes, rows: None, objects: packs.len() as u64 });
    let count = async |folder: Folder| {
        let listed = store.list(folder.name()).await?;
        Ok::<_, Error>(listed.iter().filter(|entry| folder.at(&entry.key).is_some()).count() as u64)
    };
    report.packs = count(Folder::Packs).await?;
    report.snapshots = count(Folder::Snapshots).await?;
    if report.packs == 0 && report.snapshots > 0 {
        faults.add("packs/", "none is left, though snapshots are there");
    }
    if report.snapshots > 0 && count(Folder::Index).await? == 0 {
        faults.add("index/", "no file is left, though snapshots are there; packs say themselves what they hold");
    }
    report.unseen = UNSEEN.to_vec();
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

/// Names of objects that are none of a repository: they count for nothing, and are not read.
pub(super) async fn strays(store: &Store, faults: &mut Faults) -> Result<()> {
    for folder in Folder::ALL {
        let entries = store.list(folder.name()).await?;
        for entry in entries.iter().filter(|entry| folder.at(&entry.key).is_none()) {
            faults.add(&entry.key, STRAY);
        }
    }
    Ok(())
}

/// Largest object that a folder may hold, in bytes.
fn largest(folder: Folder) -> u64 {
    match folder {
        Folder::Packs => repository::PACK_BYTES_END - 1,
        _ => repository::SEALED_BYTES_MAX,
    }
}

async fn check(
    store: &Store,
    folder: Folder,
    entries: Vec<Entry>,
    faults: &mut Faults,
    done: impl Fn(u64),
) -> Result<u64> {
    let named = |entry: Entry| folder.at(&entry.key).map(|id| (entry.clone(), id)).ok_or(entry.key);
    let (named, strange): (Vec<_>, Vec<_>) = entries.into_iter().map(named).partition(Result::is_ok);
    for key in strange.into_iter().filter_map(Result::err) {
        faults.add(&key, STRAY);
    }
    let compare = |(entry, id): (Entry, StoredId)| async move {
        let size = entry.size;
        let hash = match size {
            size if size > largest(folder) => {
                Err(Error::damaged(&entry.key, format!("it has {size} bytes, too many for what it should be")))
            }
            WHOLE_BYTES_MAX.. => repository::stored_hash(store, &entry.key, size).await,
            _ => match store.get(&entry.key).await {
                Ok(bytes) => Ok(cpu::run(move || StoredId::of(&bytes)).await),
                Err(error) => Err(error),
            },
        };
        let problem = match hash {
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(gone) => Some(problem(&gone)),
            Ok(hash) if hash == id => None,
            Ok(_) => Some("its bytes are not those that it is named after".to_owned()),
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
