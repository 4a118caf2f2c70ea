//! How an owner and a writer get at the keys: the sealed files in `keys/`, and the writer credential.
//!
//! Owns both stored forms. Every field is secret but the repository id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::format::config::FORMAT;
use super::keys::CredentialId;
use super::keys::{Derived, EpochKeys, Keyring, Secret};
use crate::codec::seal::{ExposeSecret, Identity, Recipient};
use crate::error::{Error, Fault, Result};
use crate::hash::{RepositoryId, hex, unhex};

/// Largest file in `keys/` and largest credential.
pub(super) const KEYS_BYTES_MAX: usize = 1 << 20;
/// Kind of the JSON in a file of `keys/`.
const KEYS: &str = "pgkeep keys";
/// Before the hexadecimal digits of a writer credential.
const WRITER_PREFIX: &str = "pgkeep-writer-1-";

/// Secrets of one epoch as the owners' files hold them. Persisted.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct OwnedEpoch {
    epoch: u32,
    #[serde(with = "secret")]
    master: Secret,
    /// Keys of the repository that this one was made like.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    taken_over: Option<TakenOver>,
    content: Zeroizing<String>,
    structure: Zeroizing<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    link: Option<String>,
}

/// Keys that make two repositories name equal rows alike, so that `copy` moves only what is missing. Persisted.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct TakenOver {
    #[serde(with = "secret")]
    content_ids: Secret,
    #[serde(with = "secret")]
    structure_ids: Secret,
    #[serde(with = "secret")]
    rows: Secret,
    #[serde(with = "secret")]
    tags: Secret,
}

/// What a file in `keys/` holds. Persisted.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct OwnersFile {
    kind: String,
    format: u32,
    repository: RepositoryId,
    epochs: Vec<OwnedEpoch>,
}

/// Keys of one epoch as a writer has them. Persisted in the credential.
#[derive(Clone, Serialize, Deserialize)]
struct WritersEpoch {
    epoch: u32,
    content: String,
    structure: Zeroizing<String>,
    #[serde(with = "secret")]
    content_ids: Secret,
    #[serde(with = "secret")]
    structure_ids: Secret,
    #[serde(with = "secret")]
    rows: Secret,
    #[serde(with = "secret")]
    tags: Secret,
    #[serde(with = "secret")]
    mac: Secret,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    link: Option<String>,
}

/// What lets a host write and check a repository without being able to read one row of it: one line of text.
#[derive(Clone, Serialize, Deserialize)]
pub struct WriterCredential {
    repository: RepositoryId,
    credential: String,
    epochs: Vec<WritersEpoch>,
}

mod secret {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(key: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex(&**key)))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = unhex(&text).map(Zeroizing::new).and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
        bytes.map(Zeroizing::new).ok_or_else(|| serde::de::Error::custom("a key is not 64 hexadecimal digits"))
    }
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

fn identity(text: &str) -> Result<Identity, Fault> {
    let mut found = Identity::read(text.as_bytes(), "it", || None).map_err(|_| not_keys())?;
    found.pop().ok_or_else(not_keys)
}

fn not_keys() -> Fault {
    Fault::damaged("it does not hold keys")
}

fn link(text: Option<&str>) -> Result<Option<[u8; 32]>, Fault> {
    let parse = |text| unhex(text).and_then(|bytes| bytes.try_into().ok()).ok_or_else(not_keys);
    text.map(parse).transpose()
}

