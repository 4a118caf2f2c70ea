//! `pgkeep verify`: what is stored, against what was stored.

use clap::{Args, ValueEnum};
use pgkeep::progress::Events;
use pgkeep::repository;
use pgkeep::store::Store;
use pgkeep::verify::{self, Cost, Depth, Fault, Options, Report};
use pgkeep::{Error, ErrorKind, Result};

use crate::cli::command::list;
use crate::cli::exit::{Failure, Outcome};
use crate::cli::flags::{Identities, Place};
use crate::cli::{Context, opening, report, screen, units};

/// Verify what is stored and say what any damage costs
#[derive(Args, Debug)]
#[command(after_long_help = "\
Needs no database, and no identity for `--depth stored`, so that a storage server can run it from cron; what cannot be
seen without one is told then. Never stops at the first fault; exit code 6 means damage, 9 that there is no snapshot.
Damaged packs are marked, so that the next dump stores again what is lost; one that costs nothing any more is a warning.
`--repair` copies what is whole out of damaged packs, and removes those that no snapshot needs any more, a day after they
were marked; and damaged index files and marks, which can be done without. What is left is looked at again.

Examples:
  pgkeep verify
  pgkeep verify --repair
  pgkeep verify latest --depth listing
  pgkeep verify --depth stored --quiet")]
pub(crate) struct Verify {
    /// Snapshots whose losses are told [default: all]
    #[arg(value_name = "SNAPSHOT")]
    snapshots: Vec<String>,
    /// How thoroughly to check
    #[arg(long, value_enum, default_value_t = HowDeep::Full)]
    depth: HowDeep,
    /// Do not mark damaged packs; nothing at all is written then
    #[arg(long)]
    no_mark: bool,
    /// Copy what is whole out of damaged packs, then remove what is damaged and needed by nothing
    #[arg(long, conflicts_with_all = ["snapshots", "no_mark"])]
    repair: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    identities: Identities,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HowDeep {
    /// Everything referred to exists and has its size
    Listing,
    /// Every stored byte is what was stored
    Stored,
    /// Every row opens, decompresses and has its digest, as in a restore
    Full,
}

impl From<HowDeep> for Depth {
    fn from(depth: HowDeep) -> Self {
        match depth {
            HowDeep::Listing => Self::Listing,
            HowDeep::Stored => Self::Stored,
            HowDeep::Full => Self::Full,
        }
    }
}

impl Verify {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let progress = report::Report::new(context.output);
        let found = context.cancellation.unless(self.verify(&progress.events())).await;
        drop(progress);
        let found = found?;
        if context.output.json || found.is_sound() {
            context.output.summary("verify", &found, &text(&found))?;
            return damage(&found);
        }
        // Damage is told also with `--quiet`.
        context.output.result("verify", &found, &text(&found))?;
        damage(&found)
    }

    async fn verify(&self, events: &Events) -> Result<Report> {
        let store = Store::open(&self.place.name()?)?;
        let stated = repository::stated_id(&store).await?;
        let Some(repository) = opening::open_with_identity(&store, &self.identities, stated).await? else {
            return self.verify_without_identity(&store, events).await;
        };
        let (depth, snapshots) = (self.depth.into(), self.snapshots.clone());
        let options = Options { depth, snapshots, mark: !self.no_mark, repair: self.repair };
        verify::run(&repository, &options, events).await
    }

    async fn verify_without_identity(&self, store: &Store, events: &Events) -> Result<Report> {
        if self.depth == HowDeep::Stored && self.snapshots.is_empty() && !self.repair {
            return verify::stored(store, events).await;
        }
        let refused = opening::no_identity(store.place(), repository::stated_id(store).await?);
        let Error::Key { message, hint } = refused else { return Err(refused) };
        let hint = hint.map(|hint| format!("{hint}; `--depth stored` needs none"));
        Err(Error::Key { message, hint })
    }
}

