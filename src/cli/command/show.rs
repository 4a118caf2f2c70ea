//! `pgkeep show`: what one snapshot contains.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;
use pgkeep::Result;
use pgkeep::object::{Kind, ObjectId};
use pgkeep::plan::select::List;
use pgkeep::repository::{Listed, Manifest, Server, Snapshots};
use serde::Serialize;

use crate::cli::command::list;
use crate::cli::exit::Outcome;
use crate::cli::flags::{Identities, Place};
use crate::cli::table::Table;
use crate::cli::{Context, opening, screen, units};

/// Show what a snapshot contains
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  pgkeep show latest
  pgkeep show 3f9a2c --json
  pgkeep show latest --list > pos.list")]
pub(crate) struct Show {
    /// Snapshot to show: `latest`, `latest~1`, the start of an id, or a database's name for its latest
    #[arg(default_value = "latest")]
    snapshot: String,
    /// One line an object and its rows, for `restore --use-list` and `sql --use-list`, as `pg_restore -l` has it
    #[arg(long, short = 'l', conflicts_with = "json")]
    list: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    identities: Identities,
}

/// A table as `--json` prints it.
#[derive(Serialize)]
struct TableLine {
    event: &'static str,
    name: String,
    rows: u64,
    bytes: u64,
    parts: u64,
}

/// An object as `--json` prints it.
#[derive(Serialize)]
struct ObjectLine {
    event: &'static str,
    kind: Kind,
    name: String,
}

/// The last event of `show`.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    snapshot: list::Facts<'a>,
    uid: &'a str,
    sequence: u64,
    tool: &'a str,
    started: Timestamp,
    finished: Timestamp,
    standby: bool,
    /// Whether it has statistics for the planner.
    statistics: bool,
    server: &'a Server,
    settings: &'a BTreeMap<String, String>,
    options: &'a [String],
    patterns: Vec<String>,
    missing_objects: Vec<(String, String)>,
}

impl Show {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let (snapshots, listed, manifest) = context.cancellation.unless(self.read()).await?;
        if self.list {
            std::io::stdout().lock().write_all(list_text(&listed, &manifest).as_bytes())?;
            return list::unreadable_snapshots(&snapshots.unreadable, context.output);
        }
        if context.output.json {
            for object in &manifest.objects {
                let (kind, name) = (object.kind, object.name.to_string());
                context.output.event(&ObjectLine { event: "object", kind, name })?;
            }
            for table in &tables(&manifest) {
                context.output.event(table)?;
            }
        }
        context.output.result("show", &summary(&listed, &manifest), &text(&listed, &manifest))?;
        list::unreadable_snapshots(&snapshots.unreadable, context.output)
    }

    async fn read(&self) -> Result<(Snapshots, Listed, Manifest)> {
        let repository = opening::open(&self.place, &self.identities).await?;
        let snapshots = repository.snapshots().await?;
        let listed = snapshots.resolve(&self.snapshot)?;
        let manifest = repository.reader(&listed).await?.manifest().await?;
        Ok((snapshots, listed, manifest))
    }
}

fn list_text(listed: &Listed, manifest: &Manifest) -> String {
    let sequences: BTreeSet<ObjectId> = manifest.sequences.iter().map(|position| position.object).collect();
    format!(
        "; snapshot {} of database {}, rows as of {}\n\
         ; what has no line here, or a semicolon before it, is left out; what is there is made in this order\n\n{}",
        listed.id,
        screen::line(&listed.snapshot.head.source.database.lossy()),
        list::local(listed.snapshot.head.times.server),
        List::of(&manifest.objects, &sequences)
    )
}

fn summary<'a>(listed: &'a Listed, manifest: &Manifest) -> Summary<'a> {
    let snapshot = &listed.snapshot;
    let missing = manifest.about.missing.iter().map(|(what, why)| (what.to_string(), why.to_string()));
    Summary {
        snapshot: list::facts(listed),
        uid: &snapshot.uid,
        sequence: snapshot.sequence,
        tool: &snapshot.tool,
        started: snapshot.head.times.client,
        finished: snapshot.head.times.finished,
        standby: snapshot.head.standby,
        statistics: !snapshot.manifest.statistics.is_empty(),
        server: &snapshot.head.server,
        settings: &snapshot.head.settings,
        options: &snapshot.head.options,
        patterns: manifest.about.patterns.iter().map(ToString::to_string).collect(),
        missing_objects: missing.collect(),
    }
}

