//! Damage where it is hardest to tell: in the headers of what is sealed, under names that are almost right, in files of
//! any size, in packs that a dump would rely on; and what becomes of it.

use std::path::{Path, PathBuf};

use pgkeep::repository::{NoteKind, PackMark, Reason, Repository, SnapshotNote, WriteOptions};
use pgkeep::verify::{Depth, Options, Report};
use pgkeep::{Error, ErrorKind, progress, verify};

use crate::repository::{Place, dump, finish, listed, read, rows, runtime};

/// A repository with one snapshot of a few rows, and a record in every folder.
async fn small() -> (Place, Repository) {
    let (place, repository) = Place::new().await;
    dump(&repository, &[("order", &rows(0, 20))]).await;
    let uid = listed(&repository).await[0].snapshot.uid.clone();
    let kind = NoteKind::Comment { text: "hello".into() };
    repository.note(&SnapshotNote { uid, time: jiff::Timestamp::UNIX_EPOCH, kind }).await.unwrap();
    let nothing = pgkeep::hash::StoredId([7; 32]);
    repository.mark(&PackMark { reason: Reason::Compacted, packs: vec![nothing] }).await.unwrap();
    (place, repository)
}

async fn verified(place: &Place, depth: Depth) -> Result<Report, Error> {
    let repository = Repository::open(place.store(), std::slice::from_ref(&place.identity), None).await?;
    verify::run(&repository, &Options { depth, ..Options::default() }, &progress::silent()).await
}

/// Positions of every byte of every age header in a file: from its first line to the MAC and the nonce.
fn headers(bytes: &[u8]) -> Vec<usize> {
    let find = |what: &[u8], from: usize| bytes[from..].windows(what.len()).position(|w| w == what).map(|at| from + at);
    let (mut positions, mut from) = (Vec::new(), 0);
    while let Some(start) = find(b"age-encryption.org/v1\n", from) {
        let mac = find(b"\n--- ", start).expect("a header ends with its MAC");
        let end = find(b"\n", mac + 1).expect("a line ends") + 1 + 16;
        positions.extend(start..end);
        from = end;
    }
    positions
}

/// Calls `look` with every byte of the headers in a file changed, one at a time.
async fn each_flipped(path: &Path, mut look: impl AsyncFnMut(usize)) {
    let good = std::fs::read(path).unwrap();
    let positions = headers(&good);
    assert!(positions.len() > 150, "{} has a header", path.display());
    for at in positions {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 7);
        std::fs::write(path, bad).unwrap();
        look(at).await;
    }
    std::fs::write(path, good).unwrap();
}

#[test]
fn a_flipped_byte_in_any_header_of_a_pack_is_damage() {
    runtime().block_on(async {
        let (place, repository) = small().await;
        let snapshot = listed(&repository).await.remove(0);
        for pack in place.files("packs") {
            let key = pack.strip_prefix(place.path()).unwrap().to_str().unwrap().to_owned();
            let trailer = *headers(&std::fs::read(&pack).unwrap()).last().unwrap();
            each_flipped(&pack, async |at| {
                // Reading stored bytes alone does not look into a header: some positions are enough.
                let depths = if at % 16 == 0 { &[Depth::Stored, Depth::Full][..] } else { &[Depth::Full] };
                for &depth in depths {
                    let report = verified(&place, depth).await.unwrap_or_else(|e| panic!("byte {at}: {e}"));
                    assert!(report.faults.iter().any(|fault| fault.what == key), "byte {at}: {:?}", report.faults);
                    assert!(report.loses_rows() || trailer - at < 400, "byte {at}: {:?}", report.faults);
                }
                if at % 16 != 1 {
                    return;
                }
                match read(&place.open().await, &snapshot, 0).await {
                    Ok(found) => assert!(found == rows(0, 20), "byte {at}"),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Damaged, "byte {at}: {error}"),
                }
            })
            .await;
        }
        assert!(verified(&place, Depth::Full).await.unwrap().is_sound());
    });
}

