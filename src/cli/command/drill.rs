//! `pgkeep drill`: restores a snapshot into a scratch database, compares everything, drops it.

use std::path::PathBuf;

use clap::Args;
use pgkeep::drill::{self, Options, Report};
use pgkeep::plan::Pattern;
use pgkeep::plan::select::TablePattern;
use pgkeep::progress::Events;
use pgkeep::restore::{self, Verdict};
use pgkeep::{Error, ErrorKind, Result};
use serde::Serialize;

use crate::cli::command::list;
use crate::cli::exit::{Failure, Outcome};
use crate::cli::flags::{Connection, Identities, Jobs, Place};
use crate::cli::rendering::Rendering;
use crate::cli::selection::{Pieces, Selection};
use crate::cli::{Context, opening, report, screen, units};

/// Prove that a snapshot restores
#[derive(Args, Debug)]
#[command(after_long_help = "\
Creates a scratch database on the server that the connection names, restores the snapshot into it, reads every table
back, compares numbers and digests of rows with those of the dump, runs your checks and drops the database again.
Exit code 10 means that something differed, 9 that a table could not be compared in full, since a server of another
major version prints some types differently. What a drill that was killed has left on the server, the next one drops.

A check file holds statements separated by a semicolon at the end of a line; each must return exactly one true. Tables
need their schema (public.orders): checks run with an empty search_path, so that nothing in the snapshot can stand in
for what they call.

A line of cron for a drill every month:
  0 4 1 * *  pgkeep drill latest -h spare-server --check /etc/pgkeep/totals.sql --report /var/log/pgkeep-drill --quiet

Examples:
  pgkeep drill latest -h spare-server
  pgkeep drill pos_riverside --check totals.sql --json
  pgkeep drill latest --tables 'payments.*' --report drill.txt
  pgkeep drill latest --max-bytes 1000000000 -O -x")]
pub(crate) struct Drill {
    /// Snapshot to try: `latest`, `latest~1`, the start of an id, or a database's name for its latest
    snapshot: String,
    /// Restore only tables that match, with what they need; may be given several times
    #[arg(long = "tables", value_name = "PATTERN")]
    sample: Vec<String>,
    /// Restore only the smallest tables that fit into this many bytes of rows, with what they need
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<u64>,
    /// File with statements that must return true; may be given several times
    #[arg(long = "check", value_name = "FILE")]
    checks: Vec<PathBuf>,
    /// Write the report into FILE as text and into FILE.json, also where the drill fails
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Leave the scratch database behind, under a name that no later drill drops
    #[arg(long)]
    keep: bool,
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

/// What became of the scratch database of a drill that did not come to its end.
const DROPPED: &str = "what was made for the drill is dropped, unless a warning names it";
const KEPT: &str = "the scratch database stays, if it was made";

/// The report of a drill that found nothing out.
#[derive(Serialize)]
struct Failed<'a> {
    snapshot: &'a str,
    passed: bool,
    error: String,
}

impl<'a> Failed<'a> {
    fn new(snapshot: &'a str, error: &Error) -> Self {
        let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        let error = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        Self { snapshot, passed: false, error }
    }
}

