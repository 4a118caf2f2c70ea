//! Where things stand in a repository: the keys of its objects.

use crate::hash::StoredId;

/// The one object with a name of its own.
pub const CONFIG: &str = "config";

/// A folder at the top of a repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folder {
    /// Secrets of the repository, an age file per owner.
    Keys,
    /// Sealed chunks.
    Packs,
    /// Where chunks are.
    Index,
    /// One object a dump.
    Snapshots,
    /// What people say later about a snapshot.
    Notes,
    /// Packs that writers must not count on.
    Marks,
}

impl Folder {
    /// All of format 1.
    pub const ALL: [Self; 6] = [Self::Keys, Self::Packs, Self::Index, Self::Snapshots, Self::Notes, Self::Marks];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Packs => "packs",
            Self::Index => "index",
            Self::Snapshots => "snapshots",
            Self::Notes => "notes",
            Self::Marks => "marks",
        }
    }

    /// Key of an object in it.
    #[must_use]
    pub fn key(self, id: StoredId) -> String {
        let name = id.to_string();
        match self {
            Self::Packs => format!("{}/{}/{name}", self.name(), &name[..2]),
            _ => format!("{}/{name}", self.name()),
        }
    }

    /// The object of this folder that stands at exactly this key. What lies deeper, elsewhere or under another spelling
    /// is not part of the repository, whatever it is called.
    #[must_use]
    pub fn at(self, key: &str) -> Option<StoredId> {
        id_of(key).filter(|id| self.key(*id) == key)
    }
}

/// The name at the end of a key, if it is one of a stored object.
#[must_use]
pub fn id_of(key: &str) -> Option<StoredId> {
    let name = key.rsplit('/').next()?;
    let id = name.parse::<StoredId>().ok()?;
    (id.to_string() == name).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_objects() {
        let id = StoredId([0xab; 32]);
        let name = "ab".repeat(32);
        assert_eq!(Folder::Packs.key(id), format!("packs/ab/{name}"));
        assert_eq!(Folder::Index.key(id), format!("index/{name}"));
        assert_eq!(id_of(&format!("packs/ab/{name}")), Some(id));
        assert_eq!(id_of(&format!("index/{}", name.to_uppercase())), None);
        assert_eq!(id_of("index/readme"), None);
        assert_eq!(Folder::Packs.at(&format!("packs/ab/{name}")), Some(id));
        assert_eq!(Folder::Index.at(&format!("index/{name}")), Some(id));
        for elsewhere in [format!("packs/zz/{name}"), format!("packs/{name}"), format!("packs/ab/ab/{name}")] {
            assert_eq!(Folder::Packs.at(&elsewhere), None, "{elsewhere}");
        }
        for elsewhere in [format!("index/old/{name}"), format!("snapshots/{name}"), format!("index/{name}.tmp")] {
            assert_eq!(Folder::Index.at(&elsewhere), None, "{elsewhere}");
        }
    }
}
