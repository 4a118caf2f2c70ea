//! `pgkeep restore`: a snapshot, or a selection of it, into a database.

use clap::Args;
use pgkeep::pg::Config;
use pgkeep::progress::Events;
use pgkeep::repository::Listed;
use pgkeep::repository::Reader;
use pgkeep::restore::{self, Options, Proof, Stopped, Summary};
use pgkeep::text::Text;
use pgkeep::{Error, ErrorKind, Result};

use crate::cli::exit::{Failure, Outcome};
use crate::cli::flags::{Connection, Identities, Jobs, Place};
use crate::cli::rendering::Rendering;
use crate::cli::report::Report;
use crate::cli::selection::{Pieces, Selection};
use crate::cli::stage;
use crate::cli::{Context, opening, outline, screen, units};

/// Restore a snapshot into a database
#[derive(Args, Debug)]
#[command(after_long_help = "\
The target must be empty, or is created with -C. Rows are checked against what was dumped before they are sent, and counted
by the server before they are committed. Where triggers or event triggers of the target may change rows, all tables are
read back in the end, as --verify-target does always.
With -n or -t only what matches comes back, with its indexes, constraints, triggers and grants; what it needs and was
not selected is listed at the end. Where that keeps rows that were asked for, the exit code is 9.

A snapshot of `dump --globals` is restored into the whole server: roles that exist keep their names and get the
properties of the snapshot.

Examples:
  pgkeep restore latest -d pos_copy --plan
  createdb pos_copy && pgkeep restore latest -d pos_copy
  pgkeep restore 3f9a2c -C -d pos_copy -j 4
  pgkeep restore latest -C -d payments_check -n payments
  pgkeep restore latest -d pos --into-schema payments=payments_restored
  pgkeep restore latest -d pos --into-table ord.line=line_restored
  pgkeep restore latest -d pos_copy --use-list pos.list
  pgkeep restore latest -d pos --truncate -1 -t payments.method
  pgkeep restore latest -d postgres://admin@cloud/pos -O -x
  pgkeep restore globals -h spare-server")]
pub(crate) struct Restore {
    /// Snapshot to restore: `latest`, `latest~1`, the start of an id, or a database's name for its latest
    snapshot: String,
    /// Print what would be done and the problems that were found, and change nothing
    #[arg(long)]
    plan: bool,
    /// Remove or empty what is there with no -d, in the database that the environment or the snapshot names
    #[arg(long, help_heading = "Target")]
    yes: bool,
    /// Create the target database
    #[arg(long, short = 'C', help_heading = "Target")]
    create: bool,
    /// Collect no statistics for the planner at the end; otherwise of all tables that the snapshot has none of
    #[arg(long, help_heading = "Target")]
    no_analyze: bool,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    jobs: Jobs,
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
    #[command(flatten)]
    connection: Connection,
}

/// How to go about it.
#[derive(Args, Debug)]
#[command(next_help_heading = "Target")]
struct Manner {
    /// Continue a restore that stopped: repeat the command as it was and add this
    #[arg(long)]
    resume: bool,
    /// Go on after an object failed; all failures are listed at the end, the exit code is 9, and another run with
    /// --resume tries them again
    #[arg(long)]
    keep_going: bool,
    /// Drop objects before they are created, where they exist
    #[arg(long, short)]
    clean: bool,
    /// Accepted for compatibility with pg_restore, implied by --clean
    #[arg(long, requires = "clean")]
    if_exists: bool,
    /// Accepted for compatibility with pg_restore, implied unless there is --keep-going
    #[arg(long, conflicts_with = "keep_going")]
    exit_on_error: bool,
    /// Accepted for compatibility with pg_restore, always so: tables that could not be created get no rows
    #[arg(long)]
    no_data_for_failed_tables: bool,
    /// Restore everything in one transaction on one connection, or nothing
    #[arg(long, short = '1', conflicts_with_all = ["resume", "keep_going"])]
    single_transaction: bool,
    /// Role to restore as, after connecting
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Restore a schema under another name, beside what is there; may be given several times
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    into_schema: Vec<(Text, Text)>,
    /// Restore a table under another name, beside the live one, to pick rows from; may be given several times
    #[arg(long, value_name = "OLD=NEW", value_parser = restore::old_and_new)]
    into_table: Vec<(restore::TableName, restore::TableName)>,
    #[command(flatten)]
    fill: Fill,
    /// Read every table back from the target at the end and compare it with the snapshot
    #[arg(long)]
    verify_target: bool,
}