#[test]
fn a_flipped_byte_in_the_header_of_any_record_is_damage() {
    runtime().block_on(async {
        let (place, _) = small().await;
        for folder in ["index", "snapshots", "notes", "marks"] {
            let path = place.files(folder).remove(0);
            let key = path.strip_prefix(place.path()).unwrap().to_str().unwrap().to_owned();
            each_flipped(&path, async |at| {
                let report = verified(&place, Depth::Full).await.unwrap_or_else(|e| panic!("{folder}, byte {at}: {e}"));
                let told: Vec<&str> = report.faults.iter().map(|fault| fault.what.as_str()).collect();
                assert!(told.contains(&key.as_str()), "{folder}, byte {at}: {told:?}");
            })
            .await;
        }
        let keys = place.files("keys").remove(0);
        each_flipped(&keys, async |at| {
            let error = verified(&place, Depth::Full).await.expect_err("nobody can open anything");
            assert_eq!(error.kind(), ErrorKind::Damaged, "keys, byte {at}: {error}");
        })
        .await;
    });
}

#[test]
fn a_flipped_byte_of_config_is_damage() {
    runtime().block_on(async {
        let (place, repository) = small().await;
        let config = place.path().join("config");
        let good = std::fs::read(&config).unwrap();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                std::fs::write(&config, bad).unwrap();
                for expected in [None, Some(repository.id())] {
                    let identity = std::slice::from_ref(&place.identity);
                    let error = Repository::open(place.store(), identity, expected).await.err();
                    let error = error.unwrap_or_else(|| panic!("byte {at}, bit {bit} was not noticed"));
                    // Another number of the format is a newer version, whatever follows.
                    let newer = error.kind() == ErrorKind::Unsupported && good[at] == b'1' && at < 30;
                    assert!(error.kind() == ErrorKind::Damaged || newer, "byte {at}, bit {bit}: {error}");
                }
            }
        }
        std::fs::remove_file(&config).unwrap();
        let error = verified(&place, Depth::Listing).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    });
}

#[test]
fn a_manifest_that_does_not_open_is_stored_again_before_a_dump_relies_on_it() {
    runtime().block_on(async {
        let (place, repository) = small().await;
        let before = listed(&repository).await.remove(0);
        for path in place.files("packs") {
            let good = std::fs::read(&path).unwrap();
            // The last header but the trailer's is that of a chunk of the manifest.
            let starts: Vec<usize> = good
                .windows(22)
                .enumerate()
                .filter(|(_, w)| w == b"age-encryption.org/v1\n")
                .map(|(at, _)| at)
                .collect();
            let mut bad = good.clone();
            bad[starts[starts.len() - 2] + 40] ^= 1;
            std::fs::write(&path, bad).unwrap();
            assert_eq!(read(&place.open().await, &before, 0).await.unwrap_err().kind(), ErrorKind::Damaged);
            let again = dump(&place.open().await, &[("order", &rows(0, 20))]).await;
            assert_eq!(again.damaged.len(), 1, "{again:?}");
            let repository = place.open().await;
            for snapshot in listed(&repository).await {
                assert!(read(&repository, &snapshot, 0).await.unwrap() == rows(0, 20));
            }
            let third = dump(&repository, &[("order", &rows(0, 20))]).await;
            assert_eq!((third.snapshot.totals.new_chunks, third.damaged.len()), (0, 0), "{third:?}");
            let healed = verified(&place, Depth::Full).await.unwrap();
            assert!(healed.is_sound() && !healed.healed.is_empty(), "{:?}", healed.faults);
        }
    });
}

async fn repaired(place: &Place) -> Report {
    let options = Options { depth: Depth::Full, mark: true, repair: true, ..Options::default() };
    verify::run(&place.open().await, &options, &progress::silent()).await.unwrap()
}

/// Makes every mark one that was put 25 hours ago.
fn a_day_passes(place: &Place) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 60 * 60);
    for path in place.files("marks") {
        std::fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }
}

fn append(path: &Path, bytes: &[u8]) {
    std::fs::write(path, [&std::fs::read(path).unwrap()[..], bytes].concat()).unwrap();
}

