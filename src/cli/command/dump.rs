//! `pgkeep dump`: a database into the repository.

use std::num::NonZeroU16;
use std::time::Duration;

use clap::Args;
use pgkeep::catalog::GlobalOptions;
use pgkeep::dump::{self, Options, Summary, all};
use pgkeep::pg::Config;
use pgkeep::pg::snapshot::SnapshotOptions;
use pgkeep::plan::Pattern;
use pgkeep::plan::select::{self, Purpose};
use pgkeep::progress::Events;
use pgkeep::repository::{Repository, WriteOptions};
use pgkeep::{Error, Result};

use crate::cli::command::list;
use crate::cli::exit::{Failure, Outcome};
use crate::cli::flags::{Connection, Identities, Jobs, Place, duration};
use crate::cli::rendering::Omit;
use crate::cli::report::Report;
use crate::cli::selection::Selection;
use crate::cli::{Context, opening, screen, units};

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
  pgkeep dump --all-databases 'pos_*' --globals -h db1 -U backup
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
    omissions: Omit,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    cluster: Cluster,
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
    /// Use a serializable snapshot, and wait for a moment at which that has no anomalies
    #[arg(long)]
    serializable_deferrable: bool,
    /// Leave out the rows of tables and the large objects that the role may not read, and record them as missing
    #[arg(long)]
    skip_unreadable: bool,
    /// Dump only the rows that row security shows to the role, and record that others are missing
    #[arg(long)]
    enable_row_security: bool,
    /// Let rows of partitions come back through the root of their tree, where the target may route them differently
    #[arg(long)]
    load_via_partition_root: bool,
    /// Digits of floating point numbers, -15 to 3; fewer than 1 lose precision, and a restore brings back what is printed
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i8).range(-15..=3), allow_negative_numbers = true)]
    extra_float_digits: Option<i8>,
    /// Dump as this role (SET ROLE), for its privileges
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Accepted for compatibility with pg_dump: names are always quoted
    #[arg(long, hide = true)]
    quote_all_identifiers: bool,
}

/// More than one database.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Source")]
struct Cluster {
    /// Dump every database that matches, the largest first, each into its own snapshot; all of them without a pattern
    #[arg(long, value_name = "PATTERN", num_args = 0..=1, conflicts_with_all = ["database", "snapshot"])]
    all_databases: Option<Option<String>>,
    /// Databases that are dumped at the same time. They share --jobs: each has a connection of its own and one that
    /// copies, the rest goes to whoever has parts to copy, so that the server sees at most this number and --jobs together
    #[arg(long, value_name = "NUMBER", default_value = "4", requires = "all_databases")]
    databases_at_once: NonZeroU16,
    /// Dump roles, tablespaces and settings of the whole server into a snapshot called `globals`: alone, or before
    /// --all-databases
    #[arg(long)]
    globals: bool,
    /// Leave passwords out of --globals, where the role may not read them
    #[arg(long, requires = "globals")]
    no_role_passwords: bool,
}

