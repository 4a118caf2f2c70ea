//! The common form of sealed structure data: snapshots, index files, trailers, notes and marks.
//!
//! Owns header, feature flags and MAC. What is in a body is its own module's affair.

use super::fields::Fields;
use crate::codec::seal;
use crate::error::Fault;
use crate::hash::RepositoryId;
use crate::repository::keys::{CredentialId, EpochKeys, Keyring};

/// Bytes before the body.
const HEADER_BYTES: usize = 56;
const MAC_BYTES: usize = 32;
/// Of one record's body. Declared lengths above it are not believed.
pub(crate) const RECORD_BYTES_MAX: usize = 64 << 20;
/// Of a sealed record: sealing adds 16 bytes to 64 KiB, and a header.
pub(crate) const SEALED_BYTES_MAX: u64 = (RECORD_BYTES_MAX + RECORD_BYTES_MAX / 1024) as u64;

/// What a record is: its first eight bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// One dump.
    Snapshot,
    /// Where chunks are.
    Index,
    /// What a pack holds.
    Trailer,
    /// What somebody says about a snapshot.
    Note,
    /// Packs not to be counted on.
    Mark,
}

impl Kind {
    fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Snapshot => b"pgk-snap",
            Self::Index => b"pgk-indx",
            Self::Trailer => b"pgk-trlr",
            Self::Note => b"pgk-note",
            Self::Mark => b"pgk-mark",
        }
    }
}

/// Features without which something must not be done: a set of bits each, none of them defined in format 1 yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Requires {
    /// To read what the record describes.
    pub read: u64,
    /// To write into the repository.
    pub write: u64,
    /// To delete from the repository.
    pub delete: u64,
}

/// Features that this version has, the same set for all three.
const KNOWN: u64 = 0;

impl Requires {
    /// Whether this version may write beside such a record.
    #[must_use]
    pub(crate) fn allows_write(self) -> bool {
        self.write & !KNOWN == 0
    }

    /// Whether this version may delete from the repository.
    #[must_use]
    pub(in crate::repository) fn allows_delete(self) -> bool {
        self.delete & !KNOWN == 0
    }
}

/// A record that was opened and whose MAC is right.
#[derive(Debug)]
pub(crate) struct Record {
    /// Keys it was written under.
    pub epoch: u32,
    /// Who wrote it.
    pub credential: CredentialId,
    /// Features it asks for; those for reading are known.
    pub requires: Requires,
    /// Body.
    pub body: Vec<u8>,
}

fn mac(keys: &EpochKeys, repository: RepositoryId, record: &[u8]) -> [u8; MAC_BYTES] {
    let mut hasher = blake3::Hasher::new_keyed(&keys.derived.mac);
    hasher.update(&repository.0).update(record);
    *hasher.finalize().as_bytes()
}

/// Sealed bytes of a record under the newest keys.
pub(crate) fn seal(keyring: &Keyring, kind: Kind, body: &[u8]) -> Vec<u8> {
    seal_with(keyring, kind, Requires::default(), body)
}

pub(crate) fn seal_with(keyring: &Keyring, kind: Kind, requires: Requires, body: &[u8]) -> Vec<u8> {
    let keys = keyring.newest();
    let mut record = Vec::with_capacity(HEADER_BYTES + body.len() + MAC_BYTES);
    record.extend_from_slice(kind.magic());
    record.extend_from_slice(&super::config::FORMAT.to_le_bytes());
    record.extend_from_slice(&keys.epoch.to_le_bytes());
    record.extend_from_slice(&keyring.credential.0);
    for flags in [requires.read, requires.write, requires.delete] {
        record.extend_from_slice(&flags.to_le_bytes());
    }
    record.extend_from_slice(&(body.len() as u64).to_le_bytes());
    record.extend_from_slice(body);
    let mac = mac(keys, keyring.repository, &record);
    record.extend_from_slice(&mac);
    seal::seal(&keys.structure, &record)
}

