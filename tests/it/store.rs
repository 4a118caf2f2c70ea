//! The laws of a store, held against every kind of store that there is.

use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use pgkeep::Error;
use pgkeep::store::Store;
use tempfile::TempDir;

use crate::harness::block_on;
use crate::harness::store::{Fault, Faulty};

/// A store of one kind, empty, and what keeps it alive.
struct Place {
    kind: &'static str,
    objects: Arc<dyn ObjectStore>,
    /// As the program opens it.
    store: Store,
    folder: Option<TempDir>,
}

/// One of each kind.
fn places() -> Vec<Place> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let address = folder.path().to_str().expect("test folders are UTF-8");
    let store = Store::open(address).expect("a folder can be opened");
    let objects = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).expect("a folder can be opened"));
    let memory: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    vec![
        Place { kind: "folder", objects, store, folder: Some(folder) },
        Place { kind: "memory", store: Store::over(Arc::clone(&memory), "memory"), objects: memory, folder: None },
    ]
}

/// Holds a law against each kind.
fn everywhere(law: impl AsyncFn(&Place)) {
    for place in places() {
        block_on(law(&place));
    }
}

fn bytes(text: &'static str) -> [Bytes; 1] {
    [Bytes::from_static(text.as_bytes())]
}

async fn keys(store: &Store, folder: &str) -> Vec<String> {
    store.list(folder).await.expect("a listing").into_iter().map(|entry| entry.key).collect()
}

#[test]
fn what_was_put_is_there_whole_and_in_ranges() {
    everywhere(async |Place { kind, store, .. }| {
        let pieces = [Bytes::from_static(b"abc"), Bytes::new(), Bytes::from_static(b"defg")];
        store.put("packs/aa/one", &pieces).await.unwrap();
        assert_eq!(store.get("packs/aa/one").await.unwrap(), "abcdefg", "{kind}");
        assert_eq!(store.find("packs/aa/one").await.unwrap().unwrap(), "abcdefg", "{kind}");
        assert_eq!(store.size("packs/aa/one").await.unwrap(), Some(7), "{kind}");
        assert_eq!(store.get_range("packs/aa/one", 2..5).await.unwrap(), "cde", "{kind}");
        assert_eq!(store.get_range("packs/aa/one", 5..900).await.unwrap(), "fg", "{kind}: past the end");
        let beyond = store.get_range("packs/aa/one", 8..9).await.unwrap_err();
        assert!(matches!(beyond, Error::Damaged { .. }), "{kind}: {beyond}");
    });
}

#[test]
fn what_is_not_there_is_told_from_a_failure() {
    everywhere(async |Place { kind, store, .. }| {
        assert_eq!(store.find("packs/aa/none").await.unwrap(), None, "{kind}");
        assert_eq!(store.size("packs/aa/none").await.unwrap(), None, "{kind}");
        for missing in [store.get("none").await, store.get_range("none", 0..4).await] {
            let missing = missing.unwrap_err();
            assert!(matches!(missing, Error::Damaged { .. }), "{kind}: {missing}");
        }
        assert_eq!(keys(store, "packs").await, [""; 0], "{kind}");
    });
}

#[test]
fn putting_twice_is_harmless_and_creating_twice_is_not_done() {
    everywhere(async |Place { kind, store, .. }| {
        for _ in 0..2 {
            store.put("packs/aa/one", &bytes("same")).await.unwrap();
        }
        assert_eq!(store.get("packs/aa/one").await.unwrap(), "same", "{kind}");
        assert!(store.put_create("config", Bytes::from_static(b"first")).await.unwrap(), "{kind}");
        assert!(!store.put_create("config", Bytes::from_static(b"second")).await.unwrap(), "{kind}");
        assert_eq!(store.get("config").await.unwrap(), "first", "{kind}");
    });
}

#[test]
fn of_many_that_create_at_once_one_succeeds() {
    everywhere(async |Place { kind, store, .. }| {
        let tries = (0..8).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.put_create("config", Bytes::from(format!("{n}"))).await.unwrap() })
        });
        let mut created = Vec::new();
        for (n, one) in tries.collect::<Vec<_>>().into_iter().enumerate() {
            if one.await.expect("a task ends") {
                created.push(n);
            }
        }
        assert_eq!(created.len(), 1, "{kind}");
        assert_eq!(store.get("config").await.unwrap(), created[0].to_string(), "{kind}");
    });
}