impl OwnersFile {
    /// New secrets for a new repository; those that name things as in `like`, where given.
    pub(super) fn generate(like: Option<&Keyring>) -> Self {
        let pair = || Identity::generate().secret().map(|secret| Zeroizing::new(secret.expose_secret().to_owned()));
        let pair = || pair().expect("a generated identity is X25519 and has this text form");
        let taken_over = like.map(|keyring| keyring.newest().derived.clone()).map(|derived| TakenOver {
            content_ids: derived.content_ids,
            structure_ids: derived.structure_ids,
            rows: derived.rows,
            tags: derived.tags,
        });
        let master = Zeroizing::new(random());
        let epoch = OwnedEpoch { epoch: 1, master, taken_over, content: pair(), structure: pair(), link: None };
        let repository = RepositoryId([0; 32]);
        let mut file = Self { kind: KEYS.into(), format: FORMAT, repository, epochs: vec![epoch] };
        file.repository = file.keyring().expect("fresh keys are sound").repository;
        file
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).expect("keys serialize"))
    }

    pub(super) fn decode(json: &[u8]) -> Result<Self, Fault> {
        let file: Self = serde_json::from_slice(json).map_err(|_| not_keys())?;
        match file.format {
            _ if file.kind != KEYS => Err(not_keys()),
            FORMAT => Ok(file),
            newer => Err(Fault::Newer(format!("it has format {newer}").into())),
        }
    }

    pub(super) fn keyring(&self) -> Result<Keyring, Fault> {
        let epochs = self.epochs.iter().map(OwnedEpoch::keys).collect::<Result<_, _>>()?;
        Keyring::new(CredentialId::default(), epochs)
    }
}

impl OwnedEpoch {
    fn keys(&self) -> Result<EpochKeys, Fault> {
        let (content, structure) = (identity(&self.content)?, identity(&self.structure)?);
        let mut derived = Derived::from_master(&self.master);
        if let Some(like) = self.taken_over.clone() {
            derived.content_ids = like.content_ids;
            derived.structure_ids = like.structure_ids;
            derived.rows = like.rows;
            derived.tags = like.tags;
        }
        Ok(EpochKeys {
            epoch: self.epoch,
            content: content.recipient(),
            content_identity: Some(content),
            structure: structure.recipient(),
            structure_identity: structure,
            derived,
            link: link(self.link.as_deref())?,
        })
    }
}

impl WritersEpoch {
    fn keys(&self) -> Result<EpochKeys, Fault> {
        let structure = identity(&self.structure)?;
        let derived = Derived {
            content_ids: self.content_ids.clone(),
            structure_ids: self.structure_ids.clone(),
            rows: self.rows.clone(),
            tags: self.tags.clone(),
            mac: self.mac.clone(),
        };
        Ok(EpochKeys {
            epoch: self.epoch,
            content: self.content.parse::<Recipient>().map_err(|_| not_keys())?,
            content_identity: None,
            structure: structure.recipient(),
            structure_identity: structure,
            derived,
            link: link(self.link.as_deref())?,
        })
    }

    fn of(keys: &EpochKeys) -> Self {
        let structure = keys.structure_identity.secret().expect("domains have X25519 keys, which have a text form");
        let derived = keys.derived.clone();
        Self {
            epoch: keys.epoch,
            content: keys.content.to_string(),
            structure: Zeroizing::new(structure.expose_secret().to_owned()),
            content_ids: derived.content_ids,
            structure_ids: derived.structure_ids,
            rows: derived.rows,
            tags: derived.tags,
            mac: derived.mac,
            link: keys.link.map(|link| hex(&link)),
        }
    }
}

impl WriterCredential {
    /// A new credential with an id of its own.
    #[must_use]
    pub fn new(keyring: &Keyring) -> Self {
        let credential = hex(&random::<8>());
        let epochs = keyring.epochs().iter().map(WritersEpoch::of).collect();
        Self { repository: keyring.repository, credential, epochs }
    }

    /// The repository it is for.
    #[must_use]
    pub fn repository(&self) -> RepositoryId {
        self.repository
    }

    pub(super) fn keyring(&self) -> Result<Keyring, Fault> {
        let id = unhex(&self.credential).and_then(|bytes| bytes.try_into().ok()).ok_or_else(not_keys)?;
        let epochs = self.epochs.iter().map(WritersEpoch::keys).collect::<Result<_, _>>()?;
        let keyring = Keyring::new(CredentialId(id), epochs)?;
        match keyring.repository == self.repository {
            true => Ok(keyring),
            false => Err(Fault::damaged("its keys are not those of the repository that it names")),
        }
    }

