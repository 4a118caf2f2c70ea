//! A dump that ends badly at any moment: nothing is listed, nothing is broken, and the next one works.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use object_store::local::LocalFileSystem;
use pgkeep::repository::{PackMark, Part, Reason, Repository, WriteOptions};
use pgkeep::store::Store;
use pgkeep::verify::{Depth, Options};
use pgkeep::{Error, ErrorKind, progress, verify};

use crate::harness::store::{Fault, Faulty, Operation};
use crate::repository::{Place, blocks, dump, head, listed, manifest, noise, put, read, rows, runtime};

async fn sound(place: &Place) {
    let options = Options { depth: Depth::Full, ..Options::default() };
    let report = verify::run(&place.open().await, &options, &progress::silent()).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.faults);
}

/// Two parts that share half of their rows, in 2 packs of rows.
async fn try_dump(repository: &Repository) -> Result<(), Error> {
    let writer = repository.writer(WriteOptions::default()).await?;
    let (shared, own) = (noise(1, 18 << 20), noise(2, 2 << 20));
    let one = writer.put(blocks(&shared, 200_000), "one").await?;
    let two = writer.put(blocks(&[&shared[..], &own].concat(), 200_000), "two").await?;
    writer.finish(&manifest(vec![("one", vec![one]), ("two", vec![two])]), head("shop")).await?;
    Ok(())
}

#[test]
fn puts_fail_from_any_one_on() {
    runtime().block_on(async {
        let (place, _) = Place::new().await;
        let mut puts = 0;
        loop {
            let folder = LocalFileSystem::new_with_prefix(place.path()).unwrap();
            let full = move |operation, n| {
                (operation == Operation::Put && n >= puts).then_some(Fault::Fails(io::ErrorKind::StorageFull))
            };
            let failing = Faulty::new(Arc::new(folder), full);
            let store = Store::over(Arc::new(failing), "failing");
            let repository = Repository::open(store, std::slice::from_ref(&place.identity), None).await.unwrap();
            let result = try_dump(&repository).await;
            if result.is_ok() {
                break;
            }
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Store);
            assert!(error.hint().is_some_and(|hint| hint.contains("disk is full")), "{error:?}");
            assert!(listed(&place.open().await).await.is_empty(), "after {puts} puts");
            sound(&place).await;
            puts += 1;
        }
        // Each failed dump left packs that the next one used, so one put more was needed at most every time.
        assert!((2..10).contains(&puts), "{puts} puts");
        assert_eq!(listed(&place.open().await).await.len(), 1);
        sound(&place).await;
    });
}

#[test]
fn dropped_before_the_commit() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let orders = noise(3, 18 << 20);
        let writer = repository.writer(WriteOptions::default()).await.unwrap();
        put(&writer, &orders).await;
        drop(writer);
        // A pack whose put has begun may still arrive.
        while !place.files("packs").iter().any(|path| !path.to_string_lossy().contains('#')) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(listed(&repository).await.is_empty());
        let finished = dump(&repository, &[("order", &orders)]).await;
        assert!(finished.snapshot.totals.new_bytes < orders.len() as u64, "the pack that was put is used");
        sound(&place).await;
    });
}

#[test]
fn a_part_that_breaks_off_can_be_put_again() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let orders = rows(0, 300_000);
        let writer = repository.writer(WriteOptions::default()).await.unwrap();
        let half: Vec<_> = orders[..orders.len() / 2].chunks(50_000).map(|b| Ok(Bytes::copy_from_slice(b))).collect();
        let broken = stream::iter(half).chain(stream::once(async { Err(Error::usage("the server is gone")) })).boxed();
        let error = writer.put(broken, "orders").await.unwrap_err();
        assert_eq!(error.to_string(), "the server is gone");
        // A future that is dropped in the middle, while another part waits for the same chunks.
        let endless = stream::iter(vec![Ok(Bytes::from(orders.clone()))]).chain(stream::pending()).boxed();
        let stopped = tokio::time::timeout(std::time::Duration::from_millis(50), writer.put(endless, "orders")).await;
        assert!(stopped.is_err());
        let stored = put(&writer, &orders).await;
        writer.finish(&manifest(vec![("order", vec![stored])]), head("shop")).await.unwrap();
        let snapshot = listed(&repository).await.remove(0);
        assert!(read(&place.open().await, &snapshot, 0).await.unwrap() == orders);
        sound(&place).await;
    });
}

#[test]
fn a_manifest_of_chunks_that_were_never_put_is_refused() {
    runtime().block_on(async {
        let (_other, other) = Place::new().await;
        let foreign = put(&other.writer(WriteOptions::default()).await.unwrap(), &rows(0, 100)).await;
        let (place, repository) = Place::new().await;
        let writer = repository.writer(WriteOptions::default()).await.unwrap();
        let error = writer.finish(&manifest(vec![("t", vec![foreign])]), head("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(listed(&place.open().await).await.is_empty());
    });
}

#[test]
fn two_dumps_at_once() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let orders = rows(0, 200_000);
        let dumps = [0, 1, 2].map(|_| {
            let (repository, orders) = (repository.clone(), orders.clone());
            tokio::spawn(async move { dump(&repository, &[("order", &orders)]).await })
        });
        for dump in dumps {
            dump.await.unwrap();
        }
        assert_eq!(listed(&repository).await.len(), 3);
        sound(&place).await;
    });
}

