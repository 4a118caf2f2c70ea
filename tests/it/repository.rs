//! Repositories in real folders: what is put comes back, what is equal is stored once, what is cut off is not listed.

use std::path::Path;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use pgkeep::blocks::Blocks;
use pgkeep::codec::seal::Identity;
use pgkeep::object::{Kind, Name, Object, ObjectId, Section, Table};
use pgkeep::repository::{
    Finished, Head, Listed, Manifest, Part, Position, Repository, Source, Stored, WriteOptions, Writer,
};
use pgkeep::store::Store;
use pgkeep::{Error, ErrorKind};

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A repository in a folder that goes away, and the identity that opens it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) identity: Identity,
}

impl Place {
    pub(crate) async fn new() -> (Self, Repository) {
        let place = Self { folder: tempfile::tempdir().unwrap(), identity: Identity::generate() };
        let repository = Repository::init(place.store(), &[place.identity.recipient()], None).await.unwrap();
        (place, repository)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(self.path().to_str().unwrap()).unwrap()
    }

    pub(crate) async fn open(&self) -> Repository {
        Repository::open(self.store(), std::slice::from_ref(&self.identity), None).await.unwrap()
    }

    /// All files of a folder of the repository, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<std::path::PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(&self.path().join(folder), &mut found);
        found.sort();
        found
    }
}

pub(crate) fn blocks(bytes: &[u8], size: usize) -> Blocks<'static> {
    let pieces: Vec<_> = bytes.chunks(size.max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces).boxed()
}

/// Rows that do not compress to nothing, `count` of them from number `first`.
pub(crate) fn rows(first: u64, count: u64) -> Vec<u8> {
    let mut text = Vec::new();
    for id in first..first + count {
        let noise = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        text.extend_from_slice(format!("{id}\t{}\tcustomer {noise:016x}\t{}\n", id % 97, noise % 10_000).as_bytes());
    }
    text
}

/// Rows that do not compress, of this many bytes in all.
pub(crate) fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut text = vec![0; bytes];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut text);
    text.iter_mut().for_each(|byte| *byte = if *byte == b'\n' { b' ' } else { *byte });
    text.chunks_mut(100).for_each(|row| *row.last_mut().unwrap() = b'\n');
    text
}

pub(crate) fn table(id: u32, name: &str) -> Object {
    Object {
        id: ObjectId(id),
        kind: Kind::Table,
        section: Section::PreData,
        name: Name::in_schema("ord", name),
        table: Some(Table { columns: Vec::new(), unlogged: false, root: None, condition: None, server: None }),
        ..serde_json::from_value(serde_json::json!({
            "id": id, "kind": "table", "section": "pre-data", "name": {"name": name}, "oid": 16384 + id
        }))
        .unwrap()
    }
}

pub(crate) fn head(database: &str) -> Head {
    let source = Source { system: 7, database_oid: 5, database: database.into(), ..Source::default() };
    Head { source, ..Head::default() }
}

pub(crate) fn manifest(tables: Vec<(&str, Vec<Stored>)>) -> Manifest {
    let mut manifest = Manifest::default();
    for (at, (name, parts)) in tables.into_iter().enumerate() {
        let object = ObjectId(at as u32);
        manifest.objects.push(table(object.0, name));
        let one = parts.len() == 1;
        for (number, stored) in parts.into_iter().enumerate() {
            let first = number as u32 * 1024;
            manifest.parts.push(Part { object, range: (!one).then_some((first, Some(first + 1024))), stored });
        }
        manifest.sequences.push(Position { object, last_value: -3, is_called: true });
    }
    manifest
}

pub(crate) async fn put(writer: &Writer, bytes: &[u8]) -> Stored {
    writer.put(blocks(bytes, 100_000), "test rows").await.unwrap()
}

/// One dump with a table for each of these texts.
pub(crate) async fn dump(repository: &Repository, tables: &[(&str, &[u8])]) -> Finished {
    let writer = repository.writer(WriteOptions::default()).await.unwrap();
    finish(writer, tables).await.unwrap()
}

/// As [`dump`], with a writer that has begun already.
pub(crate) async fn finish(writer: Writer, tables: &[(&str, &[u8])]) -> Result<Finished, Error> {
    let mut stored = Vec::new();
    for (name, bytes) in tables {
        stored.push((*name, vec![put(&writer, bytes).await]));
    }
    writer.finish(&manifest(stored), head("shop")).await
}

pub(crate) async fn listed(repository: &Repository) -> Vec<Listed> {
    let snapshots = repository.snapshots().await.unwrap();
    assert!(snapshots.unreadable.is_empty(), "{:?}", snapshots.unreadable);
    snapshots.listed
}

