//! Is everything still there, and if not, what is lost? Repository -> report; never needs a database.
//!
//! Three depths: *listing* (everything referred to exists with its size), *stored* (stored bytes are those that their
//! names say), *full* (every chunk is opened, decoded and checked by the code that restore reads with, and the digests of
//! all parts are computed again). Never stops at the first fault. What is wrong with stored objects is found by
//! [`mod@packs`], what it costs by [`mod@costs`]; with no key at all, [`stored`] still checks bytes against names.

mod costs;
mod depth;
mod keyless;
mod packs;
mod repair;
mod report;

pub use depth::Depth;
pub use keyless::stored;
pub use report::{Cost, Fault, Report};

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::hash::ChunkId;
use crate::progress::{Event, Events, Step};
use crate::repository::{Folder, Listed, Opening, PackMark, Reason, Repository, Survey};
use report::Faults;

/// What to verify.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How thoroughly.
    pub depth: Depth,
    /// Snapshots whose losses are told, as [`Repository::resolve`] understands them; empty means all. Stored objects are
    /// looked at whoever refers to them.
    pub snapshots: Vec<String>,
    /// Mark damaged packs, so that the next dump stores their chunks again. Writes one small object.
    pub mark: bool,
    /// Copy what is whole out of damaged packs; remove those that nothing needs, and damaged index files and marks.
    /// Takes [`Depth::Full`], all snapshots and marks.
    pub repair: bool,
}

/// A look at a repository.
struct Seen {
    report: Report,
    opening: Opening,
    /// Chunks that are whole in damaged packs only.
    fragile: HashSet<ChunkId>,
}

/// Verifies a repository.
///
/// # Errors
///
/// [`Error::Usage`] where a snapshot is not found, [`Error::Key`] for [`Depth::Full`] without an owner's identity,
/// [`Error::Store`] where the place fails, [`Error::Unsupported`] where something is to be repaired that a newer version
/// forbids this one to write or delete. Damage is not an error but in the report.
pub async fn run(repository: &Repository, options: &Options, events: &Events) -> Result<Report> {
    let started = Instant::now();
    let mut report = match options.repair {
        true => repair::run(repository, options, events).await?,
        false => look(repository, options, events).await?.report,
    };
    warn(&report.healed, events);
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

async fn look(repository: &Repository, options: &Options, events: &Events) -> Result<Seen> {
    if options.depth == Depth::Full && !repository.opens_content() {
        return Err(Error::key(
            "verifying in full needs to read rows, which a writer credential cannot",
            "name an owner's identity, or verify stored bytes only",
        ));
    }
    events(Event::Step { step: Step::ListSnapshots });
    let snapshots = Arc::new(repository.snapshots().await?);
    let mut faults = Faults::default();
    for (key, problem) in &snapshots.unreadable {
        faults.add(key, report::problem(problem));
    }
    let selected: Vec<Listed> = if options.snapshots.is_empty() {
        snapshots.listed.clone()
    } else {
        options.snapshots.iter().map(|what| snapshots.resolve(what)).collect::<Result<_>>()?
    };
    events(Event::Step { step: Step::ReadIndex });
    let survey = repository.survey().await?;
    for problem in survey.problems() {
        faults.add(&report::object(problem), report::problem(problem));
    }
    keyless::strays(repository.store(), &mut faults).await?;
    let found = packs::look(repository, &survey, options.depth, &mut faults, events).await?;
    let mut report = Report::new(options.depth, &found);
    events(Event::Step { step: Step::CompareSnapshots });
    for snapshot in &selected {
        costs::of(repository, &survey, snapshot, &found, &mut faults, &mut report).await?;
    }
    if options.depth > Depth::Listing {
        report.stored_bytes += keyless::small_objects(repository.store(), &mut faults).await?;
    }
    if options.mark && !found.damaged.is_empty() {
        report.marked = mark(repository, &found, events).await;
    }
    report.snapshots = selected.len() as u64;
    let told = faults.costs_anything() || !snapshots.unreadable.is_empty();
    let faults = faults.into_list();
    let marked = |fault: &Fault| Folder::Packs.at(&fault.what).is_some_and(|pack| survey.is_marked(pack));
    let others = snapshots.listed.iter().filter(|one| !selected.iter().any(|chosen| chosen.id == one.id));
    let heals = !told && faults.iter().any(marked) && !any_relies(repository, &survey, others, &found).await?;
    (report.healed, report.faults) = faults.into_iter().partition(|fault| heals && marked(fault));
    Ok(Seen { report, opening: Opening { survey, snapshots }, fragile: found.fragile })
}

/// Whether any of these snapshots needs what damaged packs have lost or alone still have.
async fn any_relies(
    repository: &Repository,
    survey: &Arc<Survey>,
    snapshots: impl Iterator<Item = &Listed>,
    found: &packs::Found,
) -> Result<bool> {
    for snapshot in snapshots {
        if costs::relies_on_damage(repository, survey, snapshot, found).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn warn(healed: &[Fault], events: &Events) {
    for fault in healed {
        let message = format!("{} is damaged ({}), and nothing is lost by it any more", fault.what, fault.problem);
        let hint =
            "all that snapshots need of it is whole in other packs; `pgkeep verify --repair` removes it once it has \
                    been marked for 24 hours"
                .to_owned();
        events(Event::Warning { message, hint: Some(hint) });
    }
}

/// Says how many packs it marked. That it could not is a warning: whoever only reads may verify too.
async fn mark(repository: &Repository, found: &packs::Found, events: &Events) -> u64 {
    let mark = PackMark { reason: Reason::Damaged, packs: found.damaged.clone() };
    match repository.mark(&mark).await {
        Ok(_) => mark.packs.len() as u64,
        Err(error) => {
            let hint = Some("dumps will go on to rely on them; let somebody verify who may write".into());
            events(Event::Warning { message: format!("damaged packs could not be marked: {error}"), hint });
            0
        }
    }
}
