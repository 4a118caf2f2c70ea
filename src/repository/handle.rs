//! An open repository: its place and its keys. What is done with it stands in the files that do it.

use std::sync::Arc;

use super::access::WriterCredential;
use super::keys::Keyring;
use crate::hash::RepositoryId;
use crate::store::Store;

/// An open repository. Clones share it.
#[derive(Clone)]
pub struct Repository {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) keyring: Keyring,
    /// Folders at the top that this version does not know.
    pub(super) unknown: Vec<String>,
}

impl Repository {
    /// What names it and proves its keys.
    #[must_use]
    pub fn id(&self) -> RepositoryId {
        self.inner.keyring.repository
    }

    /// Where it is.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The keys it was opened with.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.inner.keyring
    }

    /// Whether rows, statements and names can be read: not with a writer's credential.
    #[must_use]
    pub fn opens_content(&self) -> bool {
        self.inner.keyring.opens_content()
    }

    /// A new credential for a host that dumps and must not read.
    #[must_use]
    pub fn new_writer_credential(&self) -> WriterCredential {
        WriterCredential::new(&self.inner.keyring)
    }
}
