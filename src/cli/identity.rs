//! Identity files: where they are looked for, how they are read, and how `init` writes a new one.
//!
//! A file is what `age -i` takes, with comments that name the repository it opens. Secrets go into files and nowhere
//! else: not to the screen, not into errors.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pgkeep::codec::seal::{ExposeSecret as _, Identity, SecretString};
use pgkeep::hash::RepositoryId;
use pgkeep::{Error, Result};

use super::environment::{self, IdentityVariable};
use super::screen;

/// Before the id in a comment of an identity file.
const REPOSITORY: &str = "# repository: ";
/// Longer files hold no identity.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Identities, and the repositories that their files say they are for.
#[derive(Default)]
pub(crate) struct Found {
    /// All that were found, in the order given.
    pub(crate) identities: Vec<Identity>,
    /// Repositories named in the files; empty where none is.
    repositories: Vec<RepositoryId>,
}

impl Found {
    /// Reads the files given, otherwise what `PGKEEP_IDENTITY` holds, otherwise the file that `init` left for this
    /// repository; empty where there is none of them.
    pub(crate) fn look(files: &[PathBuf], repository: RepositoryId) -> Result<Self> {
        let mut found = Self::default();
        if found.add_given(files)? {
            return Ok(found);
        }
        let default = default_file(&environment::identity_folder()?, repository);
        if default.exists() {
            found.add_file(&default)?;
        }
        Ok(found)
    }

    /// Reads the files given, otherwise what `PGKEEP_IDENTITY` holds.
    pub(crate) fn given(files: &[PathBuf]) -> Result<Self> {
        let mut found = Self::default();
        found.add_given(files)?;
        Ok(found)
    }

    /// Whether the files say which repositories they are for.
    pub(crate) fn names_repositories(&self) -> bool {
        !self.repositories.is_empty()
    }

    /// Whether anything was given.
    fn add_given(&mut self, files: &[PathBuf]) -> Result<bool> {
        for file in files {
            self.add_file(file)?;
        }
        if !files.is_empty() {
            return Ok(true);
        }
        match environment::identities()? {
            None => return Ok(false),
            Some(IdentityVariable::Text(text)) => self.add(text.as_bytes(), "PGKEEP_IDENTITY")?,
            Some(IdentityVariable::Files(files)) => {
                for file in files {
                    self.add_file(&file)?;
                }
            }
        }
        Ok(true)
    }

    fn add_file(&mut self, file: &Path) -> Result<()> {
        let name = file.display().to_string();
        let unreadable = |error: io::Error| {
            let hint = "name the file that `pgkeep init` wrote, or another owner's".to_owned();
            Error::Key { message: format!("cannot read the identity file {name}: {error}"), hint: Some(hint) }
        };
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        let opened = File::open(file).map_err(unreadable)?;
        io::Read::read_to_end(&mut io::Read::take(opened, FILE_BYTES_MAX), &mut bytes).map_err(unreadable)?;
        self.add(&bytes, &name)
    }

    fn add(&mut self, bytes: &[u8], what: &str) -> Result<()> {
        let ask =
            || environment::ask_secret(&format!("Passphrase for {}: ", screen::line(what))).map(SecretString::from);
        self.identities.extend(Identity::read(bytes, what, ask)?);
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        let named = lines.filter_map(|line| line.strip_prefix(REPOSITORY)?.trim().parse::<RepositoryId>().ok());
        self.repositories.extend(named);
        Ok(())
    }

    /// The repository that the identities are for, where their files name some: the stated one if it is among them,
    /// otherwise one of theirs, since somebody may have put another repository in its place.
    pub(crate) fn expected(&self, stated: RepositoryId) -> Option<RepositoryId> {
        self.repositories.iter().find(|id| **id == stated).or(self.repositories.first()).copied()
    }
}

/// Where `init` leaves the identity of a repository, and where it is looked for.
pub(crate) fn default_file(folder: &Path, repository: RepositoryId) -> PathBuf {
    folder.join(format!("{}.key", short(repository)))
}

/// The start of a repository id, as file names and people use it.
pub(crate) fn short(repository: RepositoryId) -> String {
    repository.to_string()[..16].to_owned()
}

/// A new identity, already in a file of its own before anything is sealed to it.
pub(crate) struct Draft {
    /// The identity.
    pub(crate) identity: Identity,
    draft: PathBuf,
    folder: PathBuf,
    file: Option<PathBuf>,
}

impl Draft {
    /// Makes an identity and writes it into a temporary file beside `file`, or in the default folder.
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        let folder = match file {
            Some(file) => file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
            None => environment::identity_folder()?,
        };
        if let Some(file) = file.filter(|file| file.symlink_metadata().is_ok()) {
            return Err(Error::Usage {
                message: format!("{} exists already", file.display()),
                hint: Some("identity files are never overwritten; choose another name".into()),
            });
        }
        if file.is_none() {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.map_err(|error| cannot_write(&folder, &error))?;
        }
        let identity = Identity::generate();
        let name = identity.recipient().to_string();
        let draft = folder.join(format!(".pgkeep-{}.key", &name[name.len() - 8..]));
        write_new(&draft, &text(&identity, None)).map_err(|error| cannot_write(&draft, &error))?;
        Ok(Self { identity, draft, folder, file: file.map(Path::to_owned) })
    }

    /// Forgets the identity: nothing was sealed to it.
    pub(crate) fn discard(self) {
        // Left behind it harms nobody.
        drop(fs::remove_file(&self.draft));
    }

    /// Writes the file that stays, naming the repository, and returns its path.
    pub(crate) fn keep(self, repository: RepositoryId) -> Result<PathBuf> {
        let file = self.file.unwrap_or_else(|| default_file(&self.folder, repository));
        write_new(&file, &text(&self.identity, Some(repository))).map_err(|error| Error::Usage {
            message: format!("cannot write {}: {error}", file.display()),
            hint: Some(format!("the repository is made; its identity is in {}: keep it", self.draft.display())),
        })?;
        drop(fs::remove_file(&self.draft));
        Ok(file)
    }
}

fn text(identity: &Identity, repository: Option<RepositoryId>) -> zeroize::Zeroizing<String> {
    let secret = identity.secret().expect("a new identity is an X25519 key");
    let named = repository.map(|id| format!("{REPOSITORY}{id}\n")).unwrap_or_default();
    zeroize::Zeroizing::new(format!(
        "# owner's identity of a pgkeep repository: opens every backup in it; who loses it loses them\n{named}\
         # created: {:.0}\n# public key: {}\n{}\n",
        Timestamp::now(),
        identity.recipient(),
        secret.expose_secret()
    ))
}

/// Writes a file that must not exist, readable by its owner only, and syncs it and its folder.
fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::Usage {
        message: format!("cannot write an identity to {}: {error}", path.display()),
        hint: Some("name another place: `--identity-out FILE`".into()),
    }
}
