//! Damage, named after its fault: verify tells exactly what is wrong and what it costs, reading never gives other rows,
//! and the next dump heals what it can.

use std::path::PathBuf;

use pgkeep::repository::{Repository, WriterCredential};
use pgkeep::verify::{Cost, Depth, Options, Report};
use pgkeep::{ErrorKind, progress, verify};

use crate::repository::{Place, dump, listed, read, rows, runtime};

const ORDERS: u64 = 60_000;
const CUSTOMERS: u64 = 3_000;

/// A repository with one snapshot: `ord.order` and `ord.customer`.
async fn kept() -> (Place, Repository) {
    let (place, repository) = Place::new().await;
    let (orders, customers) = (rows(0, ORDERS), rows(1 << 40, CUSTOMERS));
    dump(&repository, &[("order", &orders), ("customer", &customers)]).await;
    (place, repository)
}

async fn verified(place: &Place, depth: Depth) -> Report {
    let options = Options { depth, ..Options::default() };
    verify::run(&place.open().await, &options, &progress::silent()).await.unwrap()
}

/// Faults as `object: problem`, the object without its hash.
fn faults(report: &Report) -> Vec<String> {
    let folder = |what: &str| what.split(['/', ' ']).next().unwrap_or_default().to_owned();
    report.faults.iter().map(|fault| format!("{}: {}", folder(&fault.what), fault.problem)).collect()
}

fn costs(report: &Report) -> Vec<&Cost> {
    report.faults.iter().flat_map(|fault| &fault.costs).collect()
}

/// Rows lost by table, all faults together.
fn lost(report: &Report, table: &str) -> u64 {
    costs(report).iter().filter(|cost| cost.table.as_deref() == Some(table)).map(|cost| cost.rows).sum()
}

/// The pack with the rows: the largest.
fn rows_pack(place: &Place) -> PathBuf {
    place.files("packs").into_iter().max_by_key(|path| path.metadata().unwrap().len()).unwrap()
}

/// The pack of the chunk lists: the smallest.
fn lists_pack(place: &Place) -> PathBuf {
    place.files("packs").into_iter().min_by_key(|path| path.metadata().unwrap().len()).unwrap()
}

fn flip(path: &PathBuf, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= 0x20;
    std::fs::write(path, bytes).unwrap();
}

/// Everything that restore would read is either what was dumped or an error.
async fn never_other_rows(place: &Place) {
    let repository = place.open().await;
    let (orders, customers) = (rows(0, ORDERS), rows(1 << 40, CUSTOMERS));
    for snapshot in repository.snapshots().await.unwrap().listed {
        for (part, expected) in [&orders, &customers].into_iter().enumerate() {
            match read(&repository, &snapshot, part).await {
                Ok(found) => assert!(found == *expected, "other rows"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Damaged, "{error}"),
            }
        }
    }
}

#[test]
fn nothing_is_wrong() {
    runtime().block_on(async {
        let (place, _) = kept().await;
        for depth in [Depth::Listing, Depth::Stored, Depth::Full] {
            let report = verified(&place, depth).await;
            assert!(report.is_sound(), "{:?}", report.faults);
            assert_eq!((report.snapshots, report.packs), (1, 2));
        }
        let full = verified(&place, Depth::Full).await;
        assert_eq!((full.parts, full.rows), (2, ORDERS + CUSTOMERS));
        assert!(full.chunks >= 5, "{}", full.chunks);
        let keyless = verify::stored(&place.store(), &progress::silent()).await.unwrap();
        assert!(keyless.is_sound() && keyless.stored_bytes > 300_000, "{keyless:?}");
    });
}

