//! Sealing: every sealed thing is a plain age v1 file for one recipient. A thin layer over the `age` crate.
//!
//! Owns keys in age's own text forms and never shows a secret: not in Debug, not in errors. Secrets are wiped from
//! memory when they are dropped.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use age::{DecryptError, Decryptor, Encryptor};

pub use age::secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Fault, Result};

/// scrypt's work factor for new passphrases, as `age -p`: about a second and 256 MiB.
const WORK_FACTOR: u8 = 18;
/// The largest that is tried, as `age`: a hostile file can cost this much, not more.
const WORK_FACTOR_MAX: u8 = 22;
/// Longest encrypted identity file.
const IDENTITY_FILE_BYTES_MAX: usize = 1 << 20;

/// Whom something is sealed to.
#[derive(Clone)]
pub enum Recipient {
    /// `age1..`
    X25519(age::x25519::Recipient),
    /// `ssh-ed25519 ..` or `ssh-rsa ..`
    Ssh(age::ssh::Recipient),
    /// Whoever knows it. Sealing and opening take about a second.
    Passphrase(SecretString),
}

/// What opens what was sealed to its recipient.
#[derive(Clone)]
pub enum Identity {
    /// `AGE-SECRET-KEY-1..`
    X25519(age::x25519::Identity),
    /// An SSH private key, decrypted. Boxed, since it is large.
    Ssh(Box<age::ssh::Identity>),
    /// A passphrase.
    Passphrase(SecretString),
}

impl FromStr for Recipient {
    type Err = Error;

    /// From `age1..`, `ssh-ed25519 ..` or `ssh-rsa ..`, with or without an SSH comment.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.starts_with("ssh-") {
            let ssh = text.parse().map_err(|error| {
                let hint = match error {
                    age::ssh::ParseRecipientKeyError::RsaModulusTooSmall => "RSA keys need at least 2048 bits",
                    age::ssh::ParseRecipientKeyError::RsaModulusTooLarge => "RSA keys may have at most 4096 bits",
                    _ => "use a line of an ssh-ed25519 or ssh-rsa public key file, `age1..` is better",
                };
                Error::key("this SSH public key cannot be a recipient", hint)
            })?;
            return Ok(Self::Ssh(ssh));
        }
        let age = text.parse().map_err(|reason| match text.get(..15) {
            Some(start) if start.eq_ignore_ascii_case("AGE-SECRET-KEY-") => Error::key(
                "this is an identity, not a recipient",
                "keep it secret; use the public key that belongs to it",
            ),
            _ => Error::key(
                format!("`{text}` is not a recipient: {reason}"),
                "use `age1..` or a line of an SSH public key file",
            ),
        })?;
        Ok(Self::X25519(age))
    }
}

impl fmt::Display for Recipient {
    /// What [`FromStr`] reads, or `passphrase`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::X25519(recipient) => recipient.fmt(f),
            Self::Ssh(recipient) => recipient.fmt(f),
            Self::Passphrase(_) => f.write_str("passphrase"),
        }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Identity {
    /// Shows whose identity it is, never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.recipient())
    }
}

impl Identity {
    /// A new X25519 key pair.
    #[must_use]
    pub fn generate() -> Self {
        Self::X25519(age::x25519::Identity::generate())
    }

