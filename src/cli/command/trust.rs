//! `pgkeep trust`: accepts the repository that a place holds now, or forgets what was accepted.

use clap::Args;
use pgkeep::hash::RepositoryId;
use pgkeep::store::Store;
use pgkeep::{Error, Result, repository};
use serde::Serialize;

use crate::cli::Context;
use crate::cli::exit::Outcome;
use crate::cli::flags::{Place, repository_id};
use crate::cli::known::{Known, Names};

/// Accept the repository that is at a location now
#[derive(Args, Debug)]
#[command(after_long_help = "\
A host remembers which repository it found at which location, and refuses another one there: whoever puts one of his own
into its stead would get the next dumps. Where the change is right, this accepts it. The id is what `pgkeep init` printed.

Examples:
  pgkeep trust --repo /mnt/backups/pos
  pgkeep trust --repo /mnt/disk --also
  pgkeep trust --repo /mnt/backups/pos --forget")]
pub(crate) struct Trust {
    /// Id of the repository that should be there; with another one there nothing is accepted
    #[arg(value_name = "ID", value_parser = repository_id)]
    id: Option<RepositoryId>,
    /// Keep what was accepted before as well, where disks take turns
    #[arg(long, conflicts_with = "forget")]
    also: bool,
    /// Forget the location, so that its next use is the first
    #[arg(long, conflicts_with = "id")]
    forget: bool,
    #[command(flatten)]
    place: Place,
}

/// The last event of `trust`.
#[derive(Serialize)]
struct Summary {
    place: String,
    /// What was accepted; nothing with `--forget`.
    repository: Option<RepositoryId>,
    /// Lines of the file that were forgotten.
    forgotten: usize,
    /// Where it is remembered.
    file: String,
}

impl Trust {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let summary = context.cancellation.unless(self.trust()).await?;
        let text = match summary.repository {
            Some(id) => format!("trusted repository {id}\n     in {}\n", summary.place),
            None if summary.forgotten == 0 => format!("nothing was known of {}\n", summary.place),
            None => format!("forgot {}\n", summary.place),
        };
        context.output.summary("trust", &summary, &text)?;
        Ok(())
    }

    async fn trust(&self) -> Result<Summary> {
        let place = self.place.name()?;
        let known = Known::here().ok_or_else(|| Error::Usage {
            message: "there is no home folder to remember a repository in".into(),
            hint: Some("set HOME or XDG_CONFIG_HOME, or say which repository it is: `--repository-id ID`".into()),
        })?;
        let (names, file) = (Names::of(&place), known.file().display().to_string());
        if self.forget {
            return Ok(Summary { forgotten: known.forget(&names)?, repository: None, place, file });
        }
        let stated = repository::stated_id(&Store::open(&place)?).await?;
        if let Some(id) = self.id.filter(|id| *id != stated) {
            return Err(Error::key(format!("{place} holds repository {stated}, not {id}"), "nothing was accepted"));
        }
        known.remember(&names, stated, self.also)?;
        Ok(Summary { place, repository: Some(stated), forgotten: 0, file })
    }
}