/// Tables with rows or without, by the order of the snapshot.
fn tables(manifest: &Manifest) -> Vec<TableLine> {
    let mut tables: Vec<TableLine> = Vec::new();
    let mut last = None;
    for part in &manifest.parts {
        if last != Some(part.object) {
            let name = manifest.object(part.object).map(|object| object.name.to_string()).unwrap_or_default();
            tables.push(TableLine { event: "table", name, rows: 0, bytes: 0, parts: 0 });
            last = Some(part.object);
        }
        let table = tables.last_mut().expect("one was pushed for the first part");
        table.rows += part.stored.digest.rows;
        table.bytes += part.stored.digest.bytes;
        table.parts += 1;
    }
    tables
}

fn text(listed: &Listed, manifest: &Manifest) -> String {
    let (snapshot, head) = (&listed.snapshot, &listed.snapshot.head);
    let label = head.source.label.as_deref().map(|label| format!(", {}", screen::line(label))).unwrap_or_default();
    let took = head.times.finished.duration_since(head.times.client).unsigned_abs();
    let collation = head.server.collation_version.as_deref().map(|v| format!(" version {v}")).unwrap_or_default();
    let server = format!(
        "PostgreSQL {}, {}, collation {}{collation}{}",
        head.server.version_text,
        head.server.encoding,
        head.server.collate,
        if head.standby { ", standby" } else { "" }
    );
    let mut lines = vec![
        ("snapshot", listed.id.to_string()),
        ("database", format!("{} on {}{label}", head.source.database, head.source.host)),
        ("rows as of", list::local(head.times.server)),
        ("copied in", units::duration(took)),
        ("server", server),
        ("size", format!("{}, {}", units::counted(snapshot.totals.rows, "row"), units::size(snapshot.totals.bytes))),
        ("new", format!("{} stored", units::size(snapshot.totals.stored_bytes))),
        ("complete", list::completeness(listed)),
        ("statistics", statistics(listed)),
        ("written by", snapshot.tool.clone()),
    ];
    let joined = |pairs: Vec<String>| if pairs.is_empty() { "none".to_owned() } else { pairs.join(", ") };
    lines.push(("extensions", joined(head.server.extensions.iter().map(|(n, v)| format!("{n} {v}")).collect())));
    let settings = head.settings.iter().map(|(name, value)| format!("{name} = '{value}'"));
    lines.push(("settings", joined(settings.collect())));
    if !manifest.about.patterns.is_empty() {
        lines.push(("selected", joined(manifest.about.patterns.iter().map(ToString::to_string).collect())));
    }
    let mut text = String::new();
    for (name, value) in lines {
        text += &format!("{name:<11} {}\n", screen::line(&value));
    }
    text + &missing_text(manifest) + &objects_text(manifest) + &tables_text(manifest)
}

fn statistics(listed: &Listed) -> String {
    match listed.snapshot.manifest.statistics.iter().map(|chunk| u64::from(chunk.bytes)).sum() {
        0 => "none".into(),
        bytes => format!("{} for the planner", units::size(bytes)),
    }
}

fn missing_text(manifest: &Manifest) -> String {
    let mut text = String::new();
    for (what, why) in &manifest.about.missing {
        text += &format!("{:<11} {}: {}\n", "missing", screen::line(&what.lossy()), screen::line(&why.lossy()));
    }
    text
}

fn objects_text(manifest: &Manifest) -> String {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for object in &manifest.objects {
        *kinds.entry(object.kind.noun()).or_default() += 1;
    }
    let mut table = Table::new(["objects", ">number"]);
    for (kind, number) in kinds {
        table.row([kind.into(), units::count(number)]);
    }
    format!("\n{}", table.text(""))
}

fn tables_text(manifest: &Manifest) -> String {
    let mut table = Table::new(["tables", ">rows", ">size", ">parts"]);
    for line in tables(manifest) {
        let name = screen::line(&line.name).into_owned();
        table.row([name, units::count(line.rows), units::size(line.bytes), units::count(line.parts)]);
    }
    format!("\n{}", table.text(""))
}
