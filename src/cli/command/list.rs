//! `pgkeep list`: the snapshots of a repository.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pgkeep::Error;
use pgkeep::hash::StoredId;
use pgkeep::progress::Event;
use pgkeep::repository::{Listed, Snapshots, Totals};
use pgkeep::text::Text;
use serde::Serialize;

use crate::cli::exit::Outcome;
use crate::cli::flags::{Identities, Place};
use crate::cli::report::{Output, Report};
use crate::cli::table::Table;
use crate::cli::{Context, opening, screen, units};

/// What snapshots of roles and tablespaces are called.
const GLOBALS: &str = "globals";

/// List the snapshots of the repository
#[derive(Args, Debug)]
#[command(after_long_help = "\
Times are those of the rows, in this machine's time zone. Sizes are bytes of rows; `new` is what the dump added to the
repository.

Examples:
  pgkeep list
  pgkeep list pos_riverside
  pgkeep list --json")]
pub(crate) struct List {
    /// Only snapshots of this database
    database: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    identities: Identities,
}

/// A line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    #[serde(flatten)]
    facts: Facts<'a>,
}

/// A snapshot as `--json` prints it. Field names are promised: add, never rename.
#[derive(Serialize)]
pub(crate) struct Facts<'a> {
    id: StoredId,
    /// `database`, or `globals` for what belongs to a whole server.
    kind: &'static str,
    /// Equal for all snapshots of one `dump --all-databases`.
    run: &'a str,
    time: Timestamp,
    database: &'a Text,
    host: &'a str,
    label: Option<&'a str>,
    server_version: &'a str,
    complete: bool,
    selected: bool,
    missing: u64,
    #[serde(flatten)]
    totals: Totals,
}

/// The last event of `list`.
#[derive(Serialize)]
struct Count {
    snapshots: usize,
}

impl List {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let work = async { opening::open(&self.place, &self.identities).await?.snapshots().await };
        let Snapshots { mut listed, unreadable, .. } = context.cancellation.unless(work).await?;
        if let Some(database) = &self.database {
            listed.retain(|one| one.snapshot.head.source.database.as_bytes() == database.as_bytes());
        }
        if context.output.json {
            for one in &listed {
                context.output.event(&Line { event: "snapshot", facts: facts(one) })?;
            }
        }
        context.output.result("list", &Count { snapshots: listed.len() }, &text(&listed))?;
        unreadable_snapshots(&unreadable, context.output)
    }
}

/// Says which snapshots could not be read, so that no listing looks complete that is not.
pub(crate) fn unreadable_snapshots(unreadable: &[(String, Error)], output: Output) -> Outcome {
    if unreadable.is_empty() {
        return Ok(());
    }
    let report = Report::new(output);
    let events = report.events();
    for (key, error) in unreadable {
        events(Event::Warning { message: format!("{key} cannot be read: {error}"), hint: error.hint() });
    }
    Err(Error::Partial { message: format!("{} cannot be read", units::counted(unreadable.len() as u64, "snapshot")) }
        .into())
}

/// The facts of a snapshot for programs.
pub(crate) fn facts(listed: &Listed) -> Facts<'_> {
    let head = &listed.snapshot.head;
    Facts {
        id: listed.id,
        kind: if head.is_globals() { GLOBALS } else { "database" },
        run: &head.run,
        time: head.times.server,
        database: &head.source.database,
        host: &head.source.host,
        label: head.source.label.as_deref(),
        server_version: &head.server.version_text,
        complete: is_complete(listed),
        selected: head.selected,
        missing: head.missing,
        totals: listed.snapshot.totals,
    }
}

fn is_complete(listed: &Listed) -> bool {
    !listed.snapshot.head.selected && listed.snapshot.head.missing == 0
}

fn text(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "no snapshots\n".into();
    }
    let mut table =
        Table::new(["id", "time", "database", "host", "label", ">tables", ">rows", ">size", ">new", "complete"]);
    for one in listed {
        let (head, totals) = (&one.snapshot.head, &one.snapshot.totals);
        table.row([
            short(one.id),
            local(head.times.server),
            name(one),
            screen::line(&head.source.host).into_owned(),
            head.source.label.as_deref().map(|label| screen::line(label).into_owned()).unwrap_or_default(),
            units::count(totals.tables),
            units::count(totals.rows),
            units::size(totals.bytes),
            units::size(totals.stored_bytes),
            completeness(one),
        ]);
    }
    table.text("")
}

/// The name of the database; one that is called as what belongs to a whole server is told apart from that.
fn name(one: &Listed) -> String {
    let head = &one.snapshot.head;
    let name = head.source.database.lossy();
    let note = if name == GLOBALS && !head.is_globals() { " (a database)" } else { "" };
    format!("{}{note}", screen::line(&name))
}

/// `yes`, `selection`, or how many things are missing.
pub(crate) fn completeness(listed: &Listed) -> String {
    let head = &listed.snapshot.head;
    match (head.missing, head.selected) {
        (0, false) => "yes".into(),
        (0, true) => "selection".into(),
        (missing, _) => format!("{} missing", units::count(missing)),
    }
}

/// The start of an id: enough to name a snapshot in any repository of a realistic size.
pub(crate) fn short(id: StoredId) -> String {
    id.to_string()[..8].to_owned()
}

/// `2026-11-20 23:14:05 +01:00`, in this machine's time zone.
pub(crate) fn local(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}
