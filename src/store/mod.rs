//! Bytes by key: the place of a repository, a folder now.
//!
//! Owns the addresses that people write, retries, hints, and the sweeping of what a crashed put left behind. Knows
//! nothing of what is stored, and never changes an object that exists: everything above it is immutable.

mod address;
mod folder;
mod retry;

use std::ops::Range;
use std::path::Path as Folder;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use crate::error::{Error, Result};
use address::Address;
use retry::{error, is_io, retry};

/// What is larger is read in ranges only: anybody may put a file of any size into a folder.
pub const WHOLE_BYTES_MAX: u64 = 80 << 20;

/// An object in a listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its key, parts separated by `/`.
    pub key: String,
    /// Stored bytes.
    pub size: u64,
    /// When it was put, by the clock of the place.
    pub modified: Timestamp,
}

/// Names at the top of a place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Top {
    /// Folders, or common prefixes of keys.
    pub folders: Vec<String>,
    /// Objects.
    pub objects: Vec<String>,
}

/// A place for objects. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// As the user wrote it, without secrets.
    place: Arc<str>,
    /// The folder, where it is one.
    folder: Option<Arc<Folder>>,
}

impl Store {
    /// The place at an address: a path or `file:///path`.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where the address makes no sense or there is no such folder.
    pub fn open(address: &str) -> Result<Self> {
        let Address::Folder(path) = address::parse(address)?;
        if !path.is_dir() {
            let problem = if path.exists() { "is not a folder" } else { "does not exist" };
            return Err(Error::Usage {
                message: format!("{address} {problem}"),
                hint: Some(format!("`pgkeep init --repo {address}` makes a repository")),
            });
        }
        let objects = LocalFileSystem::new_with_prefix(&path).map_err(|e| error("open it", address, e))?;
        Ok(Self { objects: Arc::new(objects.with_fsync(true)), place: address.into(), folder: Some(path.into()) })
    }

    /// As [`Store::open`], but makes the folder (readable by its owner only) where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where the address makes no sense, [`Error::Store`] where the folder cannot be made.
    pub fn create(address: &str) -> Result<Self> {
        let Address::Folder(path) = address::parse(address)?;
        if !path.exists() {
            folder::make_private(&path).map_err(|e| error("make the folder", address, e))?;
        }
        Self::open(address)
    }

    /// A place behind any object store: a wrapper that counts, fails or slows down.
    pub fn over(objects: Arc<dyn ObjectStore>, place: &str) -> Self {
        Self { objects, place: place.into(), folder: None }
    }

    /// The address as people wrote it.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// A whole object of at most [`WHOLE_BYTES_MAX`]; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] where it is larger, [`Error::Store`].
    pub async fn find(&self, key: &str) -> Result<Option<Bytes>> {
        self.read(key, GetOptions::default()).await
    }

