//! Makes and opens repositories: proves that a place holds the one that is meant, and finds the keys that open it.

use std::sync::Arc;

use super::access::{KEYS_BYTES_MAX, OwnersFile, WriterCredential};
use super::format::config;
use super::format::layout::{CONFIG, Folder, id_of};
use super::handle::{Inner, Repository};
use super::keys::Keyring;
use crate::codec::seal::{self, Identity, Recipient};
use crate::error::{Error, Fault, Result};
use crate::hash::{RepositoryId, StoredId};
use crate::store::Store;

impl Repository {
    /// Makes a repository that these owners can read. `like` names chunks as another repository does, so that copying
    /// between the two moves only what is missing.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] without owners, or where the place holds a repository or anything else; [`Error::Store`].
    pub async fn init(store: Store, owners: &[Recipient], like: Option<&Self>) -> Result<Self> {
        if owners.is_empty() {
            return Err(Error::usage("a repository needs at least one owner who can read it"));
        }
        let top = store.top().await?;
        if top.objects.iter().any(|name| name == CONFIG) {
            return Err(Error::Usage {
                message: format!("{} already holds a repository", store.place()),
                hint: Some("use it as it is, or name another location".into()),
            });
        }
        // Keys without a config are what an init that was interrupted leaves.
        let foreign = top.objects.iter().chain(top.folders.iter().filter(|name| *name != Folder::Keys.name()));
        if let Some(name) = foreign.into_iter().next() {
            return Err(Error::Usage {
                message: format!("{} is not empty: it holds {name}", store.place()),
                hint: Some("name an empty or a new folder".into()),
            });
        }
        let file = OwnersFile::generate(like.map(|other| other.keyring()));
        let keyring = file.keyring().expect("fresh keys are sound");
        for owner in owners {
            let sealed = bytes::Bytes::from(seal::seal(owner, &file.encode()));
            let id = StoredId::of(&sealed);
            store.put(&Folder::Keys.key(id), &[sealed]).await?;
        }
        if !store.put_create(CONFIG, config::encode(keyring.repository).into()).await? {
            let message = format!("somebody else made a repository in {} at the same time", store.place());
            return Err(Error::usage(message));
        }
        Ok(Self { inner: Arc::new(Inner { store, keyring, unknown: Vec::new() }) })
    }

    /// Opens a repository as an owner. Where the id is known (from the identity file, or from the last time), give it as
    /// `expected`: it proves that nobody has put another repository in its place.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where there is none, [`Error::Unsupported`] where its format is newer, [`Error::Key`] where no
    /// identity opens it or it is not the expected one, [`Error::Damaged`], [`Error::Store`].
    pub async fn open(store: Store, identities: &[Identity], expected: Option<RepositoryId>) -> Result<Self> {
        let stated = stated_id(&store).await?;
        let wanted = expected.unwrap_or(stated);
        match owners_keyring(&store, identities, wanted).await {
            Ok(keyring) if wanted == stated => Self::with_keyring(store, keyring).await,
            // The keys prove that it is the expected repository.
            Ok(_) => {
                let problem = format!("it names the repository {stated}, and the keys are those of {wanted}");
                Err(Error::damaged(CONFIG, problem))
            }
            Err(problem) => Err(check_expected(&store, stated, expected).err().unwrap_or(problem)),
        }
    }

    /// Opens a repository with a writer's credential, which cannot read content.
    ///
    /// # Errors
    ///
    /// As [`Repository::open`].
    pub async fn open_as_writer(store: Store, credential: &WriterCredential) -> Result<Self> {
        let stated = stated_id(&store).await?;
        check_expected(&store, stated, Some(credential.repository()))?;
        let keyring = credential.keyring().map_err(|fault| fault.of("the writer credential"))?;
        Self::with_keyring(store, keyring).await
    }

