//! What a restore will do. A plan is whole: whoever carries it out asks for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::object::{Kind, Object, ObjectId};
use crate::plan::Rendering;
use crate::plan::select::Selected;
use crate::repository::{Manifest, Part};
use crate::restore::ledger::Ledger;
use crate::restore::options::{Course, Fill, Options, Start};
use crate::restore::prepare::chosen::Chosen;
use crate::restore::prepare::finding::Finding;
use crate::restore::prepare::target::Target;
use crate::restore::proof::Unproven;
use crate::text::Text;

/// What a restore will do; made without changing the target.
#[derive(Debug)]
pub struct Plan {
    /// The snapshot, under the names that it gets; what is not created has no definitions any more.
    pub(crate) manifest: Manifest,
    pub(crate) chosen: Chosen,
    /// All objects in the order in which they are created.
    pub(crate) order: Vec<usize>,
    /// What is not restored because it needs something that neither the selection nor the target has.
    pub left_out: Vec<String>,
    /// What of it was asked for, by name or with its rows.
    pub not_restored: Vec<String>,
    /// What stands in the way, or should be known.
    pub findings: Vec<Finding>,
    pub(crate) course: Course,
    pub(crate) ledger: Ledger,
    /// Of the database that was dumped.
    pub(crate) encoding: String,
    pub(crate) database: String,
    /// Whether this restore creates the database, or the run that it continues did.
    pub(crate) creates_database: bool,
    /// The statement that creates it now.
    pub(crate) creation: Option<Text>,
    /// Statements that give a database which was created its properties, in the end.
    pub(crate) properties: Vec<Text>,
    /// Statements that remove what will be created, each with the locks that it takes; `None` where nothing is removed.
    pub(crate) drops: Option<Vec<(Text, usize)>>,
    pub(crate) jobs: usize,
    /// Role to restore as, where that is not the one that connects.
    pub(crate) role: Option<Text>,
    pub(crate) rendering: Rendering,
    /// Whether statistics for the planner are collected where none are set.
    pub(crate) analyze: bool,
    /// Whether all tables are read back in the end, also where nothing may have changed them.
    pub(crate) verify: bool,
    /// Whether rows that a unique key has already stay as they are.
    pub(crate) keeps_existing: bool,
    /// Whether triggers and foreign keys stay quiet while rows are loaded.
    pub(crate) quiet: bool,
    pub(crate) server: Server,
    pub(crate) exists: Vec<String>,
    pub(crate) existing: ExistingTables,
    /// Event triggers of users on the target.
    pub(crate) event_triggers: Vec<Text>,
    /// Schemas that extensions bring, those that are created and those that are there.
    pub(crate) brought: BTreeSet<Text>,
}

/// What a restore needs to know of the tables that it fills and did not make.
#[derive(Debug, Default)]
pub(crate) struct ExistingTables {
    /// Tables whose rows come after those of a table: their own part of the load has to wait for these.
    pub(crate) after: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    /// The statement that empties them.
    pub(crate) truncate: Option<Text>,
    /// Whether keys are to wait for the end of the one transaction.
    pub(crate) defer: bool,
    /// Triggers that fire for the rows that are loaded and may change any row, each with its table.
    pub(crate) firing: Vec<String>,
    /// Tables with a trigger that fires and can turn rows away.
    pub(crate) turning: BTreeSet<ObjectId>,
    /// Tables that keep rows which are not of the snapshot, and so cannot be compared with it.
    pub(crate) mixed: BTreeSet<ObjectId>,
}

/// The server of the target.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Server {
    /// Its `server_version_num`.
    pub version: u32,
    /// That of the server that was dumped.
    pub source_version: u32,
    /// Role that would restore.
    pub role: String,
    /// Connections that are free for it.
    pub connections_free: i64,
    /// Connections that are needed at once.
    pub connections_needed: i64,
    /// The way to it and back.
    pub round_trip_seconds: f64,
}

