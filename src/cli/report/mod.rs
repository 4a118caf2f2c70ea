//! Shows what the library reports while it works, in the one style that fits where the output goes.
//!
//! Progress and warnings go to stderr, results to stdout; with `--json` everything goes to stdout, one event a line. A
//! stderr or stdout that nobody reads any more never stops a dump or restore. Counting is the tally's, in the library.

mod bars;
mod json;
mod lines;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use clap::Args;
use pgkeep::progress::{Event, Events, Tally};
use serde::Serialize;

use super::{screen, units};

/// How much is said, and how.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Output {
    /// Print one JSON event a line on stdout, the summary last
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print no progress and no summary: only errors, warnings and what was asked for
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Print every table and object when it is done
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(crate) verbose: bool,
}

/// One way to show events.
trait Renderer: Send {
    /// Shows `event`, which `tally` has already counted.
    fn show(&mut self, event: &Event, tally: &Tally, now: Instant);
    /// Takes away what must not stay on the screen.
    fn close(&mut self) {}
}

/// The progress of one command, from its first event until it is dropped.
pub(crate) struct Report {
    state: Arc<Mutex<State>>,
}

struct State {
    tally: Tally,
    renderer: Box<dyn Renderer>,
}

impl Report {
    /// Shows nothing before the first event.
    pub(crate) fn new(output: Output) -> Self {
        let renderer: Box<dyn Renderer> = if output.json {
            Box::new(json::Json::default())
        } else if output.quiet {
            Box::new(lines::Warnings)
        } else if io::stderr().is_terminal() {
            Box::new(bars::Bars::new(output.verbose))
        } else {
            Box::new(lines::Lines::new(output.verbose))
        };
        Self { state: Arc::new(Mutex::new(State { tally: Tally::new(Instant::now()), renderer })) }
    }

    /// What the library is given.
    pub(crate) fn events(&self) -> Events {
        let state = Arc::clone(&self.state);
        Arc::new(move |event| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let State { tally, renderer } = &mut *state;
            let now = Instant::now();
            tally.add(&event, now);
            renderer.show(&event, tally, now);
        })
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).renderer.close();
    }
}

impl Output {
    /// Prints what a command did: `value` as the last event with `--json`, otherwise `text`, and nothing with `--quiet`.
    pub(crate) fn summary(self, command: &str, value: &impl Serialize, text: &str) -> io::Result<()> {
        self.result(command, value, if self.quiet { "" } else { text })
    }

    /// Prints what a command was asked for, also with `--quiet`: `value` as the last event with `--json`, otherwise
    /// `text`.
    pub(crate) fn result(self, command: &str, value: &impl Serialize, text: &str) -> io::Result<()> {
        #[derive(Serialize)]
        struct Summary<'a, T> {
            event: &'static str,
            command: &'a str,
            #[serde(flatten)]
            value: &'a T,
        }
        if self.json { json::write(&Summary { event: "summary", command, value }) } else { text_out(text) }
    }

    /// Prints one result of several as an event of its own.
    pub(crate) fn event(self, value: &impl Serialize) -> io::Result<()> {
        json::write(value)
    }
}

fn text_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// `copy: 1.2 GiB of about 3.4 GiB, 12,345 rows, 85.0 MiB/s, 24 s left`.
fn progress_line(tally: &Tally, now: Instant) -> String {
    let mut parts = Vec::new();
    if tally.bytes > 0 {
        let moved = units::size(tally.bytes);
        parts.push(match tally.bytes_planned {
            planned if planned > tally.bytes => format!("{moved} of about {}", units::size(planned)),
            _ => moved,
        });
        parts.push(units::counted(tally.rows, "row"));
        if let Some(rate) = tally.rate(now) {
            parts.push(format!("{}/s", units::size(rate as u64)));
        }
        if let Some(rest) = tally.remaining(now) {
            parts.push(format!("{} left", units::duration(rest)));
        }
    } else if tally.objects > 0 {
        parts.push(match tally.objects_planned {
            planned if planned >= tally.objects => {
                format!("{} of {}", units::count(tally.objects), units::counted(planned, "object"))
            }
            _ => units::counted(tally.objects, "object"),
        });
    }
    match parts.as_slice() {
        [] => tally.step.to_owned(),
        _ => format!("{}: {}", tally.step, parts.join(", ")),
    }
}

/// A line about an event that is worth one, where people asked for every detail or it is a warning.
fn notable(event: &Event, verbose: bool) -> Option<String> {
    match event {
        Event::Warning { message, hint } => {
            let hint = hint.as_ref().map(|hint| format!("\nhint: {}", screen::lines(hint, "    ")));
            Some(format!("pgkeep: warning: {}{}", screen::lines(message, "    "), hint.unwrap_or_default()))
        }
        Event::ServerSnapshot { name } if verbose => Some(format!("pgkeep: server snapshot {}", screen::line(name))),
        Event::PartDone { table, part, of, rows, bytes, took } if verbose => Some(format!(
            "pgkeep: {}{}: {}, {}, {}",
            screen::line(table),
            part_of(*part, *of),
            units::counted(*rows, "row"),
            units::size(*bytes),
            units::duration(*took)
        )),
        Event::ObjectDone { kind, name } if verbose => Some(format!("pgkeep: {} {}", kind.noun(), screen::line(name))),
        _ => None,
    }
}

/// ` (part 3 of 12)`, or nothing where a table is one part.
fn part_of(part: u32, of: u32) -> String {
    if of > 1 { format!(" (part {} of {of})", part + 1) } else { String::new() }
}