    /// Whom to seal to so that this identity opens it.
    ///
    /// # Panics
    ///
    /// Never for an identity that [`Identity::read`] made.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        match self {
            Self::X25519(identity) => Recipient::X25519(identity.to_public()),
            Self::Ssh(identity) => {
                let recipient = age::ssh::Recipient::try_from(age::ssh::Identity::clone(identity));
                Recipient::Ssh(recipient.expect("checked when it was read"))
            }
            Self::Passphrase(passphrase) => Recipient::Passphrase(passphrase.clone()),
        }
    }

    /// `AGE-SECRET-KEY-1..`, for an X25519 identity.
    #[must_use]
    pub fn secret(&self) -> Option<SecretString> {
        match self {
            Self::X25519(identity) => Some(identity.to_string()),
            Self::Ssh(_) | Self::Passphrase(_) => None,
        }
    }

    /// The identities in a file as `age -i` takes it: lines `AGE-SECRET-KEY-1..` among comments, an SSH private key,
    /// or one of these encrypted with a passphrase, which is asked for only then. `what` names the file in errors.
    pub fn read(file: &[u8], what: &str, passphrase: impl FnOnce() -> Option<SecretString>) -> Result<Vec<Self>> {
        if file.starts_with(b"age-encryption.org/v1\n") {
            let passphrase = passphrase().ok_or_else(|| {
                Error::key(
                    format!("{what} is encrypted with a passphrase"),
                    "give the passphrase, or an unencrypted identity",
                )
            })?;
            let opened = open(&[Self::Passphrase(passphrase)], file, IDENTITY_FILE_BYTES_MAX);
            let opened = opened.map_err(|fault| wrong_passphrase(what, &fault))?;
            return Self::lines(zeroize::Zeroizing::new(opened).as_slice(), what);
        }
        if file.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
            let hint = format!("`age -d {what}` decrypts it; encrypt it again without `-a`");
            return Err(Error::key(format!("{what} is armored"), hint));
        }
        if file.starts_with(b"-----BEGIN ") {
            return Ok(vec![Self::ssh(file, what, passphrase)?]);
        }
        Self::lines(file, what)
    }

    fn lines(file: &[u8], what: &str) -> Result<Vec<Self>> {
        let mut identities = Vec::new();
        for (at, line) in file.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            // The line itself may be a mistyped secret and is not shown.
            let identity = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok()).ok_or_else(|| {
                Error::key(
                    format!("line {} of {what} is not an identity", at + 1),
                    "a line with `AGE-SECRET-KEY-1..` is one",
                )
            })?;
            identities.push(Self::X25519(identity));
        }
        if identities.is_empty() {
            return Err(Error::key(format!("{what} has no identity"), "a line with `AGE-SECRET-KEY-1..` is one"));
        }
        Ok(identities)
    }

    fn ssh(file: &[u8], what: &str, passphrase: impl FnOnce() -> Option<SecretString>) -> Result<Self> {
        let unusable =
            || Error::key(format!("{what} is no usable SSH private key"), "age takes ssh-ed25519 and ssh-rsa keys");
        let identity = match age::ssh::Identity::from_buffer(file, None).map_err(|_| unusable())? {
            age::ssh::Identity::Encrypted(key) => {
                let passphrase = passphrase().ok_or_else(|| {
                    Error::key(
                        format!("{what} is encrypted with a passphrase"),
                        "give the passphrase, or an unencrypted identity",
                    )
                })?;
                key.decrypt(passphrase).map_err(|_| wrong_passphrase(what, &Fault::Key))?.into()
            }
            plain @ age::ssh::Identity::Unencrypted(_) => plain,
            age::ssh::Identity::Unsupported(_) => return Err(unusable()),
        };
        age::ssh::Recipient::try_from(identity.clone()).map_err(|_| unusable())?;
        Ok(Self::Ssh(Box::new(identity)))
    }
}

fn wrong_passphrase(what: &str, fault: &Fault) -> Error {
    match fault {
        Fault::Key => Error::key(format!("the passphrase does not open {what}"), "try again"),
        other => other.clone().of(what),
    }
}

/// An age file with these bytes for the recipient.
#[must_use]
pub fn seal(recipient: &Recipient, bytes: &[u8]) -> Vec<u8> {
    let scrypt;
    let recipient: &dyn age::Recipient = match recipient {
        Recipient::X25519(recipient) => recipient,
        Recipient::Ssh(recipient) => recipient,
        Recipient::Passphrase(passphrase) => {
            let mut new = age::scrypt::Recipient::new(passphrase.clone());
            new.set_work_factor(WORK_FACTOR);
            scrypt = new;
            &scrypt
        }
    };
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient)).expect("one recipient goes with itself");
    // A tag of 16 bytes for each 64 KiB and for the rest, and a header with one recipient.
    let sealed = Vec::with_capacity(bytes.len() + (bytes.len() >> 16) * 16 + 1024);
    let mut writer = encryptor.wrap_output(sealed).expect("writing to memory does not fail");
    std::io::Write::write_all(&mut writer, bytes).expect("writing to memory does not fail");
    writer.finish().expect("writing to memory does not fail")
}