impl Dump {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let report = Report::new(context.output);
        let events = report.events();
        if self.cluster.all_databases.is_some() {
            let done = self.dump_all(context, &events).await;
            drop(report);
            let summary = done.map_err(|error| Failure::stopped(error, "snapshots that were stored stay"))?;
            return conclude(&summary, context);
        }
        let done = self.dump(context, &events).await;
        drop(report);
        let stopped = |error| Failure::stopped(error, "no snapshot was stored; the next dump finds what was copied");
        let summary = done.map_err(stopped)?;
        context.output.summary("dump", &summary, &text(&summary))?;
        whole(std::slice::from_ref(&summary))
    }

    async fn dump(&self, context: &Context, events: &Events) -> Result<Summary> {
        let (repository, options) = self.prepare(context, events).await?;
        match self.globals() {
            Some(globals) => dump::globals(&repository, &options, &globals, events).await,
            None => dump::run(&repository, &options, events).await,
        }
    }

    async fn dump_all(&self, context: &Context, events: &Events) -> Result<all::Summary> {
        let pattern = self.cluster.all_databases.clone().flatten().map(Pattern::of_plain).transpose()?;
        let (repository, dump) = self.prepare(context, events).await?;
        let options = all::Options {
            dump,
            pattern,
            at_once: usize::from(self.cluster.databases_at_once.get()),
            globals: self.globals(),
        };
        all::run(&repository, &options, events).await
    }

    fn globals(&self) -> Option<GlobalOptions> {
        self.cluster.globals.then_some(GlobalOptions { passwords: !self.cluster.no_role_passwords })
    }

    /// Opens the repository and finds the server.
    async fn prepare(&self, context: &Context, events: &Events) -> Result<(Repository, Options)> {
        let chosen = self.selection.chosen(Purpose::Dump)?;
        let via_root = self.reading.load_via_partition_root;
        let selection = select::Selection { omissions: self.omissions.chosen(), via_root, ..chosen };
        let work = async {
            let repository = opening::open(&self.place, &self.identities).await?;
            let source = self.source(events).await?;
            Ok((repository, source))
        };
        let (repository, source) = context.cancellation.unless(work).await?;
        let selection = select::Selection { database: Some(source.database.clone()), ..selection };
        let options = Options {
            source,
            jobs: self.jobs.number(),
            patterns: selection.patterns(),
            selection,
            writing: WriteOptions::default(),
            label: self.label.clone(),
            snapshot: self.reading.snapshot(),
            skip_unreadable: self.reading.skip_unreadable,
            enable_row_security: self.reading.enable_row_security,
            extra_float_digits: self.reading.extra_float_digits,
            among: None,
            cancellation: context.cancellation.clone(),
        };
        Ok((repository, options))
    }

    /// What belongs to the whole server can be seen from any database.
    async fn source(&self, events: &Events) -> Result<Config> {
        let config = self.connection.config(self.database.as_deref(), events).await?;
        let any = self.cluster.globals || self.cluster.all_databases.is_some();
        let named = self.database.is_some() || self.connection.names_database()?;
        Ok(if any && !named { config.with_database("postgres") } else { config })
    }
}

impl Reading {
    fn snapshot(&self) -> SnapshotOptions {
        SnapshotOptions {
            serializable_deferrable: self.serializable_deferrable,
            imported: self.snapshot.clone(),
            role: self.role.clone(),
            lock_timeout: self.lock_wait_timeout,
        }
    }
}

/// An error where a snapshot lacks what was to be in it, and nobody agreed to that.
fn whole(snapshots: &[Summary]) -> Outcome {
    let left_out = snapshots.iter().map(|one| one.left_out as u64).sum();
    if left_out == 0 {
        return Ok(());
    }
    let left_out = units::counted(left_out, "object");
    let message = format!("{left_out} replaced at every try to read the catalog: the snapshot is without; dump again");
    Err(Error::Partial { message }.into())
}

/// The summary of several databases, and an error if one of them failed.
fn conclude(summary: &all::Summary, context: &Context) -> Outcome {
    let mut told = String::new();
    for one in &summary.snapshots {
        told += &text(one);
    }
    for failed in &summary.failed {
        told += &format!("failed: {}: {}\n", screen::line(&failed.database), screen::line(&failed.error));
    }
    let (stored, failed) = (summary.snapshots.len() as u64, summary.failed.len() as u64);
    told += &format!("{} in {}\n", units::counted(stored, "snapshot"), units::duration(summary.took));
    context.output.summary("dump", summary, &told)?;
    let Some(first) = summary.failed.first() else { return whole(&summary.snapshots) };
    if stored == 0 {
        // Nothing of it was finished.
        let message = format!("none of {} was dumped", units::counted(failed, "database"));
        let hint = Some(format!("the first of them, {}: {}", first.database, first.error));
        return Err(Failure::Found { kind: first.kind, message, hint });
    }
    let message = format!("{failed} of {} were not dumped", units::counted(stored + failed, "database"));
    Err(Error::Partial { message }.into())
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