impl Drill {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let progress = report::Report::new(context.output);
        let done = self.drill(context, &progress.events()).await;
        drop(progress);
        let found = match done {
            Ok(found) => found,
            Err(error) => {
                let failed = Failed::new(&self.snapshot, &error);
                self.write(&failed, &format!("drill of {} failed: {}\n", self.snapshot, failed.error))?;
                return Err(Failure::ended(error, if self.keep { KEPT } else { DROPPED }));
            }
        };
        self.write(&found, &text(&found))?;
        if found.passed {
            context.output.summary("drill", &found, &text(&found))?;
            return Ok(());
        }
        context.output.result("drill", &found, &text(&found))?;
        Err(verdict(&found))
    }

    /// Writes the report where that was asked for.
    fn write(&self, report: &impl Serialize, text: &str) -> Result<()> {
        let Some(file) = &self.report else { return Ok(()) };
        let json = serde_json::to_string_pretty(report).expect("a report serializes: its maps have text keys");
        let mut beside = file.clone().into_os_string();
        beside.push(".json");
        for (path, content) in [(file.clone(), text), (beside.into(), &format!("{json}\n"))] {
            std::fs::write(&path, content).map_err(|error| Error::Usage {
                message: format!("cannot write the report {}: {error}", path.display()),
                hint: Some("name a file in a folder that exists and can be written".into()),
            })?;
        }
        Ok(())
    }

    async fn drill(&self, context: &Context, events: &Events) -> Result<Report> {
        let mut selection = self.pieces.chosen(&self.selection)?;
        for written in &self.sample {
            selection.tables.push(TablePattern { pattern: Pattern::of_relation(written.as_str())?, children: false });
            selection.with_dependencies = true;
        }
        let checks = self.checks()?;
        let reader =
            context.cancellation.unless(opening::reader(&self.place, &self.identities, &self.snapshot)).await?;
        let restore = restore::Options {
            jobs: self.jobs.number(),
            start: restore::Start::NewDatabase,
            selection,
            rendering: self.rendering.chosen()?,
            analyze: false,
            cancellation: context.cancellation.clone(),
            ..restore::Options::new(self.connection.config(None, events).await?)
        };
        let options = Options { restore, max_bytes: self.max_bytes, checks, keep: self.keep };
        drill::run(&reader, &options, events).await
    }

    /// File and statement of every check.
    fn checks(&self) -> Result<Vec<(String, String)>> {
        let mut all = Vec::new();
        for path in &self.checks {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| Error::Usage {
                message: format!("cannot read the checks of {file}: {error}"),
                hint: Some("a check file holds SQL statements in UTF-8".into()),
            })?;
            let text = text.replace("\r\n", "\n");
            let statements = text.split(";\n").map(str::trim).map(|s| s.trim_end_matches(';'));
            let says = |s: &&str| s.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with("--"));
            let before = all.len();
            all.extend(statements.filter(says).map(|s| (file.clone(), s.to_owned())));
            if all.len() == before {
                return Err(Error::Usage {
                    message: format!("there is no check in {file}"),
                    hint: Some(
                        "write statements that return true, each with a semicolon at the end of its line".into(),
                    ),
                });
            }
        }
        Ok(all)
    }
}

/// Why a drill did not pass.
fn verdict(found: &Report) -> Failure {
    let snapshot = list::short(found.snapshot);
    if found.differs() {
        return Failure::Found {
            kind: ErrorKind::Differs,
            message: format!("snapshot {snapshot} did not come back as it was"),
            hint: Some("`pgkeep verify` tells whether the repository is damaged".into()),
        };
    }
    let tables = found.tables.iter().filter(|table| table.verdict == Verdict::NotComparable).count() as u64;
    Failure::Found {
        kind: ErrorKind::Partial,
        message: format!(
            "snapshot {snapshot} came back, but {} could not be compared in full",
            units::counted(tables, "table")
        ),
        hint: Some("a server of the major version that was dumped prints all values alike: drill there".into()),
    }
}

fn text(found: &Report) -> String {
    let mut text = format!(
        "drill of snapshot {} of {}: restored {} in {} and {} in {}\n",
        list::short(found.snapshot),
        screen::line(&found.database),
        units::counted(found.restored.rows, "row"),
        units::counted(found.restored.tables, "table"),
        units::counted(found.restored.objects, "object"),
        units::duration(found.restored.took),
    );
    for table in found.tables.iter().filter(|table| table.verdict != Verdict::Same) {
        let dumped = units::counted(table.rows, "row");
        text += &match table.not_compared() {
            Some(what) => format!("not compared: {}\n", screen::line(&what)),
            None => {
                let name = screen::line(&table.table);
                format!("{name}: dumped {dumped}, read back {}\n", units::count(table.rows_found))
            }
        };
    }
    for check in &found.checks {
        let verdict = if check.passed { "true" } else { check.answer.as_str() };
        text += &format!(
            "check {}: {}: {}\n",
            screen::line(&check.file),
            screen::line(&check.statement),
            screen::line(verdict)
        );
    }
    for left_out in &found.restored.left_out {
        text += &format!("left out: {}\n", screen::line(left_out));
    }
    let same = found.tables.iter().filter(|table| table.verdict == Verdict::Same).count() as u64;
    let verdict = match (found.passed, found.differs()) {
        (true, _) => "all as it was dumped",
        (false, true) => "not as it was dumped",
        (false, false) => "nothing differs, but not everything could be compared",
    };
    text + &format!(
        "{} read back, in {}: {verdict}\n",
        units::counted(same, "equal table"),
        units::duration(found.took)
    )
}
