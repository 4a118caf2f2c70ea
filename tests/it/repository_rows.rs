//! `put` and then `blocks` is the identity on bytes, whatever the rows are and wherever blocks end.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use pgkeep::codec::rows::{Digester, RowKey};
use pgkeep::repository::{Repository, WriteOptions};
use proptest::prelude::*;

use crate::repository::{Place, head, listed, manifest, put, read, rows, runtime};

/// Puts a part in these blocks, commits, and reads it back with a repository opened anew.
async fn round_trip(blocks: Vec<Bytes>) -> Vec<u8> {
    let (place, repository) = Place::new().await;
    let writer = repository.writer(WriteOptions { check_all: true, ..WriteOptions::default() }).await.unwrap();
    let stream = stream::iter(blocks.into_iter().map(Ok)).boxed();
    let stored = writer.put(stream, "rows").await.unwrap();
    assert_eq!(stored.chunks.iter().map(|chunk| u64::from(chunk.rows)).sum::<u64>(), stored.digest.rows);
    writer.finish(&manifest(vec![("t", vec![stored])]), head("x")).await.unwrap();
    let repository = place.open().await;
    let snapshot = listed(&repository).await.remove(0);
    read(&repository, &snapshot, 0).await.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_come_back(
        bytes in prop::collection::vec(prop_oneof![4 => any::<u8>(), 1 => Just(b'\n'), 1 => Just(b'\t')], 0..6000),
        repeat in 1_usize..200,
        ends in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let all = Bytes::from(bytes.repeat(repeat));
        let mut ends: Vec<usize> = ends.iter().map(|at| at.index(all.len() + 1)).chain([0, all.len()]).collect();
        ends.sort_unstable();
        let blocks = ends.windows(2).map(|pair| all.slice(pair[0]..pair[1])).collect();
        let found = runtime().block_on(round_trip(blocks));
        prop_assert!(found == all);
    }
}

#[test]
fn rows_longer_than_a_chunk_come_back() {
    let long = |length: usize, seed: u64| {
        let mut row: Vec<u8> = (0..length as u64).map(|at| b'a' + (at.wrapping_mul(seed) >> 7) as u8 % 26).collect();
        row.push(b'\n');
        row
    };
    let all =
        [rows(0, 10), long(9 << 20, 0x9E37_79B9), long(4 << 20, 31), long((4 << 20) - 1, 7), rows(10, 3)].concat();
    let blocks = all.chunks(256 << 10).map(Bytes::copy_from_slice).collect();
    assert!(runtime().block_on(round_trip(blocks)) == all);
}

#[test]
fn digests_do_not_depend_on_cuts_or_order() {
    runtime().block_on(async {
        let (_place, repository) = Place::new().await;
        let writer = repository.writer(WriteOptions::default()).await.unwrap();
        let (one, two) = (rows(0, 40_000), rows(40_000, 40_000));
        let forwards = put(&writer, &[&one[..], &two].concat()).await.digest;
        let backwards = put(&writer, &[&two[..], &one].concat()).await.digest;
        assert_eq!(forwards, backwards);
        let parts = [put(&writer, &one).await.digest, put(&writer, &two).await.digest];
        assert_eq!(parts.into_iter().sum::<pgkeep::hash::Digest>(), forwards);
        let mut other = Digester::new(&RowKey::new(&[1; 32]));
        other.push(&[one, two].concat());
        assert_ne!(other.finish().sum, forwards.sum, "digests are made with a key of the repository");
    });
}

#[test]
fn tomorrows_manifest_costs_almost_nothing() {
    runtime().block_on(async {
        let (_place, repository) = Place::new().await;
        let many = async |rows: &dyn Fn(u32) -> Vec<u8>, repository: &Repository| {
            let writer = repository.writer(WriteOptions::default()).await.unwrap();
            let mut tables = Vec::new();
            for table in 0..400 {
                tables.push(vec![put(&writer, &rows(table)).await]);
            }
            let names: Vec<String> = (0..400).map(|table| format!("table_{table}")).collect();
            let tables = names.iter().map(String::as_str).zip(tables).collect();
            writer.finish(&manifest(tables), head("shop")).await.unwrap()
        };
        let first = many(&|table| rows(u64::from(table) << 32, 500), &repository).await;
        let changed = |table: u32| if table == 399 { rows(1 << 60, 500) } else { rows(u64::from(table) << 32, 500) };
        let second = many(&changed, &repository).await;
        let (before, after) = (first.snapshot.totals.stored_bytes, second.snapshot.totals.stored_bytes);
        assert!(after * 10 < before, "{after} bytes after {before}");
        let reader = repository.reader(&repository.resolve("latest").await.unwrap()).await.unwrap();
        let stored = &reader.manifest().await.unwrap().parts[399].stored.clone();
        let found: Vec<Bytes> = reader.blocks(stored).try_collect().await.unwrap();
        assert!(found.concat() == changed(399));
    });
}
