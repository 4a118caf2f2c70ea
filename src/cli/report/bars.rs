//! A live display on a terminal: the step with its totals, a bar, and the parts being moved.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pgkeep::progress::Event;

use super::{Renderer, Tally, notable, part_of, progress_line};
use crate::cli::{screen, units};

/// Parts shown at once; the largest are the interesting ones.
const PARTS_SHOWN: usize = 8;
/// The text is made anew no more often than this.
const EVERY: Duration = Duration::from_millis(100);

/// The display.
pub(super) struct Bars {
    verbose: bool,
    bar: ProgressBar,
    drawn: Option<Instant>,
    with_bar: bool,
}

impl Bars {
    pub(super) fn new(verbose: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10)).with_style(style(false));
        Self { verbose, bar, drawn: None, with_bar: false }
    }
}

impl Renderer for Bars {
    fn show(&mut self, event: &Event, tally: &Tally, now: Instant) {
        if let Some(line) = notable(event, self.verbose) {
            self.bar.println(line);
        }
        if matches!(event, Event::Warning { .. }) {
            return;
        }
        if self.drawn.is_none() {
            // Not before the work begins: a question for a password must stay where it is.
            self.bar.enable_steady_tick(EVERY);
        }
        let often = matches!(event, Event::Moved { .. } | Event::ObjectDone { .. });
        if often && self.drawn.is_some_and(|drawn| now.duration_since(drawn) < EVERY) {
            return;
        }
        self.drawn = Some(now);
        let with_bar = tally.bytes > 0 && tally.bytes_planned > 0;
        if with_bar != self.with_bar {
            self.with_bar = with_bar;
            self.bar.set_style(style(with_bar));
        }
        if with_bar {
            self.bar.set_length(tally.bytes_planned.max(tally.bytes));
            self.bar.set_position(tally.bytes);
        }
        self.bar.set_prefix(progress_line(tally, now));
        self.bar.set_message(running(tally));
    }

    fn close(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(with_bar: bool) -> ProgressStyle {
    let template = if with_bar {
        "{spinner} {prefix}  [{elapsed}]\n  {wide_bar} {percent:>3}%{msg}"
    } else {
        "{spinner} {prefix}  [{elapsed}]{msg}"
    };
    ProgressStyle::with_template(template).expect("both templates are valid; a test draws them").progress_chars("━╸─")
}

/// A line for each of the largest parts being moved, each behind a newline.
fn running(tally: &Tally) -> String {
    let mut parts: Vec<_> = tally.running.iter().collect();
    parts.sort_by_key(|(_, running)| std::cmp::Reverse(running.bytes));
    let mut out = String::new();
    for ((table, part), running) in parts.iter().take(PARTS_SHOWN) {
        let name = format!("{}{}", screen::line(table), part_of(*part, running.of));
        out.push_str(&format!("\n    {:>10}  {name}", units::size(running.bytes)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_are_valid() {
        style(false);
        style(true);
    }

    #[test]
    fn the_largest_parts_come_first_and_names_are_safe() {
        let now = Instant::now();
        let mut tally = Tally::new(now);
        for (table, part, of, bytes) in [("a\x1b[2J", 0, 1, 10), ("ord.item", 2, 12, 4096)] {
            tally.add(&Event::PartStarted { table: table.into(), part, of }, now);
            tally.add(&Event::Moved { table: table.into(), part, bytes, rows: 1 }, now);
        }
        assert_eq!(running(&tally), "\n       4.0 KiB  ord.item (part 3 of 12)\n          10 B  a\\x1b[2J");
    }
}