    /// A whole object of at most [`WHOLE_BYTES_MAX`].
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] where there is none or it is larger, [`Error::Store`].
    pub async fn get(&self, key: &str) -> Result<Bytes> {
        self.find(key).await?.ok_or_else(|| Error::damaged(key, "it is missing"))
    }

    /// A range of an object's bytes; fewer where the object is shorter.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] where there is no such object or the range starts beyond its end, [`Error::Store`].
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        self.read(key, options).await?.ok_or_else(|| Error::damaged(key, "it is missing"))
    }

    async fn read(&self, key: &str, options: GetOptions) -> Result<Option<Bytes>> {
        let path = Path::from(key);
        let ranged = options.range.is_some();
        let (objects, path, options) = (&self.objects, &path, &options);
        let read = move || async move {
            match objects.get_opts(path, options.clone()).await {
                Ok(found) if !ranged && found.meta.size > WHOLE_BYTES_MAX => Ok(Some(Err(found.meta.size))),
                Ok(found) => found.bytes().await.map(|bytes| Some(Ok(bytes))),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(other) => Err(other),
            }
        };
        match retry(read).await {
            Ok(Some(Err(size))) => {
                Err(Error::damaged(key, format!("it has {size} bytes, too many for what it should be")))
            }
            Ok(found) => Ok(found.and_then(std::result::Result::ok)),
            // No object store has a variant of its own for a range beyond the end.
            Err(e) if ranged && self.size(key).await?.is_some() && !is_io(&e) => {
                Err(Error::damaged(key, format!("it is too short ({e})")))
            }
            Err(e) => Err(self.error(format!("read {key}"), e)),
        }
    }

    /// Stored bytes of an object; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        let path = Path::from(key);
        let (objects, path) = (&self.objects, &path);
        let head = move || async move {
            match objects.head(path).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(other) => Err(other),
            }
        };
        retry(head).await.map_err(|e| self.error(format!("look at {key}"), e))
    }

    /// Stores an object of these pieces, synced, at once or not at all. The same key always holds the same bytes, so
    /// doing it twice is harmless.
    ///
    /// # Errors
    ///
    /// [`Error::Store`], with a hint where the disk is full.
    pub async fn put(&self, key: &str, pieces: &[Bytes]) -> Result<()> {
        let path = Path::from(key);
        let payload: PutPayload = pieces.iter().cloned().collect();
        let (objects, path, payload) = (&self.objects, &path, &payload);
        let put = move || async move { objects.put(path, payload.clone()).await };
        retry(put).await.map_err(|e| self.error(format!("put {key}"), e))?;
        Ok(())
    }

    /// Stores an object unless the key is taken; says whether it did. Where the answer to a first try was lost, the
    /// object tells whose it is: `bytes` must differ from what anybody else would put.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn put_create(&self, key: &str, bytes: Bytes) -> Result<bool> {
        let (objects, path, payload) = (&self.objects, &Path::from(key), &PutPayload::from(bytes.clone()));
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let (tries, options) = (&AtomicU32::new(0), &options);
        let put = move || async move {
            tries.fetch_add(1, Ordering::Relaxed);
            objects.put_opts(path, payload.clone(), options.clone()).await
        };
        match retry(put).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) if tries.load(Ordering::Relaxed) == 1 => Ok(false),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(self.get(key).await? == bytes),
            Err(e) => Err(self.error(format!("put {key}"), e)),
        }
    }

    /// All objects below a folder, sorted by key; none where there is no such folder. What is no file is none of them: a
    /// pipe or a device has no end, and opening it may wait for ever.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        let path = Path::from(folder);
        let (objects, path) = (&self.objects, &path);
        let list = move || async move { objects.list(Some(path)).try_collect::<Vec<_>>().await };
        let found = match retry(list).await {
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            other => other.map_err(|e| self.error(format!("list {folder}/"), e))?,
        };
        let entry = |meta: object_store::ObjectMeta| {
            let modified = Timestamp::from_microsecond(meta.last_modified.timestamp_micros()).unwrap_or_default();
            Entry { key: meta.location.to_string(), size: meta.size, modified }
        };
        let mut entries: Vec<Entry> = found.into_iter().map(entry).collect();
        if let Some(place) = &self.folder {
            entries.retain(|entry| entry.size > 0 || place.join(&entry.key).is_file());
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    /// What stands at the top, hidden names and `lost+found` left out.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn top(&self) -> Result<Top> {
        let objects = &self.objects;
        let list = move || async move { objects.list_with_delimiter(None).await };
        let found = retry(list).await.map_err(|e| self.error("list it".into(), e))?;
        let names = |paths: Vec<Path>| {
            let names = paths.into_iter().map(|path| path.to_string());
            names.filter(|name| !name.starts_with('.') && name != "lost+found").collect()
        };
        let objects = found.objects.into_iter().map(|meta| meta.location).collect();
        Ok(Top { folders: names(found.common_prefixes), objects: names(objects) })
    }

    /// Removes an object; that it is gone already is not an error.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn delete(&self, key: &str) -> Result<()> {
        let path = Path::from(key);
        let (objects, path) = (&self.objects, &path);
        let delete = move || async move {
            match objects.delete(path).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                other => other,
            }
        };
        retry(delete).await.map_err(|e| self.error(format!("delete {key}"), e))
    }

    /// Removes the partial files of puts that were killed more than a day ago, which listings hide, from these folders;
    /// says how many. Blocks: run it on the CPU pool.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn sweep(&self, folders: &[&str]) -> Result<u64> {
        let Some(place) = &self.folder else { return Ok(0) };
        folder::sweep_all(place, folders).map_err(|e| error("sweep partial files", &self.place, e))
    }

    fn error(&self, doing: String, source: object_store::Error) -> Error {
        error(doing, &self.place, source)
    }
}
