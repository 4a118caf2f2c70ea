//! What a dump is asked for: which database, what of it, and how.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::cancel::Cancellation;
use crate::pg::snapshot::SnapshotOptions;
use crate::pg::{Config, settings, snapshot};
use crate::plan::select::Selection;
use crate::repository::{Opening, WriteOptions};
use crate::text::Text;

/// What to dump, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database.
    pub source: Config,
    /// Parts at the same time; the server sees one connection more.
    pub jobs: usize,
    /// What of the database.
    pub selection: Selection,
    /// The patterns of the selection as they were given, for people.
    pub patterns: Vec<Text>,
    /// What people want to call the snapshot.
    pub label: Option<String>,
    /// How the server snapshot is taken.
    pub snapshot: SnapshotOptions,
    /// Whether to leave out the rows that the role may not read, instead of refusing; the snapshot says what is missing.
    pub skip_unreadable: bool,
    /// Whether to dump only the rows that row security shows to the role, where it hides some.
    pub enable_row_security: bool,
    /// Digits of floating point numbers, -15 to 3; fewer than 1 lose precision. `None` is as many as they need.
    pub extra_float_digits: Option<i8>,
    /// How chunks are written.
    pub writing: WriteOptions,
    /// What it has in common with others that run beside it.
    pub among: Option<Among>,
    /// Stops the dump.
    pub cancellation: Cancellation,
}

/// What dumps of several databases share.
#[derive(Clone, Debug)]
pub struct Among {
    /// What the repository held before.
    pub opening: Opening,
    /// Permits for workers beyond the first of each, which needs none.
    pub workers: Arc<Semaphore>,
    /// The pattern of names, as it was given.
    pub pattern: Text,
}

impl Options {
    /// Statements after the settings of every session that copies.
    pub(super) fn settings(&self) -> String {
        let mut all = String::new();
        if let Some(role) = &self.snapshot.role {
            all += &format!("{}; ", snapshot::take_role(role));
        }
        if self.enable_row_security {
            all += settings::ROW_SECURITY;
        }
        if let Some(digits) = self.extra_float_digits {
            all += &format!("; SET LOCAL extra_float_digits = {digits}");
        }
        all
    }
}
