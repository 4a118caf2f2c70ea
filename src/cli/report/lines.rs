//! Plain lines on stderr, for logs and cron: each step, then one line every few seconds.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use pgkeep::progress::Event;

use super::{Renderer, Tally, notable, progress_line};

/// No more than one line of progress in this time.
const EVERY: Duration = Duration::from_secs(5);

/// Steps, progress and warnings.
pub(super) struct Lines {
    verbose: bool,
    said: Instant,
    step: &'static str,
}

impl Lines {
    pub(super) fn new(verbose: bool) -> Self {
        Self { verbose, said: Instant::now(), step: "" }
    }
}

impl Renderer for Lines {
    fn show(&mut self, event: &Event, tally: &Tally, now: Instant) {
        if let Some(line) = notable(event, self.verbose) {
            say(&line);
        } else if tally.step != self.step {
            self.step = tally.step;
            self.said = now;
            say(&format!("pgkeep: {}", tally.step));
        } else if now.duration_since(self.said) >= EVERY {
            self.said = now;
            say(&format!("pgkeep: {}", progress_line(tally, now)));
        }
    }
}

/// Warnings only.
pub(super) struct Warnings;

impl Renderer for Warnings {
    fn show(&mut self, event: &Event, _: &Tally, _: Instant) {
        if let Some(line) = notable(event, false) {
            say(&line);
        }
    }
}

fn say(line: &str) {
    // Nobody reading progress is no reason to stop.
    drop(writeln!(io::stderr().lock(), "{line}"));
}
