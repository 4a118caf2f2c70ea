//! A folder as a place: made for its owner alone, and swept of what a put that was killed has left.

use std::path::Path;
use std::time::Duration;

/// A partial file of a put is left alone for this long: another process may still be writing it.
const SWEEP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes partial files of puts that were killed more than a day ago from folders of a place; says how many.
pub(super) fn sweep_all(place: &Path, folders: &[&str]) -> std::io::Result<u64> {
    let folders = folders.iter().map(|name| place.join(name)).filter(|folder| folder.is_dir());
    folders.map(|folder| sweep(&folder, SWEEP_AFTER)).sum()
}

/// Files that an object store is still putting, or never finished: `name#1`.
fn is_partial(path: &Path) -> bool {
    let suffix = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.rsplit_once('#'));
    suffix.is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn sweep(folder: &Path, after: Duration) -> std::io::Result<u64> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            removed += sweep(&entry.path(), after)?;
        } else if kind.is_file() && is_partial(&entry.path()) {
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if age > after {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Makes a folder that only its owner can read.
pub(super) fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_files_of_killed_puts_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("packs")).unwrap();
        let (partial, whole) = (folder.path().join("packs/ab#1"), folder.path().join("packs/ab"));
        std::fs::write(&partial, b"x").unwrap();
        std::fs::write(&whole, b"x").unwrap();
        assert_eq!(sweep(folder.path(), SWEEP_AFTER).unwrap(), 0, "it may still be written");
        assert_eq!(sweep(folder.path(), Duration::ZERO).unwrap(), 1);
        assert!(!partial.exists() && whole.exists());
    }
}