/// Opens a record and checks everything that can be checked without knowing its body.
///
/// # Errors
///
/// [`Fault::Key`], [`Fault::Damaged`]; [`Fault::Newer`] where a newer version wrote it.
pub(crate) fn open(keyring: &Keyring, kind: Kind, sealed: &[u8]) -> Result<Record, Fault> {
    let plain = keyring.open_structure(sealed, HEADER_BYTES + RECORD_BYTES_MAX + MAC_BYTES)?;
    let mut fields = Fields::new(&plain);
    if fields.bytes(8)? != kind.magic() {
        return Err(Fault::damaged("it is something else under this name"));
    }
    let format = fields.u32()?;
    if format > super::config::FORMAT {
        return Err(Fault::Newer(format!("it has format {format}").into()));
    }
    let epoch = fields.u32()?;
    let credential = CredentialId(fields.array()?);
    let requires = Requires { read: fields.u64()?, write: fields.u64()?, delete: fields.u64()? };
    let length = usize::try_from(fields.u64()?).ok().filter(|length| *length <= RECORD_BYTES_MAX);
    let body = fields.bytes(length.ok_or_else(|| Fault::damaged("it declares an absurd length"))?)?;
    let stored = fields.array::<MAC_BYTES>()?;
    fields.end()?;
    let keys =
        keyring.epoch(epoch).ok_or_else(|| Fault::Newer(format!("it has the unknown key epoch {epoch}").into()))?;
    let computed = mac(keys, keyring.repository, &plain[..HEADER_BYTES + body.len()]);
    // blake3::Hash compares in constant time.
    if blake3::Hash::from_bytes(stored) != blake3::Hash::from_bytes(computed) {
        return Err(Fault::damaged("its MAC is wrong: nobody with the keys of this repository wrote it"));
    }
    if requires.read & !KNOWN != 0 {
        return Err(Fault::Newer(format!("reading it needs the features {:#x}", requires.read).into()));
    }
    Ok(Record { epoch, credential, requires, body: body.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::access::OwnersFile;

    fn keyring() -> Keyring {
        OwnersFile::generate(None).keyring().expect("fresh keys are sound")
    }

    /// What a program that has the keys and changes some bytes would seal.
    fn resealed(keyring: &Keyring, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let sealed = seal(keyring, Kind::Snapshot, b"body");
        let mut plain = keyring.open_structure(&sealed, 1000).unwrap();
        plain.truncate(plain.len() - MAC_BYTES);
        change(&mut plain);
        plain.extend(mac(keyring.newest(), keyring.repository, &plain));
        seal::seal(&keyring.newest().structure, &plain)
    }

    #[test]
    fn round_trip() {
        let keyring = keyring();
        let record = open(&keyring, Kind::Note, &seal(&keyring, Kind::Note, b"body")).unwrap();
        assert_eq!((record.body.as_slice(), record.epoch, record.credential.text()), (&b"body"[..], 1, None));
        assert_eq!(open(&keyring, Kind::Snapshot, &resealed(&keyring, |_| ())).unwrap().body, b"body");
    }

    #[test]
    fn records_of_other_kinds_and_repositories() {
        let (ours, theirs) = (keyring(), keyring());
        let sealed = seal(&ours, Kind::Note, b"body");
        assert!(matches!(open(&ours, Kind::Mark, &sealed), Err(Fault::Damaged(_))));
        assert!(matches!(open(&theirs, Kind::Note, &sealed), Err(Fault::Damaged(_))));
        // Anybody can seal to a public key; only the MAC tells who may.
        let plain = ours.open_structure(&sealed, 1000).unwrap();
        let forged = seal::seal(&theirs.newest().structure, &plain);
        assert!(matches!(open(&theirs, Kind::Note, &forged), Err(Fault::Damaged(_))));
    }

    #[test]
    fn records_of_the_future() {
        let keyring = keyring();
        let refused =
            |change: fn(&mut Vec<u8>)| open(&keyring, Kind::Snapshot, &resealed(&keyring, change)).unwrap_err();
        assert!(matches!(refused(|plain| plain[8] = 2), Fault::Newer(_)), "format");
        assert!(matches!(refused(|plain| plain[12] = 2), Fault::Newer(_)), "key epoch");
        assert!(matches!(refused(|plain| plain[24] = 1), Fault::Newer(_)), "feature to read");
        let requires = Requires { write: 1 << 63, ..Requires::default() };
        let opened = open(&keyring, Kind::Index, &seal_with(&keyring, Kind::Index, requires, b"")).unwrap();
        assert!(!opened.requires.allows_write() && Requires::default().allows_write());
    }

    #[test]
    fn lengths_that_lie() {
        let keyring = keyring();
        for length in [0, 3, 5, 1 << 40, u64::MAX] {
            let change = |plain: &mut Vec<u8>| plain[48..56].copy_from_slice(&length.to_le_bytes());
            let refused = open(&keyring, Kind::Snapshot, &resealed(&keyring, change)).unwrap_err();
            assert!(matches!(refused, Fault::Damaged(_)), "{length}: {refused}");
        }
    }
}
