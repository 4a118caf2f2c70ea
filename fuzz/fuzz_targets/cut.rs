//! Chunks are the rows, whatever their lengths and wherever blocks end; the digest sees the same rows.
//!
//! `cargo fuzz run -s none cut`

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgkeep::codec::cut::{Cut, Cutter, Extent};
use pgkeep::codec::rows::{Digester, RowKey};
use pgkeep::hash::Digest;
use pgkeep::limits::{CHUNK_BYTES_MAX, CHUNK_BYTES_MIN};

/// Every three bytes are a row: two for its length, up to beyond the maximum of a chunk, and one that fills it.
fn rows(bytes: &[u8]) -> Vec<u8> {
    let mut rows = Vec::new();
    for row in bytes.chunks_exact(3) {
        let len = usize::from(row[0]) << (row[1] % 16);
        if rows.len() + len > 6 * CHUNK_BYTES_MAX {
            break;
        }
        rows.resize(rows.len() + len, row[2]);
        rows.push(b'\n');
    }
    rows
}

fn cut(rows: &[u8], block: usize) -> (Vec<Cut>, Digest) {
    let mut cutter = Cutter::new(&RowKey::new(&[7; 32]));
    let mut cuts: Vec<Cut> = rows.chunks(block).flat_map(|block| cutter.push(block)).collect();
    let (last, digest) = cutter.finish();
    cuts.extend(last);
    (cuts, digest)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((block, bytes)) = bytes.split_first() else { return };
    let rows = rows(bytes);
    let (cuts, digest) = cut(&rows, (usize::from(*block) + 1) << 12);
    assert!(cuts.iter().flat_map(|cut| &cut.bytes).eq(&rows));
    assert!(cuts.iter().all(|cut| !cut.bytes.is_empty() && cut.bytes.len() <= CHUNK_BYTES_MAX));
    assert_eq!(cuts.iter().map(|cut| u64::from(cut.rows)).sum::<u64>(), digest.rows);
    for pair in cuts.windows(2).filter(|pair| pair[0].extent == Extent::WholeRows) {
        assert!(pair[0].bytes.len() >= CHUNK_BYTES_MIN || pair[0].bytes.len() + pair[1].bytes.len() > CHUNK_BYTES_MAX);
    }
    let mut digester = Digester::new(&RowKey::new(&[7; 32]));
    digester.push(&rows);
    assert_eq!(digester.finish(), digest);
    assert!(cut(&rows, usize::MAX) == (cuts, digest));
});