/// All rows of a part as they come back.
pub(crate) async fn read(repository: &Repository, snapshot: &Listed, part: usize) -> Result<Vec<u8>, Error> {
    let reader = repository.reader(snapshot).await?;
    let manifest = reader.manifest().await?;
    let pieces: Vec<Bytes> = reader.blocks(&manifest.parts[part].stored).try_collect().await?;
    Ok(pieces.concat())
}

#[test]
fn what_is_put_comes_back() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let (orders, customers) = (rows(0, 200_000), rows(1_000_000, 5));
        let writer = repository.writer(WriteOptions { check_all: true, ..WriteOptions::default() }).await.unwrap();
        let (first, second) = orders.split_at(orders.len() / 2);
        let second_starts = second.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let first = [first, &second[..second_starts]].concat();
        let second = second[second_starts..].to_vec();
        let tasks = [first.clone(), second.clone(), customers.clone(), Vec::new()].map(|bytes| {
            let writer = writer.clone();
            tokio::spawn(async move { put(&writer, &bytes).await })
        });
        let mut stored = Vec::new();
        for task in tasks {
            stored.push(task.await.unwrap());
        }
        let empty = stored.pop().unwrap();
        assert_eq!(empty, Stored::default());
        let customers_stored = stored.pop().unwrap();
        let manifest = manifest(vec![("order", stored), ("customer", vec![customers_stored]), ("empty", vec![empty])]);
        assert!(listed(&repository).await.is_empty());
        let finished = writer.finish(&manifest, head("shop")).await.unwrap();

        let repository = place.open().await;
        let snapshots = listed(&repository).await;
        assert_eq!(snapshots.len(), 1);
        assert_eq!((snapshots[0].id, &snapshots[0].snapshot), (finished.id, &finished.snapshot));
        assert_eq!(finished.snapshot.totals.rows, 200_005);
        assert_eq!(finished.snapshot.totals.tables, 3);
        let reader = repository.reader(&snapshots[0]).await.unwrap();
        assert_eq!(reader.manifest().await.unwrap(), manifest);
        for (part, bytes) in [first, second, customers, Vec::new()].iter().enumerate() {
            assert!(read(&repository, &snapshots[0], part).await.unwrap() == *bytes, "part {part}");
        }
    });
}

#[test]
fn equal_data_is_stored_once() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let orders = rows(0, 100_000);
        let first = dump(&repository, &[("order", &orders), ("copy", &orders)]).await;
        assert!(first.snapshot.totals.new_bytes < orders.len() as u64 + 100_000, "the copy was stored too");
        assert!(first.deduplicated_bytes > orders.len() as u64 / 2);
        let packs = place.files("packs");
        let second = dump(&repository, &[("order", &orders), ("copy", &orders)]).await;
        assert_eq!(second.snapshot.totals.new_chunks, 0);
        assert_eq!(place.files("packs"), packs);
        assert_eq!((second.snapshot.parent, second.snapshot.sequence), (Some(first.id), 2));
        assert_eq!(listed(&repository).await.len(), 2);
    });
}

#[test]
fn wrong_places_and_keys() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let kind = |result: Result<Repository, Error>| result.err().expect("it must fail").kind();
        let other = Identity::generate();
        assert_eq!(kind(Repository::open(place.store(), std::slice::from_ref(&other), None).await), ErrorKind::Key);
        let again = Repository::init(place.store(), &[other.recipient()], None).await;
        assert_eq!(kind(again), ErrorKind::Usage);
        let full = tempfile::tempdir().unwrap();
        let store = Store::open(full.path().to_str().unwrap()).unwrap();
        assert_eq!(kind(Repository::open(store.clone(), std::slice::from_ref(&other), None).await), ErrorKind::Usage);
        std::fs::write(full.path().join("thesis.txt"), "precious").unwrap();
        assert_eq!(kind(Repository::init(store, &[other.recipient()], None).await), ErrorKind::Usage);
        assert_eq!(std::fs::read_dir(full.path()).unwrap().count(), 1);
        let (elsewhere, _) = Place::new().await;
        let identities = [place.identity.clone(), elsewhere.identity.clone()];
        let expected = Some(repository.id());
        assert!(Repository::open(place.store(), &identities, expected).await.is_ok());
        assert_eq!(kind(Repository::open(elsewhere.store(), &identities, expected).await), ErrorKind::Key);
        assert!(Store::open("/nowhere/at/all").is_err());
    });
}