    async fn with_keyring(store: Store, keyring: Keyring) -> Result<Self> {
        let known = |name: &String| Folder::ALL.iter().any(|folder| folder.name() == name);
        let unknown = store.top().await?.folders.into_iter().filter(|name| !known(name)).collect();
        Ok(Self { inner: Arc::new(Inner { store, keyring, unknown }) })
    }
}

/// The id that a place says it has, to find the identity that may open it. Proves nothing: [`Repository::open`] does.
///
/// # Errors
///
/// As [`Repository::open`].
pub async fn stated_id(store: &Store) -> Result<RepositoryId> {
    let place = store.place();
    let (stated, problem) = match store.size(CONFIG).await? {
        None => (Err(not_a_repository(place)), "it is missing"),
        Some(0) => (config::decode(&[], place), "it is empty"),
        // Read no further than a config goes: this may be anybody's file.
        Some(_) => {
            let bytes = store.get_range(CONFIG, 0..config::CONFIG_BYTES_MAX).await?;
            (config::decode(&bytes, place), "it is not what init wrote")
        }
    };
    match stated {
        // No other program's repository has both of these.
        Err(Error::Usage { .. }) if has_folders(store, &[Folder::Keys, Folder::Packs]).await? => {
            Err(Error::damaged(CONFIG, problem))
        }
        stated => stated,
    }
}

async fn has_folders(store: &Store, folders: &[Folder]) -> Result<bool> {
    let top = store.top().await?;
    Ok(folders.iter().all(|folder| top.folders.iter().any(|name| name == folder.name())))
}

fn check_expected(store: &Store, stated: RepositoryId, expected: Option<RepositoryId>) -> Result<()> {
    match expected {
        Some(expected) if expected != stated => Err(Error::key(
            format!("{} is not the expected repository: its id is {stated}, not {expected}", store.place()),
            "check the address; if it is right, somebody has put another repository there",
        )),
        _ => Ok(()),
    }
}

/// The keys in the first file of `keys/` that one of the identities opens and that belongs to this repository.
async fn owners_keyring(store: &Store, identities: &[Identity], stated: RepositoryId) -> Result<Keyring> {
    let mut files = store.list(Folder::Keys.name()).await?;
    files.retain(|entry| Folder::Keys.at(&entry.key).is_some());
    let mut problem = None;
    for entry in &files {
        let sealed = match store.get_range(&entry.key, 0..KEYS_BYTES_MAX as u64).await {
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(damaged) => {
                problem = problem.or(Some(damaged));
                continue;
            }
            Ok(sealed) => sealed,
        };
        let named = id_of(&entry.key) == Some(StoredId::of(&sealed));
        let opened = seal::open(identities, &sealed, KEYS_BYTES_MAX).map(zeroize::Zeroizing::new);
        let keyring = opened.and_then(|json| OwnersFile::decode(&json)?.keyring());
        match keyring {
            Ok(keyring) if keyring.repository == stated => return Ok(keyring),
            Ok(_) => {
                let fault =
                    Fault::damaged(format!("the keys in {} are not those of the repository {stated}", entry.key));
                problem = problem.or(Some(fault.of(if named { CONFIG } else { &entry.key })));
            }
            // Another owner's.
            Err(Fault::Key) if named => {}
            Err(Fault::Key) => {
                let fault = Fault::damaged("its bytes are not those that it is named after");
                problem = problem.or(Some(fault.of(&entry.key)));
            }
            Err(fault) => problem = problem.or(Some(fault.of(&entry.key))),
        }
    }
    Err(match problem {
        Some(problem) => problem,
        None if files.is_empty() => Error::damaged("keys/", "no file is left that could be opened"),
        None => Error::key(
            format!("no identity at hand is an owner of the repository in {}", store.place()),
            "name the identity file that `pgkeep init` made, or a writer credential for dumps",
        ),
    })
}

fn not_a_repository(place: &str) -> Error {
    Error::Usage {
        message: format!("there is no repository in {place}"),
        hint: Some("check the address, or make one with `pgkeep init`".into()),
    }
}