#[test]
fn what_is_whole_in_a_damaged_pack_is_copied_before_the_pack_is_removed() {
    runtime().block_on(async {
        let (place, repository) = small().await;
        let before = listed(&repository).await.remove(0);
        let damaged = place.files("packs");
        // A dump that began before anybody knew, and would rely on all of it.
        let early = repository.writer(WriteOptions::default()).await.unwrap();
        damaged.iter().for_each(|path| append(path, b"garbage"));
        assert_eq!(verified(&place, Depth::Full).await.unwrap().faults.len(), damaged.len());
        // The database has other rows by now, so that no dump stores the old ones again.
        for _ in 0..2 {
            dump(&place.open().await, &[("order", &rows(1 << 50, 20))]).await;
            let stuck = verified(&place, Depth::Full).await.unwrap();
            assert!(!stuck.is_sound() && !stuck.loses_rows(), "{stuck:?}");
        }
        let report = repaired(&place).await;
        assert!(report.is_sound() && report.rescued > 0 && report.removed.is_empty(), "{report:?}");
        assert_eq!(report.healed.len(), damaged.len());
        let error = finish(early, &[("order", &rows(0, 20))]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
        a_day_passes(&place);
        let report = repaired(&place).await;
        assert_eq!((report.removed.len(), report.healed.len(), report.rescued), (damaged.len(), 0, 0), "{report:?}");
        assert!(damaged.iter().all(|path| !path.exists()));
        let sound = verified(&place, Depth::Full).await.unwrap();
        assert!(sound.is_sound() && sound.healed.is_empty() && sound.snapshots == 3, "{sound:?}");
        assert!(read(&place.open().await, &before, 0).await.unwrap() == rows(0, 20));
    });
}

#[test]
fn a_damaged_pack_that_a_snapshot_needs_is_never_removed() {
    runtime().block_on(async {
        let (place, _) = small().await;
        let path = place.files("packs").into_iter().max_by_key(|path| path.metadata().unwrap().len()).unwrap();
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[300] ^= 1;
        std::fs::write(&path, bad).unwrap();
        for _ in 0..2 {
            let report = repaired(&place).await;
            assert!(report.loses_rows() && report.removed.is_empty() && path.exists(), "{report:?}");
            a_day_passes(&place);
        }
        dump(&place.open().await, &[("order", &rows(0, 20))]).await;
        let healed = verified(&place, Depth::Full).await.unwrap();
        assert!(healed.is_sound() && healed.healed.len() == 1, "{healed:?}");
        // Somebody puts it back from a copy.
        std::fs::write(&path, good).unwrap();
        assert!(repaired(&place).await.removed.is_empty() && path.exists());
    });
}

#[test]
fn damaged_index_files_and_marks_are_removed_and_nothing_else() {
    runtime().block_on(async {
        let (place, _) = small().await;
        let records: Vec<PathBuf> = ["index", "marks", "notes"].map(|folder| place.files(folder).remove(0)).into();
        records.iter().for_each(|path| append(path, b"x"));
        assert_eq!(verified(&place, Depth::Full).await.unwrap().faults.len(), 3);
        let report = repaired(&place).await;
        assert_eq!(report.removed.len(), 2, "{report:?}");
        assert_eq!(report.faults.len(), 1, "what was said about a snapshot is said nowhere else: {report:?}");
        assert_eq!(records.iter().map(|path| path.exists()).collect::<Vec<_>>(), [false, false, true]);
    });
}

#[test]
fn only_the_exact_name_counts() {
    runtime().block_on(async {
        let (place, _) = small().await;
        let elsewhere = |path: &Path, to: PathBuf| {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::rename(path, &to).unwrap();
            to
        };
        for folder in ["packs", "index", "snapshots", "notes", "marks", "keys"] {
            let path = place.files(folder).remove(0);
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let top = place.path().join(folder);
            for to in [
                top.join("zz").join(&name),
                top.join("quarantine/deep").join(&name),
                path.with_file_name(name.to_uppercase()),
                path.with_file_name(format!("{name}.tmp")),
                path.with_file_name(format!(".{name}.x7Gh2")),
            ] {
                let to = elsewhere(&path, to);
                let key = to.strip_prefix(place.path()).unwrap().to_str().unwrap().to_owned();
                let keyless = verify::stored(&place.store(), &progress::silent()).await.unwrap();
                assert!(keyless.faults.iter().any(|fault| fault.what == key), "{key}: {:?}", keyless.faults);
                match verified(&place, Depth::Listing).await {
                    Ok(report) => {
                        assert!(report.faults.iter().any(|fault| fault.what == key), "{key}: {:?}", report.faults);
                        assert_eq!(report.loses_rows(), folder == "packs", "{key}: {:?}", report.faults);
                        assert_eq!(report.snapshots, u64::from(folder != "snapshots"), "{key}");
                    }
                    Err(error) => assert!(folder == "keys" && error.kind() == ErrorKind::Damaged, "{key}: {error}"),
                }
                elsewhere(&to, path.clone());
            }
        }
        // What was moved away is stored again.
        let pack = place.files("packs").into_iter().max_by_key(|path| path.metadata().unwrap().len()).unwrap();
        elsewhere(&pack, place.path().join("packs/zz").join(pack.file_name().unwrap()));
        let again = dump(&place.open().await, &[("order", &rows(0, 20))]).await;
        assert!(again.snapshot.totals.new_chunks > 0);
        assert!(read(&place.open().await, &listed(&place.open().await).await[0], 0).await.unwrap() == rows(0, 20));
    });
}

#[test]
fn files_of_any_size_are_told_and_not_read() {
    runtime().block_on(async {
        let (place, _) = small().await;
        let mut strays = Vec::new();
        for (at, folder) in ["keys", "packs/ab", "index", "snapshots", "notes", "marks"].into_iter().enumerate() {
            for (name, size) in
                [("ab".repeat(32), 6_u64 << 30), ("stray".into(), 9 << 30), ("abcd".repeat(16), 300 << 20)]
            {
                let path = place.path().join(folder).join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::File::create(&path).unwrap().set_len(size + at as u64).unwrap();
                strays.push(path);
            }
        }
        let keys: Vec<String> =
            strays.iter().map(|path| path.strip_prefix(place.path()).unwrap().to_str().unwrap().to_owned()).collect();
        let reports = [
            verify::stored(&place.store(), &progress::silent()).await.unwrap(),
            verified(&place, Depth::Stored).await.unwrap(),
            verified(&place, Depth::Full).await.unwrap(),
        ];
        for report in reports {
            for key in &keys {
                assert!(report.faults.iter().any(|fault| fault.what == *key), "{key}: {:?}", report.faults);
            }
            assert!(!report.loses_rows(), "{:?}", report.faults);
        }
        dump(&place.open().await, &[("order", &rows(0, 30))]).await;
        // One in the place of what is needed.
        for folder in ["packs", "index", "snapshots"] {
            let path = place.files(folder).into_iter().find(|path| !strays.contains(path)).unwrap();
            std::fs::File::create(&path).unwrap().set_len(5 << 30).unwrap();
            assert!(!verified(&place, Depth::Full).await.unwrap().is_sound());
        }
        let config = std::fs::File::options().write(true).open(place.path().join("config")).unwrap();
        config.set_len(5 << 30).unwrap();
        assert_eq!(verified(&place, Depth::Full).await.unwrap_err().kind(), ErrorKind::Damaged);
    });
}

#[test]
fn what_is_no_file_is_never_opened() {
    runtime().block_on(async {
        let (place, _) = small().await;
        for folder in ["keys", "packs/ab", "index", "snapshots", "notes", "marks"] {
            let folder = place.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            let made = std::process::Command::new("mkfifo").arg(folder.join("ab".repeat(32))).status().unwrap();
            assert!(made.success());
            std::os::unix::fs::symlink("/dev/zero", folder.join("abcd".repeat(16))).unwrap();
        }
        let looked = async {
            verify::stored(&place.store(), &progress::silent()).await.unwrap();
            assert!(!verified(&place, Depth::Full).await.unwrap().loses_rows());
            dump(&place.open().await, &[("order", &rows(0, 30))]).await;
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), looked).await.expect("nothing waits for a pipe");
    });
}

#[test]
fn a_repository_without_snapshots_is_never_as_it_was_stored() {
    runtime().block_on(async {
        let (place, _) = Place::new().await;
        let empty = verified(&place, Depth::Full).await.unwrap();
        assert!(empty.is_empty() && empty.is_sound());
        let (place, _) = small().await;
        for path in place.files("snapshots") {
            std::fs::remove_file(path).unwrap();
        }
        let told = |report: &Report| report.faults.iter().map(|fault| fault.what.clone()).collect::<Vec<_>>();
        for depth in [Depth::Listing, Depth::Stored, Depth::Full] {
            assert!(verified(&place, depth).await.unwrap().is_empty());
        }
        let keyless = verify::stored(&place.store(), &progress::silent()).await.unwrap();
        assert!(keyless.is_empty());
        let (place, _) = small().await;
        for path in [place.files("packs"), place.files("index")].concat() {
            std::fs::remove_file(path).unwrap();
        }
        let keyless = verify::stored(&place.store(), &progress::silent()).await.unwrap();
        assert_eq!(told(&keyless), ["index/", "packs/"]);
        assert!(!keyless.unseen.is_empty());
    });
}
