//! How long a restore may take: a rough guess from how much there is to do, honest about what it rests on. Pure.

use std::collections::HashMap;

use serde::Serialize;

use crate::object::{Kind, ObjectId};
use crate::restore::prepare::plan::Plan;

/// COPY text that one session loads in a second. With the other figures it comes close to the measurements in the
/// README, on two cores that server and client share.
const LOADED_PER_SECOND: f64 = 20.0 * MIB;
/// COPY text of a table whose index, key or foreign key is built or checked in a second by one session.
const BUILT_PER_SECOND: f64 = 40.0 * MIB;
/// What a statement takes beside the way to the server and back.
const STATEMENT_SECONDS: f64 = 0.001;
/// How wrong it may be in either direction.
const FACTOR: f64 = 3.0;

const MIB: f64 = 1024.0 * 1024.0;

/// A guess of the time that a restore takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The guess.
    pub seconds: f64,
    /// It will hardly take less.
    pub seconds_least: f64,
    /// It will hardly take more, unless others work on the server too.
    pub seconds_most: f64,
    /// What it rests on.
    pub assumes: String,
}

/// What there is to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    /// Statements that run one after another.
    pub(crate) statements: u64,
    /// Bytes of every part.
    pub(crate) parts: Vec<u64>,
    /// Bytes of the table of every index, key and foreign key.
    pub(crate) builds: Vec<u64>,
}

impl Work {
    /// Of a plan; what an earlier run has done is counted too.
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut tables: HashMap<ObjectId, u64> = HashMap::new();
        let mut work = Self::default();
        for part in plan.parts() {
            let bytes = part.stored.digest.bytes;
            *tables.entry(part.object).or_default() += bytes;
            work.parts.push(bytes);
        }
        for object in plan.objects() {
            match object.kind {
                Kind::Index | Kind::Constraint | Kind::ForeignKey => {
                    work.builds.push(object.part_of.and_then(|table| tables.get(&table)).copied().unwrap_or_default());
                }
                _ => {}
            }
            work.statements += (object.create.len() + object.finish.len() + object.comments.len()) as u64;
            work.statements += object.grants.len() as u64 + 1;
        }
        work
    }

    /// The guess for so many jobs and this way to the server and back, in seconds.
    pub(crate) fn estimate(&self, jobs: usize, round_trip: f64) -> Estimate {
        let side_by_side = |sizes: &[u64], rate: f64| {
            let jobs = jobs.clamp(1, sizes.len().max(1)) as f64;
            let (all, largest) = (sizes.iter().sum::<u64>() as f64, sizes.iter().copied().max().unwrap_or(0) as f64);
            (all / jobs).max(largest) / rate
        };
        let units = (self.parts.len() + self.builds.len()) as f64 / jobs.max(1) as f64;
        // A part or an index has a transaction of its own, of about five statements.
        let statements = self.statements as f64 + 5.0 * units;
        let seconds = side_by_side(&self.parts, LOADED_PER_SECOND)
            + side_by_side(&self.builds, BUILT_PER_SECOND)
            + statements * (round_trip + STATEMENT_SECONDS);
        let assumes = format!(
            "each of {jobs} jobs loads {:.0} MiB of rows a second or indexes {:.0}, and the server is {:.1} ms away",
            LOADED_PER_SECOND / MIB,
            BUILT_PER_SECOND / MIB,
            round_trip * 1000.0
        );
        Estimate { seconds, seconds_least: seconds / FACTOR, seconds_most: seconds * FACTOR, assumes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_help_until_the_largest_part_decides() {
        let mib = 1 << 20;
        let work = Work { statements: 0, parts: vec![200 * mib, 100 * mib, 100 * mib], builds: vec![] };
        let seconds = |jobs| work.estimate(jobs, 0.0).seconds.round();
        assert_eq!((seconds(1), seconds(2), seconds(8)), (20.0, 10.0, 10.0));
    }

    #[test]
    fn a_server_far_away_takes_longer() {
        let work = Work { statements: 1000, parts: vec![], builds: vec![] };
        assert!(work.estimate(4, 0.1).seconds > 100.0);
        assert_eq!(Work::default().estimate(0, 0.0).seconds, 0.0);
    }
}
