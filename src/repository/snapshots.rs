//! The snapshots of a repository, and which of them is meant by what people write: `latest`, `latest~2`, an id, the name
//! of a database, a time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::format::layout::{Folder, id_of};
use super::format::record::{self, Requires};
use super::format::snapshot::Snapshot;
use super::handle::Repository;
use crate::error::{Error, Result};
use crate::hash::StoredId;

/// A snapshot as it was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// Its name.
    pub id: StoredId,
    /// Key epoch of its chunks.
    pub epoch: u32,
    /// When it was put, by the clock of the place.
    pub stored: Timestamp,
    /// Who put it: 16 hexadecimal digits of the writer credential; `None` for an owner.
    pub writer: Option<String>,
    /// What it says.
    pub snapshot: Snapshot,
}

/// All snapshots of a repository.
#[derive(Default, Debug)]
pub struct Snapshots {
    /// Those that could be read, by the moment of their rows, the newest last.
    pub listed: Vec<Listed>,
    /// Those that could not: key and reason. Say so wherever snapshots are shown or chosen.
    pub unreadable: Vec<(String, Error)>,
    pub(super) requires: Requires,
}

impl Repository {
    /// All snapshots. One that cannot be read hides no other.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn snapshots(&self) -> Result<Snapshots> {
        let times = self.store().list(Folder::Snapshots.name()).await?;
        let mut found = Snapshots::default();
        for (key, record) in self.records_of(Folder::Snapshots, record::Kind::Snapshot, times.clone()).await? {
            let read = record.and_then(|record| {
                let snapshot = Snapshot::decode(&record.body).map_err(|fault| fault.of(&key))?;
                Ok((snapshot, record))
            });
            let stored = times.iter().find(|entry| entry.key == key).map(|entry| entry.modified).unwrap_or_default();
            match (read, id_of(&key)) {
                (Ok((snapshot, record)), Some(id)) => {
                    found.requires.write |= record.requires.write;
                    found.requires.delete |= record.requires.delete;
                    let writer = record.credential.text();
                    found.listed.push(Listed { id, epoch: record.epoch, stored, writer, snapshot });
                }
                (Err(problem), _) => found.unreadable.push((key, problem)),
                (Ok(_), None) => {}
            }
        }
        found.listed = by_time(&found.listed).into_iter().cloned().collect();
        Ok(found)
    }

    /// The snapshot that `what` names: `latest`, `latest~1`, the first digits of an id, a database (its newest), or a
    /// time (the newest from then or before).
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where nothing or more than one thing is meant, [`Error::Store`].
    pub async fn resolve(&self, what: &str) -> Result<Listed> {
        self.snapshots().await?.resolve(what)
    }
}

impl Snapshots {
    /// As [`Repository::resolve`].
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where nothing or more than one thing is meant.
    pub fn resolve(&self, what: &str) -> Result<Listed> {
        resolve(&self.listed, what)
    }
}

/// Fewer hexadecimal digits are no id.
const ID_DIGITS_MIN: usize = 4;

fn none(message: String) -> Error {
    Error::Usage { message, hint: Some("`pgkeep list` shows all snapshots".into()) }
}

/// Snapshots sorted by the moment of their rows, the newest last.
fn by_time(listed: &[Listed]) -> Vec<&Listed> {
    let mut sorted: Vec<&Listed> = listed.iter().collect();
    sorted.sort_by_key(|listed| (listed.snapshot.head.times.server, listed.snapshot.sequence, listed.id));
    sorted
}

/// The snapshot that `what` names among these.
///
/// - `latest`, or the name of a database: the newest (of that database); with `~2` the second before it
/// - the first hexadecimal digits of an id, at least four
/// - a time as RFC 3339, its offset UTC where it has none, or its beginning: the newest whose rows are from then or
///   before; a date alone means the end of that day
///
/// # Errors
///
/// [`Error::Usage`] where nothing or more than one thing is meant.
fn resolve(listed: &[Listed], what: &str) -> Result<Listed> {
    if listed.is_empty() {
        return Err(none("the repository has no snapshot yet".into()));
    }
    let (name, back) = steps_back(what)?;
    let sorted = by_time(listed);
    if name == "latest" {
        return back_from_end(&sorted, back, what);
    }
    let of_name: Vec<&Listed> =
        sorted.iter().copied().filter(|one| one.snapshot.head.source.database == name).collect();
    let by_id: Vec<&Listed> = sorted.iter().copied().filter(|one| is_prefix(name, one)).collect();
    match (of_name.as_slice(), by_id.as_slice()) {
        ([], [one]) if back == 0 => Ok((*one).clone()),
        ([], []) => by_moment(&sorted, what),
        ([], _) if back == 0 => Err(none(format!("{} snapshots have ids that start with {name}", by_id.len()))),
        ([], _) => Err(none(format!("~{back} goes with `latest` or a database, not with an id"))),
        _ if is_mixed(&of_name) => Err(none(format!(
            "{name} is a database and what belongs to a whole server: write the start of an id, or a time"
        ))),
        (_, []) => back_from_end(&of_name, back, what),
        _ => Err(none(format!("{name} is a database and the start of an id: write more digits, or a time"))),
    }
}

