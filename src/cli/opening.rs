//! Opens the repository that a command line means with the identity that can be found for it, and holds it against what
//! this host knows about its place.

use std::io::{self, Write as _};

use pgkeep::hash::RepositoryId;
use pgkeep::repository::{self, Reader, Repository};
use pgkeep::store::Store;
use pgkeep::{Error, Result};

use super::flags::{Identities, Place};
use super::identity::{Found, default_file};
use super::known::{self, Known, Names};
use super::{environment, screen};

/// Opens the repository as an owner.
pub(crate) async fn open(place: &Place, identities: &Identities) -> Result<Repository> {
    let store = Store::open(&place.name()?)?;
    let stated = repository::stated_id(&store).await?;
    match open_with_identity(&store, identities, stated).await? {
        Some(repository) => Ok(repository),
        None => Err(no_identity(store.place(), stated)),
    }
}

/// As [`open`], for a place that states this id; `None` where no identity is at hand.
pub(crate) async fn open_with_identity(
    store: &Store,
    identities: &Identities,
    stated: RepositoryId,
) -> Result<Option<Repository>> {
    let anchor = Anchor::look(store.place(), identities)?;
    let remembered = anchor.expected(stated);
    let found = Found::look(&identities.files, remembered.unwrap_or(stated))?;
    if found.identities.is_empty() {
        anchor.check(stated)?;
        return Ok(None);
    }
    let named = found.expected(remembered.unwrap_or(stated));
    let opened = Repository::open(store.clone(), &found.identities, named.or(remembered)).await;
    let repository = match opened {
        Err(error @ Error::Key { .. }) => return Err(anchor.check(stated).err().unwrap_or(error)),
        opened => opened?,
    };
    anchor.remember(repository.id(), named.is_some());
    Ok(Some(repository))
}

/// What says which repository a place should hold, besides the identity.
pub(crate) struct Anchor {
    place: String,
    names: Names,
    /// From the command line or the environment: then nothing else counts.
    given: Option<RepositoryId>,
    known: Option<Known>,
    /// For each name of the place that is known, what was found there.
    before: Vec<Vec<RepositoryId>>,
}

impl Anchor {
    pub(crate) fn look(place: &str, identities: &Identities) -> Result<Self> {
        let (names, given) = (Names::of(place), identities.repository_id()?);
        let known = Known::here().filter(|_| given.is_none());
        let before = known.as_ref().map(|known| known.at(&names)).transpose()?.unwrap_or_default();
        Ok(Self { place: place.to_owned(), names, given, known, before })
    }

    /// The repository that should be there: the stated one wherever it may be.
    fn expected(&self, stated: RepositoryId) -> Option<RepositoryId> {
        let wrong = self.before.iter().find(|ids| !ids.contains(&stated)).and_then(|ids| ids.first());
        self.given.or(wrong.copied()).or((!self.before.is_empty()).then_some(stated))
    }

    /// Refuses a place that states another repository than the one that should be there.
    pub(crate) fn check(&self, stated: RepositoryId) -> Result<()> {
        match (self.expected(stated), &self.known) {
            (Some(expected), Some(known)) if expected != stated => {
                Err(known::another(&self.place, stated, &[expected], known.file()))
            }
            (Some(expected), None) if expected != stated => Err(Error::Key {
                message: format!("{} is not the expected repository: its id is {stated}, not {expected}", self.place),
                hint: Some("check the location, `--repository-id` and PGKEEP_REPOSITORY_ID; if they are right, somebody has put another repository there".into()),
            }),
            _ => Ok(()),
        }
    }

    /// Remembers the repository that was opened. Where nothing but this first use vouches for it, says so.
    fn remember(&self, id: RepositoryId, named: bool) {
        if self.given.is_some() {
            return;
        }
        let place = screen::line(&self.place);
        let kept = self.known.as_ref().map(|known| known.remember(&self.names, id, true).map(|()| known));
        if named || !self.before.is_empty() {
            return;
        }
        say(&match kept {
            Some(Ok(known)) => {
                format!("first use of {place} here: trusted repository {id}, remembered in {}", known.file().display())
            }
            Some(Err(error)) => format!("trusted repository {id} in {place} without remembering it: {error}"),
            None => format!(
                "trusted repository {id} in {place}: there is no home folder to remember it in; set PGKEEP_REPOSITORY_ID"
            ),
        });
    }
}

/// On stderr, so that it stands in no output that a program reads.
fn say(line: &str) {
    // Nobody reading it is no reason to stop.
    drop(writeln!(io::stderr().lock(), "pgkeep: {line}"));
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
