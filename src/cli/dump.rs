//! `pgkeep dump`: a database into the repository.

use std::time::Duration;

use clap::Args;
use pgkeep::Result;
use pgkeep::dump::{self, Options, Summary};
use pgkeep::pg::snapshot::Taking;
use pgkeep::plan::select::{self, Purpose};
use pgkeep::progress::Events;
use pgkeep::repository::WriteOptions;

use super::exit::{Failure, Outcome};
use super::flags::{Connection, Identities, Jobs, Place};
use super::report::Report;
use super::selection::{Omissions, Selection, written};
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
  pgkeep dump pos_riverside --exclude-table-data 'audit.*' --filter more.txt
  pgkeep dump pos_riverside -s --no-comments --lock-wait-timeout 10s
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
    omissions: Omissions,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    identities: Identities,
    #[command(flatten)]
    connection: Connection,
}

/// How the source is read.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Source")]
struct Reading {
    /// Join this exported server snapshot instead of taking one
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,
    /// Wait at most so long for the locks on tables: milliseconds, or a number with ms, s, min or h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    lock_wait_timeout: Option<Duration>,
    /// Wait for a moment at which no serializable transaction can be half seen
    #[arg(long)]
    serializable_deferrable: bool,
    /// Leave out the rows of tables that the role may not read, and record them as missing
    #[arg(long)]
    skip_unreadable: bool,
    /// Dump only the rows that row security shows to the role, and record that others are missing
    #[arg(long)]
    enable_row_security: bool,
    /// Accepted because pg_dump has it: names are always quoted
    #[arg(long, hide = true)]
    quote_all_identifiers: bool,
}

fn duration(written: &str) -> Result<Duration, String> {
    let digits = written.find(|c: char| !c.is_ascii_digit()).unwrap_or(written.len());
    let (number, unit) = written.split_at(digits);
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err("write a number of milliseconds, or one with ms, s, min or h".into()),
    };
    // The server counts milliseconds in 31 bits.
    let milliseconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    let milliseconds = milliseconds.filter(|milliseconds| *milliseconds <= i32::MAX.unsigned_abs().into());
    milliseconds.map(Duration::from_millis).ok_or_else(|| "not a time that a server can wait".into())
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
        let selection = self.omissions.of(self.selection.chosen(Purpose::Dump)?);
        let work = async {
            let repository = opening::open(&self.place, &self.identities).await?;
            let source = self.connection.config(self.database.as_deref(), events).await?;
            Ok((repository, source))
        };
        let (repository, source) = context.cancellation.unless(work).await?;
        let selection = select::Selection { database: Some(source.database.clone()), ..selection };
        let options = Options {
            source,
            jobs: self.jobs.number(),
            patterns: written(&selection),
            selection,
            writing: WriteOptions::default(),
            label: self.label.clone(),
            taking: Taking {
                serializable_deferrable: self.reading.serializable_deferrable,
                imported: self.reading.snapshot.clone(),
                lock_timeout: self.reading.lock_wait_timeout,
            },
            skip_unreadable: self.reading.skip_unreadable,
            enable_row_security: self.reading.enable_row_security,
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
