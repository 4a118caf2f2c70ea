//! The plan of a restore as text, and whether it is possible.

use std::time::Duration;

use pgkeep::ErrorKind;
use pgkeep::object::Section;
use pgkeep::restore::{self, Outline};

use super::exit::{Failure, Outcome};
use super::table::Table;
use super::{Context, screen, units};

/// Prints the plan; fails where something stands in the way of it.
pub(super) fn tell(context: &Context, outline: &Outline) -> Outcome {
    context.output.result("restore --plan", outline, &planned(outline))?;
    let fatal = outline.findings.iter().filter(|finding| finding.fatal).count();
    if fatal == 0 {
        return Ok(());
    }
    let message = format!("cannot restore: {}", units::counted(fatal as u64, "problem"));
    let hint = Some("each is listed in the plan with what to do about it; nothing was changed".into());
    Err(Failure::Found { kind: ErrorKind::Unsupported, message, hint })
}

fn planned(outline: &Outline) -> String {
    let created = if outline.creates_database { ", which is created" } else { "" };
    let statistics = if outline.statistics { ", statistics for the planner" } else { "" };
    let mut text = format!(
        "into {}{created}: {}, {} in {}, {} of rows{statistics}\n",
        screen::line(&outline.database),
        units::counted(outline.objects.len() as u64, "object"),
        units::counted(outline.rows, "row"),
        units::counted(outline.tables.len() as u64, "table"),
        units::size(outline.bytes),
    );
    text += &circumstances(outline);
    let loads = outline.objects.iter().position(|object| object.section == Section::PostData);
    let (before, after) = outline.objects.split_at(loads.unwrap_or(outline.objects.len()));
    for (title, objects) in [("created before the rows:\n", before), ("created after the rows:\n", after)] {
        text += if objects.is_empty() { "" } else { title };
        for object in objects {
            text += &format!("  {} {}\n", object.kind.noun(), screen::line(&object.name));
        }
        if title.contains("before") && !outline.tables.is_empty() {
            text += &loaded(outline);
        }
    }
    let without = outline.without.iter().map(|what| format!("{what}: an option says so"));
    let sections = [
        ("there already:\n", outline.exists.clone()),
        ("left out:\n", outline.left_out.iter().cloned().chain(without).collect()),
        ("missing in the snapshot:\n", outline.missing.clone()),
        ("found:\n", found(outline)),
    ];
    for (title, lines) in sections.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        text += title;
        text.extend(lines.iter().map(|line| format!("  {}\n", screen::line(line))));
    }
    text
}

/// Server, role, connections and time.
fn circumstances(outline: &Outline) -> String {
    let (server, time) = (&outline.server, &outline.estimate);
    let duration = |seconds: f64| units::duration(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    format!(
        "  as role {}, from PostgreSQL {} into {}; {} free, {} needed\n  time: roughly {}, hardly less than {} or more than {} \
         if {}\n",
        screen::line(&server.role),
        server.source_version / 10_000,
        server.version / 10_000,
        units::counted(server.connections_free.max(0).cast_unsigned(), "connection"),
        units::count(server.connections_needed.max(0).cast_unsigned()),
        duration(time.seconds),
        duration(time.seconds_least),
        duration(time.seconds_most),
        time.assumes,
    )
}

fn loaded(outline: &Outline) -> String {
    let mut table = Table::new(["table", ">rows", ">size", ">parts"]);
    for loaded in &outline.tables {
        let (rows, parts) = (units::count(loaded.rows), units::count(loaded.parts));
        table.row([screen::line(&loaded.table).into_owned(), rows, units::size(loaded.bytes), parts]);
    }
    format!("rows loaded:\n{}", table.text("  "))
}

fn found(outline: &Outline) -> Vec<String> {
    let line = |finding: &restore::Finding| {
        let weight = if finding.fatal { "in the way" } else { "to know" };
        format!("{weight}: {}; {}", finding.message, finding.hint)
    };
    outline.findings.iter().map(line).collect()
}