#[test]
fn packs_marked_while_a_dump_runs_are_not_relied_on() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let orders = rows(0, 100_000);
        dump(&repository, &[("order", &orders)]).await;
        let old = place.files("packs");
        let writer = repository.writer(WriteOptions::default()).await.unwrap();
        let stored = put(&writer, &orders).await;
        let packs = old.iter().map(|path| path.file_name().unwrap().to_str().unwrap().parse().unwrap()).collect();
        repository.mark(&PackMark { reason: Reason::Unreferenced, packs }).await.unwrap();
        let finished = writer.finish(&manifest(vec![("order", vec![stored])]), head("shop")).await.unwrap();
        old.iter().for_each(|path| std::fs::remove_file(path).unwrap());
        let snapshot = listed(&repository).await.into_iter().find(|one| one.id == finished.id).unwrap();
        assert!(read(&place.open().await, &snapshot, 0).await.unwrap() == orders, "the chunks were copied");
    });
}

#[test]
fn packs_deleted_while_a_dump_runs_fail_it() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let orders = rows(0, 100_000);
        dump(&repository, &[("order", &orders)]).await;
        let writer = repository.writer(WriteOptions::default()).await.unwrap();
        let stored = put(&writer, &orders).await;
        place.files("packs").iter().for_each(|path| std::fs::remove_file(path).unwrap());
        let manifest = manifest(vec![("order", vec![stored])]);
        assert_eq!(writer.finish(&manifest, head("shop")).await.unwrap_err().kind(), ErrorKind::Damaged);
        assert_eq!(listed(&repository).await.len(), 1, "only the first");
        dump(&repository, &[("order", &orders)]).await;
        let first = listed(&repository).await.remove(0);
        assert!(read(&repository, &first, 0).await.unwrap() == orders, "and the next dump heals that");
    });
}

#[test]
fn packs_deleted_before_the_last_look_of_a_run_are_told() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let (orders, others) = (rows(0, 100_000), noise(9, 100_000));
        dump(&repository, &[("order", &orders)]).await;
        let old = place.files("packs");
        let opening = repository.opening().await.unwrap();
        let mut all = Vec::new();
        for (name, rows) in [("order", &orders), ("other", &others)] {
            let writer = repository.writer_with(&opening, WriteOptions::default());
            let manifest = manifest(vec![(name, vec![put(&writer, rows).await])]);
            all.push(writer.finish_among(&opening, &manifest, head(name)).await.unwrap().1);
        }
        let look = async || repository.last_look(&opening.survey, &[&all[0], &all[1]]).await.unwrap();
        assert!(look().await.iter().all(Option::is_none));
        old.iter().for_each(|path| std::fs::remove_file(path).unwrap());
        let gone = look().await;
        assert!(gone[0].as_ref().is_some_and(|error| error.kind() == ErrorKind::Damaged), "{gone:?}");
        assert!(gone[1].is_none(), "it relies on nothing older: {gone:?}");
        // Somebody else has the rows stored again meanwhile.
        dump(&repository, &[("order", &orders)]).await;
        assert!(look().await.iter().all(Option::is_none));
    });
}

#[test]
fn folders_of_newer_versions_forbid_writing() {
    runtime().block_on(async {
        let (place, repository) = Place::new().await;
        dump(&repository, &[("order", &rows(0, 10))]).await;
        std::fs::create_dir(place.path().join("lost+found")).unwrap();
        assert!(place.open().await.writer(WriteOptions::default()).await.is_ok());
        std::fs::create_dir(place.path().join("deltas")).unwrap();
        let repository = place.open().await;
        let error = repository.writer(WriteOptions::default()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let snapshot = listed(&repository).await.remove(0);
        assert!(read(&repository, &snapshot, 0).await.unwrap() == rows(0, 10), "reading goes on");
    });
}

#[test]
fn rows_that_are_not_those_of_the_manifest_end_in_an_error() {
    runtime().block_on(async {
        let (_place, repository) = Place::new().await;
        dump(&repository, &[("order", &rows(0, 100_000))]).await;
        let snapshot = listed(&repository).await.remove(0);
        let reader = repository.reader(&snapshot).await.unwrap();
        let manifest = reader.manifest().await.unwrap();
        let Part { stored, .. } = &manifest.parts[0];
        let mut fewer = stored.clone();
        fewer.chunks.pop();
        let last = reader.blocks(&fewer).collect::<Vec<_>>().await.pop().unwrap();
        assert_eq!(last.unwrap_err().kind(), ErrorKind::Damaged);
        let mut swapped = stored.clone();
        swapped.digest.sum ^= 1;
        let last = reader.blocks(&swapped).collect::<Vec<_>>().await.pop().unwrap();
        assert_eq!(last.unwrap_err().kind(), ErrorKind::Damaged);
    });
}
