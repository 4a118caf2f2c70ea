//! What a run has done so far, added up from its events. Pure: time comes in from outside.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::Event;

/// Rates are taken over the last seconds, so that a slow table shows at once.
const WINDOW: Duration = Duration::from_secs(15);

/// Running totals of one run.
#[derive(Debug)]
pub struct Tally {
    /// What is being done now; empty before the first step.
    pub step: &'static str,
    /// Bytes of COPY text moved.
    pub bytes: u64,
    /// Bytes there are to move, or an estimate; 0 while unknown.
    pub bytes_planned: u64,
    /// Rows moved.
    pub rows: u64,
    /// Objects created or checked.
    pub objects: u64,
    /// Objects there are; 0 while unknown.
    pub objects_planned: u64,
    /// Parts complete.
    pub parts: u64,
    /// Parts there are; 0 while unknown.
    pub parts_planned: u64,
    /// Parts being moved now, by table and number, with the parts of the table and the bytes moved.
    pub running: BTreeMap<(String, u32), Running>,
    /// Moments and bytes of the last [`WINDOW`], for the rate.
    samples: VecDeque<(Instant, u64)>,
}

/// A part being moved.
#[derive(Clone, Copy, Debug, Default)]
pub struct Running {
    /// Parts of its table.
    pub of: u32,
    /// Bytes moved.
    pub bytes: u64,
}

impl Tally {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            step: "",
            bytes: 0,
            bytes_planned: 0,
            rows: 0,
            objects: 0,
            objects_planned: 0,
            parts: 0,
            parts_planned: 0,
            running: BTreeMap::new(),
            samples: VecDeque::from([(now, 0)]),
        }
    }

    /// Takes an event into account.
    pub fn add(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Step { step } => self.step = step.as_str(),
            Event::Planned { parts, bytes, objects, .. } => {
                self.parts_planned = *parts;
                self.bytes_planned = *bytes;
                self.objects_planned = *objects;
            }
            Event::PartStarted { table, part, of } => {
                self.running.insert((table.clone(), *part), Running { of: *of, bytes: 0 });
            }
            Event::Moved { table, part, bytes, rows } => self.moved(table, *part, *bytes, *rows, now),
            Event::PartDone { table, part, .. } => {
                self.running.remove(&(table.clone(), *part));
                self.parts += 1;
            }
            Event::ObjectDone { .. } => self.objects += 1,
            _ => {}
        }
    }

    fn moved(&mut self, table: &str, part: u32, bytes: u64, rows: u64, now: Instant) {
        if let Some(running) = self.running.get_mut(&(table.to_owned(), part)) {
            running.bytes += bytes;
        }
        self.bytes += bytes;
        self.rows += rows;
        match self.samples.back_mut() {
            // One sample a second is enough; the first stays where it is.
            Some((at, total)) if now.duration_since(*at) < Duration::from_secs(1) && *total > 0 => *total = self.bytes,
            _ => self.samples.push_back((now, self.bytes)),
        }
        while self.samples.len() > 2 && now.duration_since(self.samples[1].0) > WINDOW {
            self.samples.pop_front();
        }
    }

    /// Bytes a second over the last seconds; `None` before anything moved.
    pub fn rate(&self, now: Instant) -> Option<f64> {
        let (since, before) = *self.samples.front()?;
        let seconds = now.saturating_duration_since(since).as_secs_f64();
        (self.bytes > before && seconds > 0.1).then(|| (self.bytes - before) as f64 / seconds)
    }

    /// How long the rest takes at the present rate; `None` where the rest or the rate is not known.
    pub fn remaining(&self, now: Instant) -> Option<Duration> {
        let rest = self.bytes_planned.checked_sub(self.bytes).filter(|&rest| rest > 0)?;
        Duration::try_from_secs_f64(rest as f64 / self.rate(now)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(bytes: u64) -> Event {
        Event::Moved { table: "t".into(), part: 0, bytes, rows: 10 }
    }

    #[test]
    fn rate_and_rest_follow_the_last_seconds() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut tally = Tally::new(start);
        assert_eq!(tally.rate(at(1)), None);
        tally.add(&Event::Planned { tables: 1, parts: 1, bytes: 10_000, rows: None, objects: 3 }, at(0));
        tally.add(&Event::PartStarted { table: "t".into(), part: 0, of: 1 }, at(0));
        tally.add(&moved(1000), at(10));
        assert_eq!(tally.rate(at(10)), Some(100.0));
        assert_eq!(tally.remaining(at(10)), Some(Duration::from_secs(90)));
        for second in 11..40 {
            tally.add(&moved(10), at(second));
        }
        let rate = tally.rate(at(39)).expect("bytes moved");
        assert!((9.0..12.0).contains(&rate), "the fast start is forgotten: {rate}");
        assert_eq!(tally.running[&("t".into(), 0)].bytes, 1290);
        assert_eq!(tally.rows, 300);
    }

    #[test]
    fn more_than_estimated_has_no_rest() {
        let start = Instant::now();
        let mut tally = Tally::new(start);
        tally.add(&Event::Planned { tables: 1, parts: 1, bytes: 5, rows: None, objects: 0 }, start);
        tally.add(&moved(50), start + Duration::from_secs(1));
        assert_eq!(tally.remaining(start + Duration::from_secs(1)), None);
    }
}
