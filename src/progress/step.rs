//! The steps of all work, with the words that people and programs read for them.

use std::fmt;

use serde::{Serialize, Serializer};

/// What is being done now. Serialized as [`Step::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The repository is opened.
    OpenRepository,
    /// The server is connected to.
    Connect,
    /// Tables are locked for a dump.
    LockTables,
    /// The catalog of a database is read.
    ReadCatalog,
    /// Roles and tablespaces of a server are read.
    ReadCluster,
    /// Several databases are dumped side by side.
    DumpDatabases,
    /// Rows are dumped.
    Copy,
    /// Statistics for the planner are dumped or set.
    Statistics,
    /// The snapshot of a dump is put, or the one transaction of a restore is committed.
    Commit,
    /// Snapshots are listed.
    ListSnapshots,
    /// The index is read.
    ReadIndex,
    /// Packs are read.
    ReadPacks,
    /// What snapshots need is compared with what is there.
    CompareSnapshots,
    /// The snapshot that is restored is read.
    ReadSnapshot,
    /// The target is looked at.
    LookAtTarget,
    /// The target database is created.
    CreateDatabase,
    /// Roles and tablespaces of a server are restored, one by one.
    RestoreRoles,
    /// From here on the target may be changed.
    Begin,
    /// What will be created is removed.
    Drop,
    /// What comes before the rows is created.
    Create,
    /// Tables that are refilled are emptied.
    Empty,
    /// Rows are loaded, and what comes after them is created.
    Load,
    /// Privileges are granted.
    Grant,
    /// Materialized views are refreshed.
    Refresh,
    /// Statistics for the planner are collected.
    Analyze,
    /// Tables of the target are compared with the snapshot.
    ReadBack,
    /// Checks of the user are run.
    Check,
}

impl Step {
    /// In words, which stay.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenRepository => "open repository",
            Self::Connect => "connect",
            Self::LockTables => "lock tables",
            Self::ReadCatalog => "read catalog",
            Self::ReadCluster => "read cluster",
            Self::DumpDatabases => "dump databases",
            Self::Copy => "copy",
            Self::Statistics => "statistics",
            Self::Commit => "commit",
            Self::ListSnapshots => "list snapshots",
            Self::ReadIndex => "read index",
            Self::ReadPacks => "read packs",
            Self::CompareSnapshots => "compare snapshots",
            Self::ReadSnapshot => "read snapshot",
            Self::LookAtTarget => "look at the target",
            Self::CreateDatabase => "create database",
            Self::RestoreRoles => "restore roles",
            Self::Begin => "begin",
            Self::Drop => "drop",
            Self::Create => "create",
            Self::Empty => "empty",
            Self::Load => "load",
            Self::Grant => "grant",
            Self::Refresh => "refresh",
            Self::Analyze => "analyze",
            Self::ReadBack => "read back",
            Self::Check => "check",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