/// What is in an age file, of at most `max` bytes.
pub fn open(identities: &[Identity], sealed: &[u8], max: usize) -> Result<Vec<u8>, Fault> {
    let decryptor = Decryptor::new_buffered(sealed).map_err(fault)?;
    let mut scrypts = Vec::new();
    let mut keys: Vec<&dyn age::Identity> = Vec::new();
    for identity in identities {
        match identity {
            Identity::X25519(identity) => keys.push(identity),
            Identity::Ssh(identity) => keys.push(&**identity),
            Identity::Passphrase(passphrase) if decryptor.is_scrypt() => {
                let mut scrypt = age::scrypt::Identity::new(passphrase.clone());
                scrypt.set_max_work_factor(WORK_FACTOR_MAX);
                scrypts.push(scrypt);
            }
            Identity::Passphrase(_) => {}
        }
    }
    keys.extend(scrypts.iter().map(|scrypt| scrypt as &dyn age::Identity));
    let reader = decryptor.decrypt(keys.into_iter()).map_err(fault)?;
    let mut bytes = Vec::with_capacity(sealed.len().min(max.saturating_add(1)));
    let read = reader.take((max as u64).saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|_| Fault::damaged("its age file does not decrypt"))?;
    if bytes.len() > max {
        return Err(Fault::damaged(format!("it has more than the {max} bytes that are allowed")));
    }
    Ok(bytes)
}

