//! `pgkeep sql`: a snapshot as a script that psql runs.

use std::io::Write as _;

use clap::Args;
use futures_util::StreamExt as _;
use pgkeep::Error;
use pgkeep::plan::select;
use pgkeep::script::{self, Options, RestrictKey};

use crate::cli::exit::Outcome;
use crate::cli::flags::{Identities, Place};
use crate::cli::rendering::Rendering;
use crate::cli::report::Report;
use crate::cli::selection::{Pieces, Selection};
use crate::cli::{Context, opening};

/// Write a snapshot as an SQL script
#[derive(Args, Debug)]
#[command(after_long_help = "\
The script goes to stdout and needs nothing but psql. It is written as it is read: an error ends it in the middle, and
the exit code says so. Run it with `-1 -v ON_ERROR_STOP=1 -f -`: what ends in the middle, for whatever reason, is not
committed. Without ON_ERROR_STOP psql reads rows as statements where a COPY failed.

As pg_dump does, the script forbids psql's own commands with \\restrict, which psql knows since 18, 17.6, 16.10, 15.14,
14.19 and 13.22; an older one says that it does not know it and goes on, or stops where ON_ERROR_STOP is set. What psql
could take for a command outside of quotes is an error here, whatever psql will run the script.

Examples:
  pgkeep sql latest > pos.sql
  pgkeep sql latest -n payments | less
  pgkeep sql latest --statistics > for-18-and-newer.sql
  pgkeep sql latest -t ord.\\* -O -x | psql -1 -v ON_ERROR_STOP=1 -f - scratch")]
pub(crate) struct Sql {
    /// Snapshot to write: `latest`, `latest~1`, the start of an id, or a database's name for its latest
    snapshot: String,
    /// Letters and digits for \restrict in place of random ones, so that equal snapshots give equal scripts
    #[arg(long, value_name = "KEY")]
    restrict_key: Option<String>,
    #[command(flatten)]
    rendering: Rendering,
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
        let restrict_key = self.restrict_key.as_deref().map_or_else(|| Ok(RestrictKey::random()), RestrictKey::new)?;
        let options = Options { selection, rendering: self.rendering.chosen()?, restrict_key };
        let report = Report::new(context.output);
        let mut script = Box::pin(script::write(&reader, &options, &report.events()).await?);
        let mut out = std::io::stdout().lock();
        loop {
            match context.cancellation.unless(async { script.next().await.transpose() }).await {
                Ok(Some(piece)) => out.write_all(&piece)?,
                Ok(None) => break,
                Err(Error::Cancelled) => {
                    // Whoever reads must not take the end of what there is for the end of the script.
                    out.write_all(script::BROKEN_OFF.as_bytes())?;
                    out.flush()?;
                    return Err(Error::Cancelled.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        out.flush()?;
        Ok(())
    }
}