#[test]
fn pack_missing() {
    runtime().block_on(async {
        let (place, _) = kept().await;
        std::fs::remove_file(rows_pack(&place)).unwrap();
        for depth in [Depth::Listing, Depth::Stored, Depth::Full] {
            let report = verified(&place, depth).await;
            assert_eq!(faults(&report), ["packs: it is missing"], "{depth:?}");
            assert!(costs(&report).iter().any(|cost| cost.manifest && cost.rows == ORDERS + CUSTOMERS));
        }
        let keyless = verify::stored(&place.store(), &progress::silent()).await.unwrap();
        assert!(keyless.is_sound(), "without a key nobody can know what should be there");
        never_other_rows(&place).await;
    });
}

#[test]
fn pack_truncated() {
    runtime().block_on(async {
        let (place, _) = kept().await;
        let pack = rows_pack(&place);
        let bytes = std::fs::read(&pack).unwrap();
        for cut in [1, 500, bytes.len() / 2, bytes.len() - 1, bytes.len()] {
            std::fs::write(&pack, &bytes[..bytes.len() - cut]).unwrap();
            for depth in [Depth::Listing, Depth::Stored, Depth::Full] {
                let report = verified(&place, depth).await;
                let found = faults(&report);
                assert_eq!(found.len(), 1, "{found:?}");
                assert!(found[0].starts_with("packs: "), "{found:?}");
            }
            let keyless = verify::stored(&place.store(), &progress::silent()).await.unwrap();
            assert_eq!(faults(&keyless), ["packs: its bytes are not those that it is named after"]);
            never_other_rows(&place).await;
        }
    });
}

#[test]
fn pack_with_trailing_garbage() {
    runtime().block_on(async {
        let (place, _) = kept().await;
        let pack = rows_pack(&place);
        let bytes = std::fs::read(&pack).unwrap();
        std::fs::write(&pack, [&bytes[..], b"garbage"].concat()).unwrap();
        let report = verified(&place, Depth::Full).await;
        assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
        assert!(!report.loses_rows(), "every chunk in it is whole: {:?}", report.faults);
        never_other_rows(&place).await;
    });
}

#[test]
fn byte_flipped() {
    runtime().block_on(async {
        let (place, _) = kept().await;
        let pack = rows_pack(&place);
        let size = pack.metadata().unwrap().len() as usize;
        for at in (0..24).map(|step| step * size / 24).chain([size - 1, size - 9, size - 17, size - 400]) {
            let good = std::fs::read(&pack).unwrap();
            flip(&pack, at);
            let keyless = verify::stored(&place.store(), &progress::silent()).await.unwrap();
            assert_eq!(faults(&keyless), ["packs: its bytes are not those that it is named after"], "byte {at}");
            let stored = verified(&place, Depth::Stored).await;
            let full = verified(&place, Depth::Full).await;
            assert!(!stored.is_sound() && !full.is_sound(), "byte {at}");
            if at < size / 2 {
                // A chunk is lost and no more than that, and both depths agree which.
                let rows: u64 = costs(&full).iter().map(|cost| cost.rows).sum();
                assert!((1..=ORDERS).contains(&rows), "byte {at}: {:?}", full.faults);
                assert_eq!(costs(&stored), costs(&full), "byte {at}");
            }
            never_other_rows(&place).await;
            std::fs::write(&pack, good).unwrap();
        }
        assert!(verified(&place, Depth::Full).await.is_sound());
    });
}

#[test]
fn packs_swapped() {
    runtime().block_on(async {
        let (place, repository) = kept().await;
        let first = rows_pack(&place);
        let more = rows(1 << 50, ORDERS);
        dump(&repository, &[("order", &rows(0, ORDERS)), ("customer", &rows(1 << 40, CUSTOMERS)), ("new", &more)])
            .await;
        let by_size = |path: &PathBuf| path.metadata().unwrap().len();
        let second = place.files("packs").into_iter().filter(|path| *path != first).max_by_key(by_size).unwrap();
        let (one, two) = (std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());
        std::fs::write(&first, &two).unwrap();
        std::fs::write(&second, &one).unwrap();
        let report = verified(&place, Depth::Full).await;
        assert!(report.loses_rows());
        assert_eq!(report.faults.iter().filter(|fault| fault.what.starts_with("packs/")).count(), 2);
        never_other_rows(&place).await;
    });
}