/// A wrong passphrase looks like a header that does not decrypt.
fn fault(error: DecryptError) -> Fault {
    match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => Fault::Key,
        DecryptError::ExcessiveWork { .. } => Fault::damaged("its passphrase asks for more work than any real one"),
        DecryptError::UnknownFormat => Fault::damaged("it is not an age v1 file"),
        _ => Fault::damaged("the header of its age file is broken"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::File;
    use std::io::{Seek, Write};
    use std::path::Path;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// What a program installed on this machine makes of some input.
    pub(in crate::codec) fn stock(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
        let mut stdin = tempfile::tempfile().unwrap();
        stdin.write_all(input).unwrap();
        stdin.rewind().unwrap();
        let output = Command::new(program).args(args).stdin(stdin).output();
        let output = output.unwrap_or_else(|error| panic!("this test needs the program `{program}`: {error}"));
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn passphrase(text: &str) -> Option<SecretString> {
        Some(SecretString::from(text.to_owned()))
    }

    fn never() -> Option<SecretString> {
        panic!("a passphrase was asked for")
    }

    fn file(dir: &Path, name: &str, bytes: &[u8]) -> String {
        let path = dir.join(name);
        File::create(&path).unwrap().write_all(bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn stock_age_opens_and_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::generate();
        let key = file(dir.path(), "key", identity.secret().unwrap().expose_secret().as_bytes());
        for len in [0, 1, 65_536, 65_537, 1_000_000] {
            let bytes = vec![b'r'; len];
            assert!(stock("age", &["-d", "-i", &key], &seal(&identity.recipient(), &bytes)) == bytes);
            let theirs = stock("age", &["-r", &identity.recipient().to_string()], &bytes);
            assert!(open(&[Identity::generate(), identity.clone()], &theirs, len).unwrap() == bytes);
        }
    }

    #[test]
    fn stock_age_and_zstd_give_rows() {
        use crate::codec::{chunk, cut};
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::generate();
        let key = file(dir.path(), "key", identity.secret().unwrap().expose_secret().as_bytes());
        let bytes = b"one row\nand one more\n".to_vec();
        let cut = cut::Cut { bytes: bytes.clone(), rows: 2, extent: cut::Extent::WholeRows };
        let sealed = seal(&identity.recipient(), &chunk::encode(0, &cut, chunk::Options::default()).unwrap());
        assert_eq!(stock("zstd", &["-dc"], &stock("age", &["-d", "-i", &key], &sealed)), bytes);
    }

    #[test]
    fn stock_identity_files_are_read() {
        let (one, two) = (stock("age-keygen", &[], b""), stock("age-keygen", &[], b""));
        let both = Identity::read(&[&one[..], b"\n# more\r\n", &two].concat(), "both", never).unwrap();
        let public =
            String::from_utf8_lossy(&one).lines().find_map(|l| l.strip_prefix("# public key: ").map(str::to_owned));
        assert_eq!((both.len(), Some(both[0].recipient().to_string())), (2, public.clone()));
        assert_eq!(format!("{:?}", both[0]), format!("Identity({})", public.unwrap()));

        let encrypted = seal(&Recipient::Passphrase(passphrase("correct horse").unwrap()), &one);
        let read = Identity::read(&encrypted, "key.age", || passphrase("correct horse")).unwrap();
        assert_eq!(read[0].recipient().to_string(), both[0].recipient().to_string());
        let error = Identity::read(&encrypted, "key.age", || passphrase("wrong")).unwrap_err();
        assert_eq!(error.to_string(), "the passphrase does not open key.age");
        assert!(Identity::read(&encrypted, "key.age", || None).is_err());
    }

    #[test]
    fn ssh_keys_are_owners() {
        let dir = tempfile::tempdir().unwrap();
        for (kind, bits) in [("ed25519", "256"), ("rsa", "2048")] {
            for secret in ["", "correct horse"] {
                let path = dir.path().join(format!("{kind}{}", secret.len()));
                let path = path.to_str().unwrap();
                stock("ssh-keygen", &["-q", "-t", kind, "-b", bits, "-N", secret, "-C", "a comment", "-f", path], b"");
                let public = std::fs::read_to_string(format!("{path}.pub")).unwrap();
                let recipient: Recipient = public.parse().unwrap();
                let sealed = seal(&recipient, b"rows");
                let ask = || if secret.is_empty() { never() } else { passphrase(secret) };
                let identity = Identity::read(&std::fs::read(path).unwrap(), path, ask).unwrap();
                assert_eq!(open(&identity, &sealed, 4).unwrap(), b"rows");
                assert_eq!(identity[0].recipient().to_string(), recipient.to_string());
                if secret.is_empty() {
                    assert_eq!(stock("age", &["-d", "-i", path], &sealed), b"rows");
                }
            }
        }
    }

    #[test]
    fn no_error_shows_a_secret() {
        let secret = Identity::generate().secret().unwrap();
        let secret = secret.expose_secret();
        let typo = format!("# key\n{}x\n", &secret[..secret.len() - 1]);
        let errors = [
            Identity::read(typo.as_bytes(), "key", never).unwrap_err(),
            secret.parse::<Recipient>().unwrap_err(),
            Identity::read(b"# nothing\n", "key", never).unwrap_err(),
            Identity::read(b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", "key", never).unwrap_err(),
            "age1nonsense".parse::<Recipient>().unwrap_err(),
            "ssh-rsa AAAA".parse::<Recipient>().unwrap_err(),
        ];
        for error in errors {
            assert!(error.hint().is_some() && !error.to_string().contains(&secret[20..40]), "{error}");
        }
        assert_eq!(format!("{:?}", Recipient::Passphrase(passphrase("pst").unwrap())), "passphrase");
    }

    #[test]
    fn the_wrong_key_and_too_much_are_told_apart() {
        let identity = Identity::generate();
        let sealed = seal(&identity.recipient(), &[1; 100]);
        assert_eq!(open(&[Identity::generate()], &sealed, 100), Err(Fault::Key));
        assert_eq!(open(&[], &sealed, 100), Err(Fault::Key));
        assert!(matches!(open(std::slice::from_ref(&identity), &sealed, 99), Err(Fault::Damaged(_))));
        assert_eq!(open(&[identity], &sealed, 100).unwrap(), [1; 100]);
    }

    proptest! {
        #[test]
        fn damage_is_noticed(at in any::<prop::sample::Index>(), value in 1..=255u8, cut_off in any::<prop::sample::Index>()) {
            let identity = [Identity::generate()];
            let sealed = seal(&identity[0].recipient(), b"1\tone\n");
            prop_assert!(open(&identity, &sealed[..cut_off.index(sealed.len())], 100).is_err());
            let mut damaged = sealed;
            let at = at.index(damaged.len());
            damaged[at] ^= value;
            prop_assert!(open(&identity, &damaged, 100).is_err());
        }

        #[test]
        fn hostile_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(open(&[Identity::generate()], &bytes, 100).is_err());
            let header = [b"age-encryption.org/v1\n-> X25519 ", &bytes[..]].concat();
            prop_assert!(open(&[Identity::generate()], &header, 100).is_err());
            let _ = Identity::read(&bytes, "key", || None);
            let _ = String::from_utf8_lossy(&bytes).parse::<Recipient>();
        }
    }
}