/// What becomes of rows that are there.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Target")]
struct Fill {
    /// Refill tables that exist: empty those that are selected, then load their rows; definitions are left alone
    #[arg(long, conflicts_with_all = ["on_conflict_do_nothing", "clean", "schema_only", "create"])]
    truncate: bool,
    /// Add the rows that a table lacks, keep those that a unique key has already; definitions are left alone
    #[arg(long, conflicts_with_all = ["clean", "schema_only", "create", "verify_target"])]
    on_conflict_do_nothing: bool,
    /// Disable triggers and foreign keys while rows are loaded; needs the privilege to set session_replication_role
    #[arg(long)]
    disable_triggers: bool,
}

impl Fill {
    fn chosen(self) -> restore::Fill {
        match (self.truncate, self.on_conflict_do_nothing) {
            (true, _) => restore::Fill::Truncate,
            (_, true) => restore::Fill::KeepExisting,
            _ => restore::Fill::Add,
        }
    }
}

fn pair(written: &str) -> std::result::Result<(Text, Text), String> {
    match written.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((Text::from(old), Text::from(new))),
        _ => Err("names no two schemas; write OLD=NEW".into()),
    }
}

impl Manner {
    /// That these exclude each other is known to the command line.
    fn course(&self) -> restore::Course {
        let keep_going = self.keep_going;
        match (self.single_transaction, self.resume) {
            (true, _) => restore::Course::OneTransaction,
            (false, true) => restore::Course::Resume { keep_going },
            (false, false) => restore::Course::Steps { keep_going },
        }
    }
}

impl Restore {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let report = Report::new(context.output);
        let events = report.events();
        if self.plan {
            let (reader, options) = self.prepared(context, &events).await?;
            let outline = restore::outline(&reader, &options, &events).await?;
            drop(report);
            return outline::tell(context, &outline);
        }
        let done = self.restore(context, &events).await;
        drop(report);
        let summary = done.map_err(|Stopped { error, reached }| match error.kind() {
            // It came to its end, and found what it was to look for.
            ErrorKind::Differs => error.into(),
            _ => Failure::ended(error, stage::consequence(reached)),
        })?;
        context.output.summary("restore", &summary, &text(&summary))?;
        if summary.failures.is_empty() {
            return complete(&summary);
        }
        let failures = units::counted(summary.failures.len() as u64, "thing");
        Err(Error::Partial { message: format!("{failures} could not be restored") }.into())
    }

    async fn restore(&self, context: &Context, events: &Events) -> Result<Summary, Stopped> {
        self.check_removal()?;
        let (reader, options) = self.prepared(context, events).await?;
        restore::attempt(&reader, &options, events).await
    }

    /// What removes or empties something goes to a database that was named with it, not to the one that a variable was
    /// once set to or that has the name of the snapshot's.
    fn check_removal(&self) -> Result<()> {
        let removes = if self.manner.clean { "--clean" } else { "--truncate" };
        if self.connection.dbname.is_some() || self.yes || !(self.manner.clean || self.manner.fill.truncate) {
            return Ok(());
        }
        Err(Error::Usage {
            message: format!("{removes} removes what is there, and the command does not say in which database"),
            hint: Some(
                "name it: `-d DATABASE`; or add --yes if the one that the environment or the snapshot names is meant"
                    .into(),
            ),
        })
    }

    async fn prepared(&self, context: &Context, events: &Events) -> Result<(Reader, Options)> {
        let selection = self.pieces.chosen(&self.selection)?;
        let work = async {
            let repository = opening::open(&self.place, &self.identities).await?;
            let listed = repository.resolve(&self.snapshot).await?;
            let target = self.target(&listed, events).await?;
            Ok((repository.reader(&listed).await?, target))
        };
        let (reader, target) = context.cancellation.unless(work).await?;
        let options = Options {
            target,
            jobs: self.jobs.number(),
            start: if self.create { restore::Start::NewDatabase } else { restore::Start::Existing },
            course: self.manner.course(),
            selection,
            rendering: self.rendering.chosen()?,
            analyze: !self.no_analyze,
            clean: self.manner.clean,
            role: self.manner.role.as_deref().map(Text::from),
            into_schema: self.manner.into_schema.iter().cloned().collect(),
            into_table: self.manner.into_table.clone(),
            verify: self.manner.verify_target,
            fill: self.manner.fill.chosen(),
            disable_triggers: self.manner.fill.disable_triggers,
            cancellation: context.cancellation.clone(),
        };
        Ok((reader, options))
    }

    /// The database to restore into. With -C and no name it is called as the one that was dumped.
    async fn target(&self, listed: &Listed, events: &Events) -> Result<Config> {
        let config = self.connection.config(None, events).await?;
        if self.connection.names_database()? {
            return Ok(config);
        }
        if listed.snapshot.head.is_globals() {
            return Ok(config.with_database("postgres"));
        }
        if self.create {
            return Ok(config.with_database(listed.snapshot.head.source.database.clone()));
        }
        Err(Error::Usage {
            message: "no target database is named".into(),
            hint: Some("name it: `-d DATABASE`; with -C it is created".into()),
        })
    }
}