#[test]
fn chunk_lists_lost() {
    runtime().block_on(async {
        let (place, _) = kept().await;
        std::fs::remove_file(lists_pack(&place)).unwrap();
        let report = verified(&place, Depth::Full).await;
        assert_eq!(faults(&report), ["packs: it is missing"]);
        assert!(costs(&report)[0].manifest);
        never_other_rows(&place).await;
    });
}

#[test]
fn index_missing_costs_nothing() {
    runtime().block_on(async {
        let (place, repository) = kept().await;
        let index = place.files("index");
        assert_eq!(index.len(), 1);
        std::fs::remove_file(&index[0]).unwrap();
        assert!(verified(&place, Depth::Full).await.is_sound(), "packs say themselves what they hold");
        let again = dump(&repository, &[("order", &rows(0, ORDERS))]).await;
        assert!(again.snapshot.totals.new_bytes < 10_000, "rows were found without an index");
    });
}

#[test]
fn index_damaged_costs_nothing() {
    runtime().block_on(async {
        let (place, _) = kept().await;
        flip(&place.files("index")[0], 300);
        for depth in [Depth::Listing, Depth::Stored, Depth::Full] {
            let report = verified(&place, depth).await;
            assert_eq!(faults(&report), ["index: its bytes are not those that it is named after"]);
            assert!(!report.loses_rows());
        }
        never_other_rows(&place).await;
    });
}

#[test]
fn snapshot_damaged() {
    runtime().block_on(async {
        let (place, repository) = kept().await;
        flip(&place.files("snapshots")[0], 300);
        let report = verified(&place, Depth::Listing).await;
        assert_eq!(faults(&report), ["snapshots: its bytes are not those that it is named after"]);
        let again = dump(&repository, &[("order", &rows(0, ORDERS))]).await;
        assert_eq!(repository.resolve("latest").await.unwrap().id, again.id, "others are still found");
    });
}

#[test]
fn object_with_a_strange_name() {
    runtime().block_on(async {
        let (place, _) = kept().await;
        std::fs::write(place.path().join("packs/readme"), "x").unwrap();
        let report = verify::stored(&place.store(), &progress::silent()).await.unwrap();
        assert_eq!(faults(&report), ["packs: nothing of a repository has such a name; it counts for nothing"]);
    });
}

#[test]
fn config_and_keys_damaged() {
    runtime().block_on(async {
        let (place, repository) = kept().await;
        let identities = [place.identity.clone()];
        let kind =
            async |expected| Repository::open(place.store(), &identities, expected).await.err().map(|e| e.kind());
        let config = place.path().join("config");
        let good = std::fs::read(&config).unwrap();
        for (bytes, expected) in [
            (&b""[..], ErrorKind::Damaged),
            (b"[core]\n", ErrorKind::Damaged),
            (b"pgkeep repository\nformat 1\nid 00\n", ErrorKind::Damaged),
            (b"pgkeep repository\nformat 2\nid later versions decide\n", ErrorKind::Unsupported),
            (&[b"pgkeep repository\nformat 1\nid ", "0".repeat(64).as_bytes(), b"\n"].concat(), ErrorKind::Damaged),
        ] {
            std::fs::write(&config, bytes).unwrap();
            assert_eq!(kind(None).await, Some(expected));
        }
        std::fs::write(&config, good).unwrap();
        assert_eq!(kind(Some(repository.id())).await, None);
        let keys = place.files("keys").remove(0);
        let good = std::fs::read(&keys).unwrap();
        flip(&keys, good.len() - 20);
        assert_eq!(kind(None).await, Some(ErrorKind::Damaged));
        std::fs::write(&keys, &good[..good.len() / 2]).unwrap();
        assert_eq!(kind(None).await, Some(ErrorKind::Damaged));
        std::fs::remove_file(&keys).unwrap();
        assert_eq!(kind(None).await, Some(ErrorKind::Damaged));
        let report = verify::stored(&place.store(), &progress::silent()).await.unwrap();
        assert_eq!(report.faults[0].what, "keys/");
    });
}

