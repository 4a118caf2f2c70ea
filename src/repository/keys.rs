//! The secrets of a repository: two age key pairs and a master secret an epoch, and everything derived from them.
//!
//! Owns derivation, the repository id and its check. Where secrets are stored is `access`'s affair.

use zeroize::Zeroizing;

use crate::codec::rows::RowKey;
use crate::codec::seal::{self, Identity, Recipient};
use crate::error::Fault;
use crate::hash::{ChunkId, RepositoryId};

/// Who may open what.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Domain {
    /// Rows, statements, names of tables: owners only.
    Content,
    /// Index, snapshots, lists of chunks: owners and writers.
    Structure,
}

/// Who wrote a record: eight bytes of the writer credential, zeros for an owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CredentialId(pub [u8; 8]);

impl CredentialId {
    /// 16 hexadecimal digits; `None` for an owner.
    pub(super) fn text(self) -> Option<String> {
        (self != Self::default()).then(|| crate::hash::hex(&self.0))
    }
}

/// 32 secret bytes, wiped when dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// Keys that everybody who writes holds; from the master secret, or taken over from another repository.
#[derive(Clone)]
pub struct Derived {
    /// Names chunks of the content domain.
    pub content_ids: Secret,
    /// Names chunks of the structure domain.
    pub structure_ids: Secret,
    /// Row hashes: where chunks are cut, and digests.
    pub rows: Secret,
    /// Tags of tables in lists of chunks.
    pub tags: Secret,
    /// MAC of records. Never taken over.
    pub mac: Secret,
}

impl Derived {
    pub(super) fn from_master(master: &Secret) -> Self {
        let derive = |context: &str| Zeroizing::new(blake3::derive_key(context, &**master));
        Self {
            content_ids: derive("pgkeep 2026-11-20 format 1: ids of content chunks"),
            structure_ids: derive("pgkeep 2026-11-20 format 1: ids of structure chunks"),
            rows: derive("pgkeep 2026-11-20 format 1: row hashes"),
            tags: derive("pgkeep 2026-11-20 format 1: tags of tables"),
            mac: derive("pgkeep 2026-11-20 format 1: MAC of records"),
        }
    }

    /// What the repository id says about the secrets without telling them.
    fn commitment(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("pgkeep 2026-11-20 format 1: commitment to the derived keys");
        for key in [&self.content_ids, &self.structure_ids, &self.rows, &self.tags, &self.mac] {
            hasher.update(&**key);
        }
        *hasher.finalize().as_bytes()
    }
}

/// The keys of one epoch.
pub struct EpochKeys {
    /// From 1. Chunks are shared within an epoch only.
    pub epoch: u32,
    /// Seals content.
    pub content: Recipient,
    /// Opens content: owners only.
    pub content_identity: Option<Identity>,
    /// Seals structure.
    pub structure: Recipient,
    /// Opens structure.
    pub structure_identity: Identity,
    /// Ids, row hashes, tags, MAC.
    pub derived: Derived,
    /// From the second epoch on: MAC of [`EpochKeys::statement`] under the MAC key of the epoch before.
    pub link: Option<[u8; 32]>,
}

impl EpochKeys {
    /// Text that names the public keys and commits to the derived ones.
    pub(super) fn statement(&self) -> String {
        let commitment = crate::hash::hex(&self.derived.commitment());
        format!("pgkeep keys {}\n{}\n{}\n{commitment}\n", self.epoch, self.content, self.structure)
    }

    /// Id of a chunk with these bytes.
    #[must_use]
    pub fn chunk_id(&self, domain: Domain, bytes: &[u8]) -> ChunkId {
        let key = match domain {
            Domain::Content => &self.derived.content_ids,
            Domain::Structure => &self.derived.structure_ids,
        };
        ChunkId(*blake3::keyed_hash(key, bytes).as_bytes())
    }

    /// Key of row hashes.
    #[must_use]
    pub fn row_key(&self) -> RowKey {
        RowKey::new(&self.derived.rows)
    }

    /// Who seals for a domain.
    #[must_use]
    pub fn recipient(&self, domain: Domain) -> &Recipient {
        match domain {
            Domain::Content => &self.content,
            Domain::Structure => &self.structure,
        }
    }
}

/// All keys that an owner or writer has of a repository.
pub struct Keyring {
    /// Id that these keys have by themselves.
    pub repository: RepositoryId,
    /// Who writes with it.
    pub credential: CredentialId,
    /// Oldest first, never empty.
    epochs: Vec<EpochKeys>,
}

impl Keyring {
    /// Checks that the epochs belong together, and names the repository by the first.
    ///
    /// # Errors
    ///
    /// [`Fault::Damaged`].
    pub(super) fn new(credential: CredentialId, epochs: Vec<EpochKeys>) -> Result<Self, Fault> {
        let first = epochs.first().ok_or_else(|| Fault::damaged("it holds no keys"))?;
        let repository = RepositoryId(*blake3::hash(first.statement().as_bytes()).as_bytes());
        for (at, keys) in epochs.iter().enumerate() {
            if u32::try_from(at + 1) != Ok(keys.epoch) {
                return Err(Fault::damaged("its key epochs are not in order"));
            }
        }
        for pair in epochs.windows(2) {
            let link = blake3::keyed_hash(&pair[0].derived.mac, pair[1].statement().as_bytes());
            if pair[1].link.map(blake3::Hash::from_bytes) != Some(link) {
                return Err(Fault::damaged(format!("key epoch {} was not made by an owner", pair[1].epoch)));
            }
        }
        Ok(Self { repository, credential, epochs })
    }

    /// Keys to write with.
    #[must_use]
    pub fn newest(&self) -> &EpochKeys {
        self.epochs.last().expect("a keyring is never empty")
    }

    /// Keys of an epoch, if they are known.
    #[must_use]
    pub fn epoch(&self, epoch: u32) -> Option<&EpochKeys> {
        self.epochs.iter().find(|keys| keys.epoch == epoch)
    }

    pub(super) fn epochs(&self) -> &[EpochKeys] {
        &self.epochs
    }

    /// Whether content can be opened.
    #[must_use]
    pub fn opens_content(&self) -> bool {
        self.newest().content_identity.is_some()
    }

    pub(super) fn open_structure(&self, sealed: &[u8], max: usize) -> Result<Vec<u8>, Fault> {
        self.open(Domain::Structure, sealed, max)
    }

    /// Opens an age file of a domain, whatever its epoch, of at most `max` bytes inside.
    ///
    /// # Errors
    ///
    /// [`Fault::Key`] where the keys at hand are not for the domain. With keys for it, an age file that they do not open
    /// is [`Fault::Damaged`]: nothing in a repository is sealed to anybody else.
    pub fn open(&self, domain: Domain, sealed: &[u8], max: usize) -> Result<Vec<u8>, Fault> {
        let identity = |keys: &'_ EpochKeys| match domain {
            Domain::Content => keys.content_identity.clone(),
            Domain::Structure => Some(keys.structure_identity.clone()),
        };
        let identities: Vec<Identity> = self.epochs.iter().rev().filter_map(identity).collect();
        match seal::open(&identities, sealed, max) {
            Err(Fault::Key) if !identities.is_empty() => {
                Err(Fault::damaged("its age header is not one that the keys of this repository open"))
            }
            opened => opened,
        }
    }
}
