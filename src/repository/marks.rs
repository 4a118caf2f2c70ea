//! What is said later: notes about snapshots, marks on packs. They are only ever added.

use super::format::layout::Folder;
use super::format::notes::{PackMark, SnapshotNote};
use super::format::record;
use super::handle::Repository;
use crate::error::{Error, Result};
use crate::hash::StoredId;

impl Repository {
    /// Stores a note about a snapshot.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn note(&self, note: &SnapshotNote) -> Result<StoredId> {
        let body = serde_json::to_vec(note).expect("a note serializes");
        self.put_record(Folder::Notes, record::Kind::Note, &body).await
    }

    /// All that was said, oldest first; what could not be read, with the reason.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn notes(&self) -> Result<(Vec<SnapshotNote>, Vec<(String, Error)>)> {
        let (mut notes, mut unreadable) = (Vec::new(), Vec::new());
        for (key, record) in self.records(Folder::Notes, record::Kind::Note).await? {
            let parse = |body: &[u8]| serde_json::from_slice(body).map_err(|e| Error::damaged(&key, e.to_string()));
            match record.and_then(|record| parse(&record.body)) {
                Ok(note) => notes.push(note),
                Err(error) => unreadable.push((key, error)),
            }
        }
        notes.sort_by_key(|note: &SnapshotNote| note.time);
        Ok((notes, unreadable))
    }

    /// Stores a mark: these packs must not be counted on.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn mark(&self, mark: &PackMark) -> Result<StoredId> {
        let body = serde_json::to_vec(mark).expect("a mark serializes");
        self.put_record(Folder::Marks, record::Kind::Mark, &body).await
    }
}
