//! What this host knows about places of repositories: which repository it found in each, as ssh remembers hosts.
//!
//! The file `known_repositories` beside the identities has a line for each place: the repository's id, a space, the
//! place. It is replaced as a whole, under a lock, so that programs that run at once lose nothing of each other.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use pgkeep::hash::RepositoryId;
use pgkeep::{Error, Result};

use super::{environment, screen};

/// Longer files are not ours.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// A place under all names that it goes by: as it was written, from the root, and where links lead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Names(Vec<PathBuf>);

impl Names {
    /// The names of a place that exists.
    pub(crate) fn of(place: &str) -> Self {
        let written = Path::new(place.strip_prefix("file://").unwrap_or(place));
        let mut names: Vec<PathBuf> = std::path::absolute(written).map(|path| plain(&path)).into_iter().collect();
        names.extend(fs::canonicalize(written).ok().filter(|real| !names.contains(real)));
        Self(names)
    }
}

/// Without `..`, as far as that can be told from the name alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// The file of this host.
pub(crate) struct Known {
    file: PathBuf,
}

impl Known {
    /// Where this host remembers; `None` where it has no home folder.
    pub(crate) fn here() -> Option<Self> {
        environment::memory_folder().map(|folder| Self { file: folder.join("known_repositories") })
    }

    /// The file, for messages.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// For each name of a place that is known, the repositories that were found there.
    pub(crate) fn at(&self, names: &Names) -> Result<Vec<Vec<RepositoryId>>> {
        let lines = self.read()?;
        let at = |name: &PathBuf| lines.iter().filter(|(_, place)| place == name).map(|(id, _)| *id).collect();
        Ok(names.0.iter().map(at).filter(|ids: &Vec<RepositoryId>| !ids.is_empty()).collect())
    }

    /// All lines.
    pub(crate) fn read(&self) -> Result<Vec<(RepositoryId, PathBuf)>> {
        let mut bytes = Vec::new();
        match File::open(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.unusable(&error.to_string())),
            Ok(file) => {
                let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
                read.map_err(|error| self.unusable(&error.to_string()))?;
            }
        }
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(self.unusable("it is too long"));
        }
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
        lines
            .map(|(at, line)| parse(line).ok_or_else(|| self.unusable(&format!("line {} of it is none", at + 1))))
            .collect()
    }

    fn unusable(&self, why: &str) -> Error {
        Error::Usage {
            message: format!("cannot read what this host knows of repositories in {}: {why}", self.file.display()),
            hint: Some(
                "each line is an id, a space and a location; mend it, or say which repository it is: `--repository-id ID`"
                    .into(),
            ),
        }
    }

    /// Remembers a repository at a place, beside others that were found there where `also` says so, otherwise instead.
    pub(crate) fn remember(&self, names: &Names, id: RepositoryId, also: bool) -> Result<()> {
        let lines = self.read()?;
        if also && names.0.iter().all(|place| lines.iter().any(|line| *line == (id, place.clone()))) {
            return Ok(());
        }
        self.change(|lines| {
            lines.retain(|(_, place)| also || !names.0.contains(place));
            for place in &names.0 {
                let line = (id, place.clone());
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        })
    }

    /// Forgets a place; says how many lines that were.
    pub(crate) fn forget(&self, names: &Names) -> Result<usize> {
        let mut gone = 0;
        self.change(|lines| {
            let before = lines.len();
            lines.retain(|(_, place)| !names.0.contains(place));
            gone = before - lines.len();
        })?;
        Ok(gone)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<(RepositoryId, PathBuf)>)) -> Result<()> {
        let failed = |error: io::Error| Error::Usage {
            message: format!("cannot write {}: {error}", self.file.display()),
            hint: Some("say which repository it is instead: `--repository-id ID` or PGKEEP_REPOSITORY_ID".into()),
        };
        // A link to a file elsewhere stays one.
        let file = fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let private =
            |path: &Path| fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        let lock = private(&folder.join(".known_repositories.lock")).map_err(failed)?;
        // Where the file system has no locks, the replacement is still whole.
        drop(lock.lock());
        let mut lines = self.read()?;
        let before = lines.clone();
        change(&mut lines);
        if lines == before {
            return Ok(());
        }
        let text: Vec<u8> = lines.iter().flat_map(|(id, place)| line(*id, place)).collect();
        let draft = folder.join(".known_repositories.new");
        let write = || {
            let mut out = private(&draft)?;
            out.set_len(0)?;
            out.write_all(&text)?;
            out.sync_all()?;
            fs::rename(&draft, &file)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(failed)
    }
}

