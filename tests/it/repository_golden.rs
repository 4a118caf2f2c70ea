//! `testdata/repositories/v1` is never edited: every later version reads what this one wrote.
//!
//! Beside it stand the identity of its owner and a writer credential, which open nothing else. It was made by
//! `cargo test --test it make_v1 -- --ignored`, which refuses to do it again.

use std::path::PathBuf;

use pgkeep::codec::seal::{ExposeSecret, Identity};
use pgkeep::object::{Name, ObjectId};
use pgkeep::repository::{
    About, Head, Manifest, Moment, NoteKind, PackMark, Part, Position, Reason, Repository, Server, SnapshotNote,
    Source, Times, WriteOptions,
};
use pgkeep::store::Store;
use pgkeep::text::Text;
use pgkeep::verify::{Depth, Options};
use pgkeep::{progress, verify};

use crate::repository::{put, read, rows, runtime, table};

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "testdata", "repositories", name].iter().collect()
}

fn store() -> Store {
    Store::open(folder("v1").to_str().unwrap()).unwrap()
}

fn identity() -> Vec<Identity> {
    Identity::read(&std::fs::read(folder("v1.identity")).unwrap(), "v1.identity", || None).unwrap()
}

/// Rows of each part of the snapshot of a day.
fn days_rows(day: u64) -> [Vec<u8>; 4] {
    [rows(0, 20), rows(20, 10 + day), b"no tabs\n\ncaf\xe9\n".to_vec(), Vec::new()]
}

fn days_head(day: u64) -> Head {
    let time = format!("2026-11-2{day}T03:00:00Z").parse().unwrap();
    Head {
        databases: None,
        run: "00112233445566778899aabbccddeeff".into(),
        source: Source {
            system: 7_412_345_678_901_234_567,
            database_oid: 16_384,
            database: "shop".into(),
            host: "db.example".into(),
            label: Some("till".into()),
        },
        server: Server {
            version: 180_004,
            version_text: "18.4".into(),
            encoding: "UTF8".into(),
            locale_provider: "libc".into(),
            collate: "C.UTF-8".into(),
            ctype: "C.UTF-8".into(),
            collation_version: None,
            extensions: vec![("plpgsql".into(), "1.0".into())],
        },
        times: Times { server: time, client: time, finished: time },
        settings: [("DateStyle".to_owned(), "ISO".to_owned())].into(),
        options: vec!["no_large_objects".into()],
        selected: true,
        missing: 1,
        standby: false,
        moment: Some(Moment { lsn: Some("16/B374D848".into()), ..Moment::default() }),
    }
}

async fn days_manifest(day: u64, writer: &pgkeep::repository::Writer) -> Manifest {
    let mut stored = Vec::new();
    for rows in days_rows(day) {
        stored.push(put(writer, &rows).await);
    }
    let mut latin = table(1, "x");
    latin.name = Name::in_schema("ord", &b"caf\xe9"[..]);
    let parts = [(0, Some((0, Some(8)))), (0, Some((8, None))), (1, None), (2, None)];
    let part = |((object, range), stored)| Part { object: ObjectId(object), range, stored };
    Manifest {
        about: About {
            patterns: vec!["-n ord".into()],
            missing: vec![("ord.locked".into(), "permission denied".into())],
        },
        objects: vec![table(0, "order"), latin, table(2, "empty")],
        parts: parts.into_iter().zip(stored).map(part).collect(),
        sequences: vec![Position { object: ObjectId(0), last_value: 30, is_called: true }],
        relfilenodes: vec![(ObjectId(0), 16_390)],
        statistics: Vec::new(),
    }
}

#[test]
fn v1_reads() {
    runtime().block_on(async {
        let repository = Repository::open(store(), &identity(), None).await.unwrap();
        let snapshots = repository.snapshots().await.unwrap();
        assert!(snapshots.unreadable.is_empty(), "{:?}", snapshots.unreadable);
        assert_eq!(snapshots.listed.len(), 2);
        for (day, listed) in (1_u64..).zip(&snapshots.listed) {
            assert_eq!((listed.snapshot.head.clone(), listed.snapshot.sequence), (days_head(day), day));
            let manifest = repository.reader(listed).await.unwrap().manifest().await.unwrap();
            assert_eq!(manifest.objects[1].name.name, Text::from(&b"caf\xe9"[..]));
            assert_eq!((manifest.about.missing.len(), manifest.relfilenodes.len()), (1, 1));
            assert_eq!(manifest.sequences[0].last_value, 30);
            assert_eq!(manifest.parts[1].range, Some((8, None)));
            for (part, expected) in days_rows(day).iter().enumerate() {
                assert!(read(&repository, listed, part).await.unwrap() == *expected, "day {day} part {part}");
            }
        }
        assert_eq!(snapshots.listed[1].snapshot.parent, Some(snapshots.listed[0].id));
        let (notes, unreadable) = repository.notes().await.unwrap();
        assert!(unreadable.is_empty());
        assert_eq!(notes.iter().map(|note| &note.kind).collect::<Vec<_>>(), [&tag()]);
        let options = Options { depth: Depth::Full, ..Options::default() };
        let report = verify::run(&repository, &options, &progress::silent()).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.faults);
    });
}

#[test]
fn v1_opens_with_its_writer_credential() {
    runtime().block_on(async {
        let credential = std::fs::read_to_string(folder("v1.writer")).unwrap().parse().unwrap();
        let repository = Repository::open_as_writer(store(), &credential).await.unwrap();
        assert_eq!(repository.snapshots().await.unwrap().listed.len(), 2);
        assert!(repository.snapshots().await.unwrap().listed[1].writer.is_some(), "the second was put by it");
        let options = Options { depth: Depth::Stored, ..Options::default() };
        assert!(verify::run(&repository, &options, &progress::silent()).await.unwrap().is_sound());
    });
}

fn tag() -> NoteKind {
    NoteKind::Tag { name: "before the move".into(), removed: false }
}

#[test]
#[ignore = "makes testdata/repositories/v1, which exists"]
fn make_v1() {
    assert!(!folder("v1").exists(), "it is never made again");
    runtime().block_on(async {
        let owner = Identity::generate();
        let store = Store::create(folder("v1").to_str().unwrap()).unwrap();
        let repository = Repository::init(store.clone(), &[owner.recipient()], None).await.unwrap();
        let lines =
            format!("# opens testdata/repositories/v1 and nothing else\n{}\n", owner.secret().unwrap().expose_secret());
        std::fs::write(folder("v1.identity"), lines).unwrap();
        let credential = repository.new_writer_credential();
        std::fs::write(folder("v1.writer"), format!("{}\n", *credential.line())).unwrap();
        let as_writer = Repository::open_as_writer(store, &credential).await.unwrap();
        for (day, repository) in [(1, &repository), (2, &as_writer)] {
            let writer = repository.writer(WriteOptions::default()).await.unwrap();
            let manifest = days_manifest(day, &writer).await;
            writer.finish(&manifest, days_head(day)).await.unwrap();
        }
        let uid = repository.resolve("latest~1").await.unwrap().snapshot.uid;
        let time = "2026-11-23T00:00:00Z".parse().unwrap();
        repository.note(&SnapshotNote { uid, time, kind: tag() }).await.unwrap();
        let gone = pgkeep::hash::StoredId::of(b"a pack that is not here any more");
        repository.mark(&PackMark { reason: Reason::Unreferenced, packs: vec![gone] }).await.unwrap();
    });
}
