//! A plan as people and programs read it before anything is changed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::object::{Kind, ObjectId, Pass, Section};
use crate::restore::prepare::estimate::{Estimate, Work};
use crate::restore::prepare::finding::Finding;
use crate::restore::prepare::plan::{Plan, Server};

/// What a restore would do. Lists are in the order in which things are done.
#[derive(Clone, Debug, Serialize)]
pub struct Outline {
    /// Database that would be restored into.
    pub database: String,
    /// Whether it would be created first.
    pub creates_database: bool,
    /// The server, and how the restore gets at it.
    pub server: Server,
    /// Objects created or changed.
    pub objects: Vec<Planned>,
    /// Tables whose rows would be loaded, the largest first.
    pub tables: Vec<PlannedTable>,
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes of COPY text of all tables.
    pub bytes: u64,
    /// Whether statistics for the planner would be set.
    pub statistics: bool,
    /// How long it may take.
    pub estimate: Estimate,
    /// Objects of the snapshot that the target has already, as `kind name`; [`Outline::findings`] says what that means.
    pub exists: Vec<String>,
    /// What is left out and why, as `kind name needs kind name`.
    pub left_out: Vec<String>,
    /// What definitions are written without because of the options: `owners`, `grants`, ..
    pub without: Vec<&'static str>,
    /// What the dump had to leave out, each with its reason, so that no restore can bring it back.
    pub missing: Vec<String>,
    /// What stands in the way, or should be known.
    pub findings: Vec<Finding>,
    /// Whether nothing stands in the way.
    pub possible: bool,
}

/// An object that would be created or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// What it is.
    pub kind: Kind,
    /// As people write it.
    pub name: String,
    /// When: before the rows, with them or after them.
    pub section: Section,
}

/// A table whose rows would be loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedTable {
    /// As people write it.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of COPY text.
    pub bytes: u64,
    /// Pieces that can be loaded side by side.
    pub parts: u64,
}

impl Plan {
    /// The plan for people and programs.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let tables = self.tables();
        Outline {
            database: self.database.clone(),
            creates_database: self.creates_database,
            server: self.server.clone(),
            estimate: Work::of(self).estimate(self.jobs, self.server.round_trip_seconds),
            exists: self.exists.clone(),
            without: self.rendering.without(),
            missing: self.manifest.about.missing.iter().map(|(what, why)| format!("{what}: {why}")).collect(),
            objects: self.in_order(),
            rows: tables.iter().map(|table| table.rows).sum(),
            bytes: tables.iter().map(|table| table.bytes).sum(),
            tables,
            statistics: self.chosen.any_statistics(),
            left_out: self.left_out.clone(),
            findings: self.findings.clone(),
            possible: !self.findings.iter().any(|finding| finding.fatal),
        }
    }

    /// What comes before the rows, then what comes after them pass by pass.
    fn in_order(&self) -> Vec<Planned> {
        let turn = |kind: Kind, section: Section| match kind.pass() {
            Pass::Main if section != Section::PostData => 0,
            Pass::Main => 1,
            Pass::Grants => 2,
            Pass::Last => 3,
        };
        let mut objects: Vec<_> = self.objects().collect();
        objects.sort_by_key(|object| turn(object.kind, object.section));
        let planned = objects.into_iter().map(|object| Planned {
            kind: object.kind,
            name: object.name.to_string(),
            section: object.section,
        });
        planned.collect()
    }

    fn tables(&self) -> Vec<PlannedTable> {
        let mut tables: BTreeMap<ObjectId, PlannedTable> = BTreeMap::new();
        for part in self.parts() {
            let table = tables.entry(part.object).or_insert_with(|| PlannedTable {
                table: self.object(part.object).name.to_string(),
                rows: 0,
                bytes: 0,
                parts: 0,
            });
            table.rows += part.stored.digest.rows;
            table.bytes += part.stored.digest.bytes;
            table.parts += 1;
        }
        let mut tables: Vec<PlannedTable> = tables.into_values().collect();
        tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
        tables
    }
}
