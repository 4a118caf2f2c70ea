//! `pgkeep sql`: a snapshot as a script that psql runs.

use std::io::Write as _;

use clap::Args;
use futures_util::StreamExt as _;
use pgkeep::plan::select;
use pgkeep::script;

use super::definitions::Definitions;
use super::exit::Outcome;
use super::flags::{Identities, Place};
use super::selection::{Pieces, Selection};
use super::{Context, opening};

/// Write a snapshot as an SQL script
#[derive(Args, Debug)]
#[command(after_long_help = "\
The script goes to stdout and needs nothing but psql. It is written as it is read: an error ends it in the middle, and
the exit code says so.

Examples:
  pgkeep sql latest > pos.sql
  pgkeep sql latest -n payments | less
  pgkeep sql latest --statistics > for-18-and-newer.sql
  pgkeep sql latest -t ord.\\* -O -x | psql -1 -v ON_ERROR_STOP=1 scratch")]
pub(crate) struct Sql {
    /// Snapshot to write: `latest`, `latest~1`, the start of an id, or a database's name for its latest
    snapshot: String,
    #[command(flatten)]
    definitions: Definitions,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    pieces: Pieces,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    identities: Identities,
}

impl Sql {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let reader =
            context.cancellation.unless(opening::reader(&self.place, &self.identities, &self.snapshot)).await?;
        // Only servers since 18 take them, and nobody knows which one will run the script.
        let statistics = self.selection.asks_for_statistics();
        let selection = select::Selection { statistics, ..self.pieces.chosen(&self.selection)? };
        let definitions = self.definitions.chosen()?;
        let mut script = Box::pin(script::write(&reader, &selection, &definitions).await?);
        let mut out = std::io::stdout().lock();
        while let Some(piece) = context.cancellation.unless(async { script.next().await.transpose() }).await? {
            out.write_all(&piece)?;
        }
        out.flush()?;
        Ok(())
    }
}
