//! One JSON object a line on stdout. Bytes moved are added up to one `progress` event a second.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pgkeep::progress::Event;
use serde::Serialize;

use super::{Renderer, Tally};

/// No more than one `progress` event in this time.
const EVERY: Duration = Duration::from_secs(1);

/// Events as lines.
#[derive(Default)]
pub(super) struct Json {
    said: Option<Instant>,
}

/// An event of the library, and when.
#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    #[serde(flatten)]
    event: &'a Event,
}

/// Totals so far; stands for many `moved` events.
#[derive(Serialize)]
struct Progress<'a> {
    at: Timestamp,
    event: &'static str,
    step: &'a str,
    bytes: u64,
    bytes_planned: u64,
    rows: u64,
    parts: u64,
    parts_planned: u64,
    parts_running: usize,
    bytes_per_second: Option<u64>,
    seconds_left: Option<u64>,
}

impl Renderer for Json {
    fn show(&mut self, event: &Event, tally: &Tally, now: Instant) {
        let at = Timestamp::now();
        // Nobody reading events is no reason to stop.
        drop(match event {
            Event::Moved { .. } if self.said.is_some_and(|said| now.duration_since(said) < EVERY) => return,
            Event::Moved { .. } => {
                self.said = Some(now);
                write(&Progress {
                    at,
                    event: "progress",
                    step: tally.step,
                    bytes: tally.bytes,
                    bytes_planned: tally.bytes_planned,
                    rows: tally.rows,
                    parts: tally.parts,
                    parts_planned: tally.parts_planned,
                    parts_running: tally.running.len(),
                    bytes_per_second: tally.rate(now).map(|rate| rate as u64),
                    seconds_left: tally.remaining(now).map(|rest| rest.as_secs()),
                })
            }
            event => write(&Line { at, event }),
        });
    }
}

/// Writes `value` as one line.
pub(super) fn write(value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}