/// More than fits on a page of any object store.
#[test]
fn listings_are_sorted_complete_and_of_one_folder() {
    everywhere(async |Place { kind, store, objects, .. }| {
        let expected: Vec<String> = (0..1100).map(|n| format!("packs/{:02x}/{n:04}", n % 256)).collect();
        for key in expected.iter().rev() {
            // As another program puts it: the listing is what is looked at, not the put.
            objects.put_opts(&key.as_str().into(), "x".into(), Default::default()).await.unwrap();
        }
        store.put("packs2/aa", &bytes("another folder")).await.unwrap();
        store.put("top", &bytes("no folder")).await.unwrap();
        let mut sorted = expected.clone();
        sorted.sort();
        assert_eq!(keys(store, "packs").await, sorted, "{kind}");
        let listed = store.list("packs2").await.unwrap();
        assert_eq!((listed.len(), listed[0].size), (1, 14), "{kind}");
        let age = jiff::Timestamp::now().duration_since(listed[0].modified).abs();
        assert!(age < jiff::SignedDuration::from_mins(5), "{kind}: {age}");
        let top = store.top().await.unwrap();
        assert_eq!((top.folders, top.objects), (vec!["packs".into(), "packs2".into()], vec!["top".into()]), "{kind}");
    });
}

#[test]
fn deleting_what_is_gone_is_no_error() {
    everywhere(async |Place { kind, store, .. }| {
        store.put("notes/one", &bytes("x")).await.unwrap();
        for _ in 0..2 {
            store.delete("notes/one").await.unwrap();
        }
        assert_eq!(store.find("notes/one").await.unwrap(), None, "{kind}");
        assert_eq!(keys(store, "notes").await, [""; 0], "{kind}");
    });
}

/// A put that was given up, or killed: nothing is there under its name.
#[test]
fn a_put_that_did_not_end_cannot_be_seen() {
    everywhere(async |Place { kind, store, folder, .. }| {
        let large = [Bytes::from(vec![7; 8 << 20])];
        drop(tokio::time::timeout(std::time::Duration::ZERO, store.put("packs/aa/one", &large)).await);
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder.path().join("packs/aa")).unwrap();
            std::fs::write(folder.path().join("packs/aa/two#1"), "part").unwrap();
        }
        let listed = store.list("packs").await.unwrap();
        let whole = listed.iter().all(|entry| entry.key == "packs/aa/one" && entry.size == 8 << 20);
        assert!(whole, "{kind}: {listed:?}");
        assert_eq!(store.find("packs/aa/two").await.unwrap(), None, "{kind}");
    });
}

/// What passes is tried again; what does not is told at once.
#[test]
fn failures_that_pass_are_not_seen() {
    everywhere(async |Place { kind, objects, .. }| {
        let passing = |_, n| (n < 3).then_some(Fault::Fails(ErrorKind::Interrupted));
        let store = Store::over(Arc::new(Faulty::new(Arc::clone(objects), passing)), "faulty");
        store.put("notes/one", &bytes("x")).await.unwrap();
        assert_eq!(store.get("notes/one").await.unwrap(), "x", "{kind}");
        let lasting = |_, _| Some(Fault::Fails(ErrorKind::Interrupted));
        let store = Store::over(Arc::new(Faulty::new(Arc::clone(objects), lasting)), "faulty");
        assert!(matches!(store.get("notes/one").await.unwrap_err(), Error::Store { .. }), "{kind}");
        let full = |_, n| (n == 0).then_some(Fault::Fails(ErrorKind::StorageFull));
        let store = Store::over(Arc::new(Faulty::new(Arc::clone(objects), full)), "faulty");
        let error = store.put("notes/two", &bytes("x")).await.unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("the disk is full")), "{kind}: {error}");
    });
}

/// It was done, and nobody heard: doing it again changes nothing, and who created an object learns that it is his.
#[test]
fn answers_that_are_lost_do_not_matter() {
    everywhere(async |Place { kind, objects, .. }| {
        let lost = |_, n| (n == 0).then_some(Fault::LosesAnswer(ErrorKind::TimedOut));
        let store = Store::over(Arc::new(Faulty::new(Arc::clone(objects), lost)), "faulty");
        store.put("notes/one", &bytes("x")).await.unwrap();
        assert_eq!(store.get("notes/one").await.unwrap(), "x", "{kind}");
        let store = Store::over(Arc::new(Faulty::new(Arc::clone(objects), lost)), "faulty");
        assert!(store.put_create("config", Bytes::from_static(b"mine")).await.unwrap(), "{kind}");
        let store = Store::over(Arc::new(Faulty::new(Arc::clone(objects), lost)), "faulty");
        assert!(!store.put_create("config", Bytes::from_static(b"theirs")).await.unwrap(), "{kind}");
        assert_eq!(store.get("config").await.unwrap(), "mine", "{kind}");
    });
}
