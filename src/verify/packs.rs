//! Which chunks are whole: looks at every pack once, whoever refers to it.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::depth::Depth;
use super::report::{Faults, problem};
use crate::error::Result;
use crate::hash::{ChunkId, Digest, StoredId};
use crate::progress::{Event, Events, Step};
use crate::repository::{Folder, Inspected, Look, PackFacts, Repository, Survey};

/// At most so many packs are in memory at the same time.
const PACKS_AT_ONCE_MAX: usize = 8;

/// What is known about chunks.
#[derive(Default)]
pub(super) struct Found {
    /// Chunks with a copy that is whole, and their digests at full depth.
    pub(super) whole: HashMap<ChunkId, Option<Digest>>,
    /// Chunks with a copy that is not: the object that is to blame.
    pub(super) blame: HashMap<ChunkId, String>,
    /// Chunks that are whole in packs only that are damaged otherwise.
    pub(super) fragile: HashSet<ChunkId>,
    /// Packs that are there but not what was stored, and not marked yet.
    pub(super) damaged: Vec<StoredId>,
    pub(super) packs: u64,
    pub(super) bytes: u64,
    /// Different chunks that were opened.
    pub(super) opened: u64,
}

impl Found {
    /// The object to blame for the loss of a chunk, if it is lost.
    pub(super) fn lost(&self, id: ChunkId) -> Option<String> {
        if self.whole.contains_key(&id) {
            return None;
        }
        Some(self.blame.get(&id).cloned().unwrap_or_else(|| format!("chunk {id}")))
    }

    fn take(&mut self, pack: StoredId, marked: bool, inspected: Inspected, faults: &mut Faults) {
        let key = Folder::Packs.key(pack);
        let damaged = inspected.problem.is_some() || !inspected.lost.is_empty();
        if let Some(error) = &inspected.problem {
            faults.add(&key, problem(error));
        }
        if let Some((id, reason)) = inspected.lost.first() {
            faults.add(&key, format!("chunk {id} in it is lost: {reason}"));
        }
        if damaged && !marked {
            self.damaged.push(pack);
        }
        for (id, digest) in inspected.whole {
            if !damaged {
                self.fragile.remove(&id);
            } else if !self.whole.contains_key(&id) {
                self.fragile.insert(id);
            }
            self.opened += u64::from(digest.is_some() && !self.whole.contains_key(&id));
            self.whole.insert(id, digest);
        }
        for (id, _) in inspected.lost {
            self.blame.entry(id).or_insert_with(|| key.clone());
        }
    }
}

pub(super) async fn look(
    repository: &Repository,
    survey: &Survey,
    depth: Depth,
    faults: &mut Faults,
    events: &Events,
) -> Result<Found> {
    let packs = survey.packs_with_copies();
    let mut found = Found::default();
    let mut there = Vec::new();
    for (facts, present, copies) in packs {
        let wrong_size = present.is_some_and(|size| size != facts.size);
        found.packs += u64::from(present.is_some());
        if present.is_some() && (depth > Depth::Listing || wrong_size) {
            there.push((facts, copies));
        } else if present.is_some() {
            found.whole.extend(copies.iter().map(|(id, ..)| (*id, None)));
        } else {
            let key = Folder::Packs.key(facts.id);
            // A pack that is gone and that nobody needs is no fault: costs tell.
            for (id, ..) in copies {
                found.blame.entry(id).or_insert_with(|| key.clone());
            }
        }
    }
    for (id, size) in survey.unknown_packs() {
        found.packs += 1;
        let facts = PackFacts { id, size, domain: crate::repository::Domain::Content, epoch: 0 };
        there.push((facts, Vec::new()));
    }
    events(Event::Step { step: Step::ReadPacks });
    let bytes = there.iter().map(|(facts, _)| facts.size).sum();
    events(Event::Planned { tables: 0, parts: 0, bytes, rows: None, objects: there.len() as u64 });
    let look = if depth == Depth::Full { Look::Chunks } else { Look::Bytes };
    let at_once = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, PACKS_AT_ONCE_MAX);
    let inspect = |(facts, copies): (PackFacts, Vec<_>)| async move {
        let (id, size) = (facts.id, facts.size);
        repository.inspect(facts, copies, look).await.map(|inspected| (id, size, inspected))
    };
    let mut inspected = stream::iter(there.into_iter().map(inspect)).buffer_unordered(at_once);
    while let Some((id, size, inspected)) = inspected.try_next().await? {
        events(Event::Checked { bytes: size });
        found.bytes += size;
        found.take(id, survey.is_marked(id), inspected, faults);
    }
    drop(inspected);
    found.damaged.sort_unstable();
    Ok(found)
}