/// Whether a database is called as the snapshots of roles and tablespaces are, and both are meant.
fn is_mixed(of_name: &[&Listed]) -> bool {
    let globals = of_name.iter().filter(|one| one.snapshot.head.is_globals()).count();
    globals > 0 && globals < of_name.len()
}

fn is_prefix(digits: &str, one: &Listed) -> bool {
    digits.len() >= ID_DIGITS_MIN && one.id.to_string().starts_with(&digits.to_ascii_lowercase())
}

fn steps_back(what: &str) -> Result<(&str, usize)> {
    let Some((name, steps)) = what.rsplit_once('~') else { return Ok((what, 0)) };
    let steps = steps.parse().map_err(|_| none(format!("{what} does not end in a number of steps")))?;
    Ok((name, steps))
}

fn back_from_end(sorted: &[&Listed], back: usize, what: &str) -> Result<Listed> {
    let found = sorted.len().checked_sub(back + 1).and_then(|at| sorted.get(at));
    let count = sorted.len();
    found.map(|one| (*one).clone()).ok_or_else(|| none(format!("there is no {what}: there are {count} snapshots")))
}

fn by_moment(sorted: &[&Listed], what: &str) -> Result<Listed> {
    let moment = moment(what).ok_or_else(|| none(format!("no snapshot, database or time is called {what}")))?;
    let found = sorted.iter().rev().find(|one| one.snapshot.head.times.server <= moment);
    found.map(|one| (*one).clone()).ok_or_else(|| none(format!("no snapshot is from {what} or before")))
}

fn moment(what: &str) -> Option<Timestamp> {
    if let Ok(moment) = what.parse::<Timestamp>() {
        return Some(moment);
    }
    let civil: DateTime = what.parse().ok()?;
    let is_date = !what.contains(['T', 't', ' ', ':']);
    let civil = if is_date { civil.date().at(23, 59, 59, 999_999_999) } else { civil };
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::super::format::snapshot::{Head, Snapshot, Source, Streams, Times, Totals};
    use super::*;

    fn listed(id: u8, database: &str, time: &str) -> Listed {
        let source = Source { database: database.into(), ..Source::default() };
        let times = Times { server: time.parse().unwrap(), ..Times::default() };
        let snapshot = Snapshot {
            uid: String::new(),
            parent: None,
            sequence: 1,
            tool: String::new(),
            head: Head { source, times, ..Head::default() },
            totals: Totals::default(),
            manifest: Streams::default(),
        };
        Listed { id: StoredId([id; 32]), epoch: 1, stored: Timestamp::UNIX_EPOCH, writer: None, snapshot }
    }

    fn found(what: &str) -> Result<u8, String> {
        let all = [
            listed(0xaa, "shop", "2026-11-20T10:00:00Z"),
            listed(0xab, "cafe", "2026-11-21T10:00:00Z"),
            listed(0xca, "shop", "2026-11-22T10:00:00Z"),
        ];
        resolve(&all, what).map(|one| one.id.0[0]).map_err(|error| error.to_string())
    }

    #[test]
    fn ways_to_name_a_snapshot() {
        for (what, id) in [
            ("latest", 0xca),
            ("latest~1", 0xab),
            ("latest~2", 0xaa),
            ("shop", 0xca),
            ("shop~1", 0xaa),
            ("cafe", 0xab),
            ("abab", 0xab),
            ("CACA", 0xca),
            ("2026-11-21", 0xab),
            ("2026-11-21T09:59", 0xaa),
            ("2026-11-21 10:00", 0xab),
            ("2026-11-21T12:00:00+02:00", 0xab),
        ] {
            assert_eq!(found(what), Ok(id), "{what}");
        }
    }

    #[test]
    fn names_that_mean_nothing_or_too_much() {
        for what in ["latest~3", "shop~2", "latest~x", "nothing", "aa", "2026-11-19", "abab~1", "99999999999999999999"]
        {
            found(what).unwrap_err();
        }
        assert!(resolve(&[], "latest").is_err());
        let twins = [listed(0xaa, "x", "2026-11-20T10:00:00Z"), listed(0xaa, "y", "2026-11-20T10:00:00Z")];
        assert!(resolve(&twins, "aaaa").unwrap_err().to_string().contains("2 snapshots"));
        let mut roles = listed(0xab, "x", "2026-11-20T10:00:00Z");
        roles.snapshot.head = roles.snapshot.head.of_globals();
        assert_eq!(resolve(std::slice::from_ref(&roles), "globals").unwrap().id.0[0], 0xab);
        let mut database = listed(0xcd, "globals", "2026-11-21T10:00:00Z");
        database.snapshot.head.source.database_oid = 5;
        let both = [roles, database];
        for what in ["globals", "globals~1"] {
            let said = resolve(&both, what).unwrap_err().to_string();
            assert!(said.contains("a database and what belongs to a whole server"), "{said}");
        }
        assert_eq!(resolve(&both, "abab").unwrap().id.0[0], 0xab);
        let both = [listed(0xaa, "aaaa", "2026-11-20T10:00:00Z")];
        assert!(resolve(&both, "aaaa").unwrap_err().to_string().contains("a database and"));
    }
}
