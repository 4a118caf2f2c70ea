//! Opens the repository that a command line means with the identity that can be found for it.

use pgkeep::hash::RepositoryId;
use pgkeep::repository::{self, Reader, Repository};
use pgkeep::store::Store;
use pgkeep::{Error, Result};

use super::environment;
use super::flags::{Identities, Place};
use super::identity::{Found, default_file};

/// Opens the repository as an owner.
pub(crate) async fn open(place: &Place, identities: &Identities) -> Result<Repository> {
    let store = Store::open(&place.name()?)?;
    let stated = repository::stated_id(&store).await?;
    let found = Found::look(&identities.files, stated)?;
    if found.identities.is_empty() {
        return Err(no_identity(store.place(), stated));
    }
    Repository::open(store, &found.identities, found.expected(stated)).await
}

/// Opens the repository as an owner and finds the snapshot.
pub(crate) async fn reader(place: &Place, identities: &Identities, snapshot: &str) -> Result<Reader> {
    let repository = open(place, identities).await?;
    repository.reader(&repository.resolve(snapshot).await?).await
}

/// Nothing was given and nothing lies where `init` leaves identities.
pub(crate) fn no_identity(place: &str, stated: RepositoryId) -> Error {
    let looked_at = environment::identity_folder().map(|folder| default_file(&folder, stated));
    let looked = looked_at.map(|file| format!("; {} is not there", file.display())).unwrap_or_default();
    Error::Key {
        message: format!("no identity is at hand for the repository in {place}"),
        hint: Some(format!("name the file that `pgkeep init` wrote: `-i FILE`, or set PGKEEP_IDENTITY{looked}")),
    }
}
