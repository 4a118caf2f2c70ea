//! Where a dump begins: what is stored already, and whether this version may write beside it.

use std::sync::Arc;

use super::access;
use super::format::layout::Folder;
use super::handle::Repository;
use super::snapshots::Snapshots;
use super::survey::Survey;
use super::writer::{WriteOptions, Writer};
use crate::cpu;
use crate::error::{Error, Result};
use crate::hash::hex;

/// What was stored when a run of dumps began; they share it, instead of listing all of it again each.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Packs and index.
    pub survey: Arc<Survey>,
    /// Snapshots.
    pub snapshots: Arc<Snapshots>,
}

/// 32 random hexadecimal digits: for [`Head::run`](super::Head::run), and the uid of a snapshot.
#[must_use]
pub fn new_uid() -> String {
    hex(&new_run())
}

/// A random number for [`WriteOptions::run`].
#[must_use]
pub fn new_run() -> [u8; 16] {
    access::random::<16>()
}

impl Repository {
    /// Begins a dump.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where a newer version forbids this one to write, [`Error::Store`].
    pub async fn writer(&self, options: WriteOptions) -> Result<Writer> {
        Ok(self.writer_with(&self.opening().await?, options))
    }

    /// As [`Repository::writer`], for one of several dumps that began together. What the others store meanwhile is not
    /// known to it: rows that two of them have in common may be stored twice.
    #[must_use]
    pub fn writer_with(&self, opening: &Opening, options: WriteOptions) -> Writer {
        Writer::new(self.clone(), Arc::clone(&opening.survey), options)
    }

    /// Looks at what is stored before dumps begin.
    ///
    /// # Errors
    ///
    /// As [`Repository::writer`].
    pub async fn opening(&self) -> Result<Opening> {
        self.knows_all_folders()?;
        let store = self.store().clone();
        cpu::run(move || store.sweep(&Folder::ALL.map(Folder::name))).await?;
        let survey = self.survey().await?;
        let snapshots = self.snapshots().await?;
        if !survey.requires.allows_write() || !snapshots.requires.allows_write() {
            let message = format!("{} uses features that this version cannot write", self.store().place());
            return Err(Error::unsupported(message, "use a newer version of pgkeep"));
        }
        Ok(Opening { survey, snapshots: Arc::new(snapshots) })
    }

    /// Refuses to change a place that a newer version has given more to: what is in there might rely on anything.
    pub(super) fn knows_all_folders(&self) -> Result<()> {
        let Some(folder) = self.inner.unknown.first() else { return Ok(()) };
        let message = format!("{} has a folder {folder} that this version does not know", self.store().place());
        Err(Error::unsupported(message, "use a newer version of pgkeep, or move the folder away"))
    }
}