    /// The line to keep in a file or an environment variable.
    #[must_use]
    pub fn line(&self) -> Zeroizing<String> {
        let json = Zeroizing::new(serde_json::to_vec(self).expect("keys serialize"));
        let digits = Zeroizing::new(hex(&json));
        Zeroizing::new(format!("{WRITER_PREFIX}{}", *digits))
    }
}

impl fmt::Debug for WriterCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriterCredential({})", self.credential)
    }
}

impl FromStr for WriterCredential {
    type Err = Error;

    /// From the line that [`WriterCredential::line`] made.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |hint: &str| Error::key("this is not a writer credential", hint);
        let text = text.trim();
        let digits = text.strip_prefix(WRITER_PREFIX).ok_or_else(|| wrong("it starts with pgkeep-writer-1-"))?;
        let whole = || wrong("it must be one whole line, as it was printed");
        let json = Zeroizing::new(unhex(digits).filter(|json| json.len() <= KEYS_BYTES_MAX).ok_or_else(whole)?);
        let credential: Self = serde_json::from_slice(&json).map_err(|_| whole())?;
        credential.keyring().map_err(|_| whole())?;
        Ok(credential)
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Domain;
    use super::*;

    #[test]
    fn writer_has_the_same_repository_and_no_content() {
        let owner = OwnersFile::decode(&OwnersFile::generate(None).encode()).unwrap().keyring().unwrap();
        let line = WriterCredential::new(&owner).line();
        let writer = line.parse::<WriterCredential>().unwrap().keyring().unwrap();
        assert_eq!(writer.repository, owner.repository);
        assert_ne!(writer.credential, owner.credential);
        let id = |keyring: &Keyring| keyring.newest().chunk_id(Domain::Content, b"1\n");
        assert_eq!(id(&writer), id(&owner));
        let sealed = crate::codec::seal::seal(&writer.newest().content, b"row\n");
        assert_eq!(writer.open(Domain::Content, &sealed, 10), Err(Fault::Key));
        assert_eq!(owner.open(Domain::Content, &sealed, 10).unwrap(), b"row\n");
        assert!(!format!("{:?}", line.parse::<WriterCredential>().unwrap()).contains("AGE-SECRET"));
    }

    #[test]
    fn damaged_credentials_are_refused() {
        let owner = OwnersFile::generate(None).keyring().unwrap();
        let line = WriterCredential::new(&owner).line();
        for at in (0..line.len()).step_by(7) {
            let mut damaged = line.as_bytes().to_vec();
            damaged[at] = if damaged[at] == b'1' { b'2' } else { b'1' };
            let text = String::from_utf8(damaged.clone()).unwrap();
            // Only the credential's own id is not covered by the repository id.
            if let Ok(other) = text.parse::<WriterCredential>() {
                assert_ne!(other.credential, line.parse::<WriterCredential>().unwrap().credential, "digit {at}");
            }
        }
        assert!(line[..line.len() - 2].parse::<WriterCredential>().is_err());
    }

    #[test]
    fn like_takes_over_names_but_neither_mac_nor_keys() {
        let first = OwnersFile::generate(None).keyring().unwrap();
        let second = OwnersFile::generate(Some(&first)).keyring().unwrap();
        assert_eq!(first.newest().derived.rows, second.newest().derived.rows);
        assert_eq!(first.newest().chunk_id(Domain::Structure, b"x"), second.newest().chunk_id(Domain::Structure, b"x"));
        assert_ne!(first.newest().derived.mac, second.newest().derived.mac);
        assert_ne!(first.repository, second.repository);
    }

    #[test]
    fn swapped_keys_change_the_repository_id() {
        let one = OwnersFile::generate(None);
        let mut other = one.clone();
        other.epochs[0].content = OwnersFile::generate(None).epochs[0].content.clone();
        assert_ne!(one.keyring().unwrap().repository, other.keyring().unwrap().repository);
    }
}
