#![doc = include_str!("FORMAT.md")]

mod access;
mod claims;
mod commit;
mod config;
mod fields;
mod find;
mod index;
mod inspect;
mod keys;
mod layout;
mod lists;
mod manifest;
mod notes;
mod pack;
mod packer;
mod reader;
mod record;
mod snapshot;
mod survey;
mod trailer;
mod writer;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use access::WriterCredential;
pub use commit::Finished;
pub use config::FORMAT;
pub(crate) use index::PackFacts;
pub(crate) use inspect::{Inspected, Look, stored_hash};
pub use keys::{Domain, Keyring};
pub use layout::{CONFIG, Folder, id_of};
pub use manifest::{About, Manifest, Part, Position};
pub use notes::{Mark, Note, Reason, Says};
pub use reader::Reader;
pub(crate) use record::SEALED_BYTES_MAX;
pub use snapshot::{Head, Moment, Server, Snapshot, Source, Streams, Times, Totals};
pub use survey::Survey;
pub(crate) use trailer::PACK_BYTES_END;
pub use writer::{WriteOptions, Writer};

use crate::codec::seal::{self, Identity, Recipient};
use crate::cpu;
use crate::error::{Error, Fault, Result};
use crate::hash::{ChunkId, Digest, RepositoryId, StoredId, hex};
use crate::store::Store;
use access::{KEYS_BYTES_MAX, OwnersFile};
use record::Requires;

/// A chunk as its part sees it. Persisted in snapshots.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChunkRef {
    /// Its name.
    pub id: ChunkId,
    /// Rows that end in it: 0 for a piece of a row that goes on.
    pub rows: u32,
    /// Bytes before transform and compression.
    pub bytes: u32,
}

/// Rows that were stored.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Stored {
    /// In the order of the rows.
    pub chunks: Vec<ChunkRef>,
    /// Of all rows.
    pub digest: Digest,
}

/// A snapshot as it was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// Its name.
    pub id: StoredId,
    /// Key epoch of its chunks.
    pub epoch: u32,
    /// When it was put, by the clock of the place.
    pub stored: Timestamp,
    /// Who put it: 16 hexadecimal digits of the writer credential; `None` for an owner.
    pub writer: Option<String>,
    /// What it says.
    pub snapshot: Snapshot,
}

/// All snapshots of a repository.
#[derive(Default, Debug)]
pub struct Snapshots {
    /// Those that could be read, by the moment of their rows, the newest last.
    pub listed: Vec<Listed>,
    /// Those that could not: key and reason. Say so wherever snapshots are shown or chosen.
    pub unreadable: Vec<(String, Error)>,
    requires: Requires,
}

/// What was stored when a run of dumps began; they share it, instead of listing all of it again each.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Packs and index.
    pub survey: Arc<Survey>,
    /// Snapshots.
    pub snapshots: Arc<Snapshots>,
}

/// An open repository. Clones share it.
#[derive(Clone)]
pub struct Repository {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    keyring: Keyring,
    /// Folders at the top that this version does not know.
    unknown: Vec<String>,
}

/// 32 random hexadecimal digits: for [`Head::run`], and the uid of a snapshot.
#[must_use]
pub fn new_uid() -> String {
    hex(&new_run())
}

/// A random number for [`WriteOptions::run`].
#[must_use]
pub fn new_run() -> [u8; 16] {
    access::random::<16>()
}

fn not_a_repository(place: &str) -> Error {
    Error::Usage {
        message: format!("there is no repository in {place}"),
        hint: Some("check the address, or make one with `pgkeep init`".into()),
    }
}

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
                hint: Some("use it as it is, or name another place".into()),
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

    /// All snapshots. One that cannot be read hides no other.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn snapshots(&self) -> Result<Snapshots> {
        let times = self.store().list(Folder::Snapshots.name()).await?;
        let mut found = Snapshots::default();
        for (key, record) in self.records(Folder::Snapshots, record::Kind::Snapshot).await? {
            let read = record.and_then(|record| {
                let snapshot = Snapshot::decode(&record.body).map_err(|fault| fault.of(&key))?;
                Ok((snapshot, record))
            });
            let stored = times.iter().find(|entry| entry.key == key).map(|entry| entry.modified).unwrap_or_default();
            match (read, id_of(&key)) {
                (Ok((snapshot, record)), Some(id)) => {
                    found.requires.write |= record.requires.write;
                    let writer = record.credential.text();
                    found.listed.push(Listed { id, epoch: record.epoch, stored, writer, snapshot });
                }
                (Err(problem), _) => found.unreadable.push((key, problem)),
                (Ok(_), None) => {}
            }
        }
        found.listed = find::by_time(&found.listed).into_iter().cloned().collect();
        Ok(found)
    }

    /// The snapshot that `what` names: `latest`, `latest~1`, the first digits of an id, a database (its newest), or a
    /// time (the newest from then or before).
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where nothing or more than one thing is meant, [`Error::Store`].
    pub async fn resolve(&self, what: &str) -> Result<Listed> {
        self.snapshots().await?.resolve(what)
    }

    /// What is stored right now, for reading and verifying.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn survey(&self) -> Result<Arc<Survey>> {
        Survey::make(self).await
    }

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
        if let Some(folder) = self.inner.unknown.first() {
            let message = format!("{} has a folder {folder} that this version does not know", self.store().place());
            return Err(Error::unsupported(message, "use a newer version of pgkeep, or move the folder away"));
        }
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

    /// Begins to read a snapshot.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn reader(&self, snapshot: &Listed) -> Result<Reader> {
        Ok(Reader::new(self.clone(), self.survey().await?, snapshot.clone()))
    }

    /// As [`Repository::reader`], where a survey is at hand.
    #[must_use]
    pub fn reader_with(&self, survey: Arc<Survey>, snapshot: &Listed) -> Reader {
        Reader::new(self.clone(), survey, snapshot.clone())
    }

    /// Says something about a snapshot.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn note(&self, note: &Note) -> Result<StoredId> {
        let body = serde_json::to_vec(note).expect("a note serializes");
        self.put_record(Folder::Notes, record::Kind::Note, &body).await
    }

    /// All that was said, oldest first; what could not be read, with the reason.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn notes(&self) -> Result<(Vec<Note>, Vec<(String, Error)>)> {
        let (mut notes, mut unreadable) = (Vec::new(), Vec::new());
        for (key, record) in self.records(Folder::Notes, record::Kind::Note).await? {
            let parse = |body: &[u8]| serde_json::from_slice(body).map_err(|e| Error::damaged(&key, e.to_string()));
            match record.and_then(|record| parse(&record.body)) {
                Ok(note) => notes.push(note),
                Err(error) => unreadable.push((key, error)),
            }
        }
        notes.sort_by_key(|note: &Note| note.time);
        Ok((notes, unreadable))
    }

    /// Says that packs must not be counted on.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn mark(&self, mark: &Mark) -> Result<StoredId> {
        let body = serde_json::to_vec(mark).expect("a mark serializes");
        self.put_record(Folder::Marks, record::Kind::Mark, &body).await
    }
}

impl Snapshots {
    /// As [`Repository::resolve`].
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where nothing or more than one thing is meant.
    pub fn resolve(&self, what: &str) -> Result<Listed> {
        find::resolve(&self.listed, what)
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
