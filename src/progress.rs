//! What the library reports while it works. It never prints: whoever called decides what a person sees.

mod step;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::object::Kind;

pub use step::Step;
pub use tally::{Running, Tally};

/// Receives events; called from any thread, must return quickly.
pub type Events = Arc<dyn Fn(Event) + Send + Sync>;

/// Nobody listens.
#[must_use]
pub fn silent() -> Events {
    Arc::new(|_| ())
}

/// One thing that happened. Serialized with `--json`, one a line, tagged by `event`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A new step of the work began.
    Step {
        /// What is being done now.
        step: Step,
    },
    /// How much there is to do, as far as it is known before the rows flow.
    Planned {
        /// Tables with data.
        tables: u64,
        /// Parts that will be copied.
        parts: u64,
        /// Bytes to be moved: exact on restore and verify, an estimate from heap and TOAST sizes on dump.
        bytes: u64,
        /// Rows, where they are known.
        rows: Option<u64>,
        /// Objects to create or check.
        objects: u64,
    },
    /// The server snapshot of a dump exists; everything is read as of now.
    ServerSnapshot {
        /// Its name, for `SET TRANSACTION SNAPSHOT`.
        name: String,
    },
    /// A part began.
    PartStarted {
        /// Table as people write it: `schema.table`.
        table: String,
        /// From 0.
        part: u32,
        /// Parts of this table.
        of: u32,
    },
    /// Rows moved since the last event of this part.
    Moved {
        /// Table as people write it.
        table: String,
        /// From 0.
        part: u32,
        /// Bytes of COPY text.
        bytes: u64,
        /// Rows.
        rows: u64,
    },
    /// A part is complete and checked.
    PartDone {
        /// Table as people write it.
        table: String,
        /// From 0.
        part: u32,
        /// Parts of this table.
        of: u32,
        /// Rows of this part.
        rows: u64,
        /// Bytes of COPY text of this part.
        bytes: u64,
        /// How long it took.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        took: Duration,
    },
    /// Stored bytes that were read and checked (verify) since the last event of this kind. [`Event::Planned`] says how
    /// many there are.
    Checked {
        /// Stored bytes.
        bytes: u64,
    },
    /// An object was created (restore) or checked (verify).
    ObjectDone {
        /// Its kind.
        kind: Kind,
        /// Its name as people write it.
        name: String,
    },
    /// Something that people should know but that stops nothing.
    Warning {
        /// A lower-case fragment that names the object.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// What to call when the server falls silent among the rows of a table.
pub(crate) fn stalls(events: &Events, table: &str, waiting: &str) -> impl Fn(Duration) + Send + Sync + use<> {
    let (events, table, waiting) = (Events::clone(events), table.to_owned(), waiting.to_owned());
    move |silent| {
        let message = format!("{waiting} {table}: no sign of life from the server for {silent:?}");
        let hint =
            "it may work on them for long; it is waited for, as long as --stall-timeout says where that is given";
        events(Event::Warning { message, hint: Some(hint.into()) });
    }
}

/// A duration as JSON shows it: seconds with a fraction.
pub(crate) fn seconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(took.as_secs_f64())
}