/// What is known of the rows on the target, and no more than that.
fn proof(summary: &Summary) -> String {
    let mut text = match (summary.proof, summary.tables_read_back) {
        (Proof::ReadBack, Some(tables)) => {
            format!("{} read back from the target and found the same\n", units::counted(tables, "table"))
        }
        _ if summary.tables == 0 || !summary.failures.is_empty() || !summary.kept.is_empty() => String::new(),
        _ => "these rows were sent as in the snapshot and counted by the server; --verify-target reads them back\n"
            .into(),
    };
    for unproven in &summary.unproven {
        text += &format!("not compared: {}: {}\n", screen::line(&unproven.table), unproven.reason);
    }
    text
}

/// Whether all that was asked for came back.
fn complete(summary: &Summary) -> Outcome {
    let Some(first) = summary.not_restored.first() else { return Ok(()) };
    let things = units::counted(summary.not_restored.len() as u64, "thing");
    let message = format!("{things} that was asked for did not come back, and all else did: {first}");
    Err(Error::Partial { message }.into())
}

fn text(summary: &Summary) -> String {
    let mut text = format!(
        "restored {}: {} in {}, {} of rows, {}, in {}\n",
        screen::line(&summary.database),
        units::counted(summary.rows, "row"),
        units::counted(summary.tables, "table"),
        units::size(summary.bytes),
        units::counted(summary.objects, "object"),
        units::duration(summary.took),
    );
    if !summary.failures.is_empty() {
        text += "could not be restored:\n";
    }
    for failure in &summary.failures {
        text += &format!("  {}: {}\n", screen::line(&failure.object), screen::line(&failure.error));
    }
    if summary.resumable {
        text += "the same command with --resume tries these again and nothing else\n";
    }
    for kept in &summary.kept {
        let (table, added) = (screen::line(&kept.table), units::counted(kept.added, "row"));
        text += &match kept.kept_or_turned_away {
            0 => format!("{table}: {added} added, {} were there already\n", units::count(kept.kept)),
            others => {
                let others = units::count(others);
                format!("{table}: {added} added, {others} were there already or were turned away by a trigger\n")
            }
        };
    }
    text += &proof(summary);
    if !summary.left_out.is_empty() {
        text += "left out:\n";
    }
    for left_out in &summary.left_out {
        text += &format!("  {}\n", screen::line(left_out));
    }
    text
}
