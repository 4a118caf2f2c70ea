//! `pgkeep dump`: a database into the repository.

use clap::Args;
use pgkeep::Result;
use pgkeep::dump::{self, Options, Summary};
use pgkeep::pg::snapshot::Taking;
use pgkeep::plan::select::Purpose;
use pgkeep::progress::Events;
use pgkeep::repository::WriteOptions;

use super::exit::{Failure, Outcome};
use super::flags::{Connection, Identities, Jobs, Place, Selection};
use super::report::Report;
use super::{Context, list, opening, screen, units};

/// Dump a database into the repository
#[derive(Args, Debug)]
#[command(after_long_help = "\
Patterns are those of psql: `*` and `?`, `schema.table`, double quotes for names as they are.

Examples:
  pgkeep dump pos_riverside
  pgkeep dump -h db1 -U backup -d pos_riverside -j 4 --label nightly
  pgkeep dump postgres://backup@db1/pos_riverside?sslmode=verify-full
  pgkeep dump pos_riverside -n payments -n ord -T 'ord.*_log'
  DATABASE_URL=postgres://backup@db1/pos_riverside pgkeep dump --quiet")]
pub(crate) struct Dump {
    /// Database to dump: a name, a URL or a libpq connection string; the same as -d
    #[arg(conflicts_with = "dbname")]
    database: Option<String>,
    /// Name what this dump is for; `list` shows it
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    #[command(flatten)]
    jobs: Jobs,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    identities: Identities,
    #[command(flatten)]
    connection: Connection,
}

impl Dump {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let report = Report::new(context.output);
        let events = report.events();
        let done = self.dump(context, &events).await;
        drop(report);
        let stopped = |error| Failure::stopped(error, "no snapshot was stored; the next dump finds what was copied");
        let summary = done.map_err(stopped)?;
        context.output.summary("dump", &summary, &text(&summary))?;
        Ok(())
    }

    async fn dump(&self, context: &Context, events: &Events) -> Result<Summary> {
        let selection = self.selection.chosen(Purpose::Dump)?;
        let work = async {
            let repository = opening::open(&self.place, &self.identities).await?;
            let source = self.connection.config(self.database.as_deref(), events).await?;
            Ok((repository, source))
        };
        let (repository, source) = context.cancellation.unless(work).await?;
        let options = Options {
            source,
            jobs: self.jobs.number(),
            selection,
            patterns: self.selection.written(),
            writing: WriteOptions::default(),
            label: self.label.clone(),
            taking: Taking::default(),
            skip_unreadable: false,
            cancellation: context.cancellation.clone(),
        };
        dump::run(&repository, &options, events).await
    }
}

fn text(summary: &Summary) -> String {
    let totals = &summary.totals;
    let known = totals.chunks.saturating_sub(totals.new_chunks);
    let mut text = format!(
        "snapshot {} of {}: {} in {}, {} of rows, {}\n",
        list::short(summary.snapshot),
        screen::line(&summary.database),
        units::counted(totals.rows, "row"),
        units::counted(totals.tables, "table"),
        units::size(totals.bytes),
        units::counted(totals.objects, "object"),
    );
    text += &format!(
        "stored {} for {} that were new; {} of {} were there already\n",
        units::size(totals.stored_bytes),
        units::size(totals.new_bytes),
        units::count(known),
        units::counted(totals.chunks, "chunk"),
    );
    text += &format!(
        "took {}; the server snapshot was held for {}\n",
        units::duration(summary.took),
        units::duration(summary.held)
    );
    for missing in &summary.missing {
        text += &format!("missing: {}\n", screen::line(missing));
    }
    text
}