impl Server {
    pub(crate) fn new(target: &Target, source_version: u32, options: &Options) -> Self {
        Self {
            version: target.version,
            source_version,
            role: target.role.lossy().into_owned(),
            connections_free: target.free,
            connections_needed: options.connections(),
            round_trip_seconds: target.round_trip.as_secs_f64(),
        }
    }
}

impl Plan {
    /// The plan before anything of the target but its own nature was looked at.
    pub(crate) fn new(manifest: Manifest, selected: &Selected, target: &Target, options: &Options) -> Self {
        Self {
            chosen: Chosen::new(selected),
            order: selected.order.clone(),
            left_out: Vec::new(),
            not_restored: Vec::new(),
            findings: Vec::new(),
            course: options.course,
            ledger: Ledger::default(),
            encoding: String::new(),
            database: options.target.database.lossy().into_owned(),
            creates_database: options.start == Start::NewDatabase,
            creation: None,
            properties: Vec::new(),
            drops: None,
            jobs: options.jobs,
            role: options.role.clone(),
            rendering: options.rendering.clone(),
            analyze: options.analyze,
            verify: options.verify,
            keeps_existing: options.fill == Fill::KeepExisting,
            quiet: options.disable_triggers,
            server: Server::default(),
            exists: Vec::new(),
            existing: ExistingTables::default(),
            event_triggers: target.event_triggers.clone(),
            brought: BTreeSet::new(),
            manifest,
        }
    }

    /// Objects that are created or changed, in order; the database itself apart.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        let kept = self.order.iter().map(|at| &self.manifest.objects[*at]);
        kept.filter(|object| self.chosen.keeps(object.id) && object.kind != Kind::Database)
    }

    /// Names of the settings of the database, where it is to be made, and roles with settings of their own in it.
    pub(crate) fn settings(&self) -> (Vec<Text>, Vec<Text>) {
        let mut objects = self.manifest.objects.iter();
        let made = objects.find(|object| self.creates_database && object.kind == Kind::Database);
        made.map(|object| (object.settings.clone(), object.roles.clone())).unwrap_or_default()
    }

    pub(crate) fn object(&self, id: ObjectId) -> &Object {
        &self.manifest.objects[id.0 as usize]
    }

    /// Whether a list has another order than the snapshot.
    pub(crate) fn is_reordered(&self) -> bool {
        !self.order.is_sorted()
    }

    /// Parts whose rows are loaded.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.manifest.parts.iter().filter(|part| self.chosen.has_rows(part.object))
    }

    /// Whether the snapshot has statistics for the planner and some of them are wanted.
    pub(crate) fn has_statistics(&self) -> bool {
        !self.manifest.statistics.is_empty() && self.chosen.any_statistics()
    }

    /// What on the target may change rows while they are restored, or others: a trigger can do anything.
    pub(crate) fn meddlers(&self) -> Vec<String> {
        let creates = self.objects().any(|object| !object.create.is_empty());
        let event_triggers = self.event_triggers.iter().filter(|_| creates);
        let event_triggers = event_triggers.map(|name| format!("event trigger {name}"));
        self.existing.firing.iter().cloned().chain(event_triggers).collect()
    }

    /// Tables that keep rows of their own.
    pub(crate) fn unproven(&self) -> Vec<Unproven> {
        let reason = if self.keeps_existing {
            "rows that it had are kept, whatever they are"
        } else {
            "rows were added to what it had"
        };
        let filled: BTreeSet<_> = self.parts().map(|part| part.object).collect();
        let mixed = self.existing.mixed.iter().filter(|id| filled.contains(id));
        let name = |object: &Object| Unproven { table: object.name.to_string(), reason };
        mixed.filter_map(|id| self.manifest.objects.get(id.0 as usize)).map(name).collect()
    }

    /// What can be read back and compared.
    pub(crate) fn comparable(&self) -> Vec<Part> {
        self.parts().filter(|part| !self.existing.mixed.contains(&part.object)).cloned().collect()
    }
}