fn damage(found: &Report) -> Outcome {
    if found.is_sound() && found.is_empty() {
        return Err(Failure::Found {
            kind: ErrorKind::Partial,
            message: match found.packs {
                0 => "there is no snapshot in the repository, so nothing could be verified".into(),
                packs => format!("there is no snapshot, though {} there, so nothing could be verified", are(packs)),
            },
            hint: Some("no dump has come to its end here, or snapshots were deleted".into()),
        });
    }
    if found.is_sound() {
        return Ok(());
    }
    let objects = units::counted(found.faults.len() as u64, "fault");
    let consequence = if found.loses_rows() { "rows are lost" } else { "no row is lost" };
    let consequence = if found.unseen.is_empty() { consequence } else { "what is lost by them cannot be seen" };
    Err(Failure::Found {
        kind: ErrorKind::Damaged,
        message: format!("the repository has {objects}: {consequence}"),
        hint: advice(found),
    })
}

/// What to do about damage.
fn advice(found: &Report) -> Option<String> {
    if !found.unseen.is_empty() {
        return Some("`pgkeep verify` with an owner's identity says what they cost".into());
    }
    let mends = |fault: &Fault| ["packs/", "index/", "marks/"].iter().any(|folder| fault.what.starts_with(folder));
    let marked = match found.marked {
        0 => "dump again".to_owned(),
        marked => format!("{} marked", units::counted(marked, "damaged pack")),
    };
    let dump = format!("{marked}: the next dump stores again what the database still has");
    let repair = "`pgkeep verify --repair` copies what is whole out of damaged packs, and removes what nothing needs";
    match (found.loses_rows(), found.faults.iter().any(mends)) {
        (true, true) => Some(format!("{dump}; then {repair}")),
        (true, false) => Some(dump),
        (false, true) => Some(repair.into()),
        (false, false) => None,
    }
}

fn are(packs: u64) -> String {
    let verb = if packs == 1 { "is" } else { "are" };
    format!("{} {verb}", units::counted(packs, "pack"))
}

fn text(found: &Report) -> String {
    let mut text = String::new();
    for fault in &found.faults {
        text += &format!("{}: {}\n", screen::line(&fault.what), screen::line(&fault.problem));
        for cost in &fault.costs {
            text += &format!("    {}\n", cost_text(cost));
        }
    }
    for key in &found.removed {
        text += &format!("removed {}: it was damaged, and nothing needed it\n", screen::line(key));
    }
    if found.rescued > 0 {
        text += &format!("copied {} out of damaged packs\n", units::counted(found.rescued, "chunk"));
    }
    let counted = match found.depth {
        Depth::Listing => format!("{} there", units::counted(found.packs, "pack")),
        Depth::Stored => format!("{} in {}", units::size(found.stored_bytes), units::counted(found.packs, "pack")),
        Depth::Full => format!(
            "{} in {}, {} in {}",
            units::size(found.stored_bytes),
            units::counted(found.packs, "pack"),
            units::counted(found.rows, "row"),
            units::counted(found.parts, "part")
        ),
    };
    let verdict = match found {
        found if !found.is_sound() => "not all is as it was stored",
        found if found.is_empty() => "no snapshot is there",
        found if !found.healed.is_empty() => "damage has healed, all that snapshots need is as it was stored",
        found if !found.unseen.is_empty() => "what is there is what its names say",
        found if found.depth == Depth::Listing => "all that snapshots refer to is there with its size",
        _ => "all is as it was stored",
    };
    let took = std::time::Duration::from_secs_f64(found.seconds.max(0.0));
    let snapshots = match found.unseen.is_empty() {
        true => units::counted(found.snapshots, "snapshot"),
        false => format!("stored bytes without an identity, {}", units::counted(found.snapshots, "snapshot file")),
    };
    text += &format!("verified {snapshots}: {counted}, in {}: {verdict}\n", units::duration(took));
    for unseen in &found.unseen {
        text += &format!("not seen without an identity: {unseen}\n");
    }
    text
}

fn cost_text(cost: &Cost) -> String {
    let of = format!(
        "snapshot {} of {} from {}",
        list::short(cost.snapshot),
        screen::line(&cost.database.lossy()),
        list::local(cost.time)
    );
    match (&cost.table, cost.manifest) {
        (_, true) => format!("{of}: nothing of it can be restored"),
        (Some(table), false) => {
            format!("{of}: table {} loses {}", screen::line(table), units::counted(cost.rows, "row"))
        }
        (None, false) => format!("{of}: {} lost", units::counted(cost.rows, "row")),
    }
}