#[test]
fn damage_heals_with_the_next_dump() {
    runtime().block_on(async {
        let (place, repository) = kept().await;
        let before = listed(&repository).await.remove(0);
        let damaged = rows_pack(&place);
        flip(&damaged, 50_000);
        let options = Options { depth: Depth::Stored, mark: true, ..Options::default() };
        let report = verify::run(&repository, &options, &progress::silent()).await.unwrap();
        assert_eq!(report.marked, 1);
        assert!(lost(&report, "ord.order") > 0);
        assert_eq!(read(&repository, &before, 0).await.unwrap_err().kind(), ErrorKind::Damaged);
        dump(&repository, &[("order", &rows(0, ORDERS)), ("customer", &rows(1 << 40, CUSTOMERS))]).await;
        assert!(read(&repository, &before, 0).await.unwrap() == rows(0, ORDERS), "the old snapshot is whole again");
        let report = verified(&place, Depth::Full).await;
        assert!(report.is_sound(), "{:?}", report.faults);
        assert_eq!(report.healed.len(), 1, "the pack itself stays damaged: {:?}", report.healed);
        // One snapshot that needs nothing of it does not speak for the others.
        dump(&repository, &[("other", &rows(1 << 50, CUSTOMERS))]).await;
        let latest = Options { depth: Depth::Stored, snapshots: vec!["latest".into()], ..Options::default() };
        let run = async || verify::run(&place.open().await, &latest, &progress::silent()).await.unwrap();
        assert_eq!((run().await.healed.len(), run().await.is_sound()), (1, true));
        let others = place.files("packs").into_iter().filter(|path| *path != damaged);
        flip(&others.max_by_key(|path| path.metadata().unwrap().len()).unwrap(), 50_000);
        let report = run().await;
        assert!(report.healed.is_empty() && !report.is_sound() && !report.loses_rows(), "{:?}", report.faults);
    });
}

#[test]
fn missing_pack_heals_with_the_next_dump() {
    runtime().block_on(async {
        let (place, repository) = kept().await;
        let before = listed(&repository).await.remove(0);
        std::fs::remove_file(rows_pack(&place)).unwrap();
        assert!(read(&repository, &before, 0).await.is_err());
        dump(&repository, &[("order", &rows(0, ORDERS)), ("customer", &rows(1 << 40, CUSTOMERS))]).await;
        assert!(read(&repository, &before, 0).await.unwrap() == rows(0, ORDERS));
        assert!(verified(&place, Depth::Full).await.is_sound());
    });
}

#[test]
fn a_writer_verifies_without_names() {
    runtime().block_on(async {
        let (place, repository) = kept().await;
        let line = repository.new_writer_credential().line();
        let credential: WriterCredential = line.parse().unwrap();
        let writer = Repository::open_as_writer(place.store(), &credential).await.unwrap();
        let options = |depth| Options { depth, ..Options::default() };
        let run = async |depth| verify::run(&writer, &options(depth), &progress::silent()).await;
        assert_eq!(run(Depth::Full).await.unwrap_err().kind(), ErrorKind::Key);
        assert!(run(Depth::Stored).await.unwrap().is_sound());
        flip(&rows_pack(&place), 50_000);
        let report = run(Depth::Stored).await.unwrap();
        let rows_lost: u64 = costs(&report).iter().map(|cost| cost.rows).sum();
        assert!((1..=ORDERS).contains(&rows_lost), "{:?}", report.faults);
        assert!(costs(&report).iter().all(|cost| cost.table.is_none()));
    });
}