/// Percent signs and line ends of the place are written as `%` and two digits.
fn line(id: RepositoryId, place: &Path) -> Vec<u8> {
    let mut line = format!("{id} ").into_bytes();
    for byte in place.as_os_str().as_bytes() {
        match byte {
            b'%' | b'\n' | b'\r' => line.extend(format!("%{byte:02x}").into_bytes()),
            other => line.push(*other),
        }
    }
    line.push(b'\n');
    line
}

fn parse(line: &[u8]) -> Option<(RepositoryId, PathBuf)> {
    let at = line.iter().position(|byte| *byte == b' ')?;
    let id = std::str::from_utf8(&line[..at]).ok()?.parse().ok()?;
    let mut place = Vec::new();
    let mut rest = line[at + 1..].iter();
    while let Some(byte) = rest.next() {
        place.push(match byte {
            b'%' => {
                let digits = [*rest.next()?, *rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => *other,
        });
    }
    (!place.is_empty()).then(|| (id, PathBuf::from(std::ffi::OsString::from_vec(place))))
}

/// What is wrong where a place holds another repository than before.
pub(crate) fn another(place: &str, stated: RepositoryId, known: &[RepositoryId], file: &Path) -> Error {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    Error::Key {
        message: format!("{place} holds another repository than before: {stated} instead of {}", known.join(" or ")),
        hint: Some(format!(
            "somebody may have put it there, to get your next dumps. If it is right: `pgkeep trust --repo {}`, or with \
             `--also` where disks take turns; remembered in {}",
            screen::line(place),
            file.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> RepositoryId {
        RepositoryId([n; 32])
    }

    #[test]
    fn lines_round_trip() {
        let odd = std::ffi::OsString::from_vec(b"/a b%\n\xff".to_vec());
        for place in [PathBuf::from("/srv/backups"), PathBuf::from(odd)] {
            let line = line(id(1), &place);
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(parse(line.trim_ascii_end()), Some((id(1), place)));
        }
        for wrong in ["", "x /srv", "00 /srv", &format!("{} ", id(1)), &format!("{} /a%4", id(1)), &id(1).to_string()] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn one_place_by_several_names() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join("link")).unwrap();
        let names = |tail: &str| Names::of(folder.path().join(tail).to_str().unwrap());
        let known = Known { file: folder.path().join("sub/known_repositories") };
        known.remember(&names("link"), id(1), false).unwrap();
        for tail in ["link", "real", "real/", "real/../real", "./link"] {
            assert!(known.at(&names(tail)).unwrap().iter().flatten().all(|known| *known == id(1)), "{tail}");
            assert!(!known.at(&names(tail)).unwrap().is_empty(), "{tail}");
        }
        assert_eq!(known.at(&Names::of(&format!("file://{}", real.display()))).unwrap(), [[id(1)]]);
        known.remember(&names("real"), id(2), true).unwrap();
        assert_eq!(known.at(&names("real")).unwrap(), [[id(1), id(2)]]);
        known.remember(&names("real"), id(3), false).unwrap();
        assert_eq!(known.at(&names("real")).unwrap(), [[id(3)]]);
        // The link still names what was there when it was used: leading it elsewhere does not change that.
        assert_eq!(known.at(&names("link")).unwrap(), [[id(1)], [id(3)]]);
        assert_eq!(known.forget(&names("link")).unwrap(), 2);
        assert_eq!(known.read().unwrap(), []);
    }

    #[test]
    fn at_once_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for n in 0..16 {
                let folder = folder.path();
                scope.spawn(move || {
                    let known = Known { file: folder.join("known_repositories") };
                    known.remember(&Names(vec![format!("/place/{n}").into()]), id(n), false).unwrap();
                });
            }
        });
        let known = Known { file: folder.path().join("known_repositories") };
        assert_eq!(known.read().unwrap().len(), 16);
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(known.file()).unwrap());
        assert_eq!(mode & 0o777, 0o600);
        fs::write(known.file(), "garbage\n").unwrap();
        assert!(known.read().is_err() && known.remember(&Names(Vec::new()), id(1), true).is_err());
    }
}
