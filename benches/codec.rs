//! What the codec costs and what it saves, on rows like those of a point-of-sale system.
//!
//! `cargo bench --bench codec`; with a name, only the benches that have it in theirs. A table of sizes comes first.

#![expect(clippy::print_stdout, reason = "a bench reports")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use pgkeep::codec::chunk::Options;
use pgkeep::codec::cut::{Cut, Cutter};
use pgkeep::codec::rows::{Digester, RowKey};
use pgkeep::codec::seal::Identity;
use pgkeep::codec::{chunk, columns, compress, seal};
use pgkeep::limits::BLOCK_BYTES;

fn main() {
    sizes();
    divan::main();
}

/// One row of a table from its number and noise.
type Row = fn(u64, u64) -> String;

const TABLES: [(&str, Row); 4] = [("order_items", order_item), ("events", event), ("users", user), ("menu", menu)];

fn order_item(at: u64, noise: u64) -> String {
    let note = if noise.is_multiple_of(40) { "no onions" } else { "\\N" };
    let (minute, second) = (at / 60 % 60, at % 60);
    format!(
        "{at}\t{}\t{}\t{}\t{}.{:02}\t{note}\t2026-03-{:02} 1{}:{minute:02}:{second:02}.{:06}+00\n",
        at / 3,
        noise % 250 + 1,
        noise / 250 % 4 + 1,
        noise / 1000 % 30 + 2,
        noise / 30_000 % 20 * 5,
        at / 100_000 % 28 + 1,
        at / 3600 % 10,
        noise / 7 % 1_000_000,
    )
}

fn event(at: u64, noise: u64) -> String {
    let kind = ["order.created", "order.paid", "table.moved", "shift.closed"][(noise % 4) as usize];
    format!(
        "{at}\t{kind}\t{{\"order\": {}, \"terminal\": \"T{}\", \"total\": {}.{:02}, \"by\": {{\"user\": {}, \"role\": \"waiter\"}}}}\t{:016x}\n",
        at / 3,
        noise % 9,
        noise % 90,
        noise % 100,
        noise / 100 % 50,
        noise.rotate_left(13),
    )
}

fn user(at: u64, noise: u64) -> String {
    let hash = blake3::hash(&noise.to_le_bytes());
    format!("{at}\tperson{}@example.com\t{hash}\tt\t\\N\t2026-01-0{}\n", noise % 1_000_003, noise % 9 + 1)
}

fn menu(at: u64, noise: u64) -> String {
    let words = ["grilled", "salmon", "with", "lemon", "butter", "and", "seasonal", "vegetables", "fresh", "herbs"];
    let text: Vec<&str> = (0..30).map(|word| words[(noise.rotate_left(word * 5) % 10) as usize]).collect();
    format!("{at}\t{}\t{}\t{}.50\n", noise % 12, text.join(" "), noise % 40)
}

/// About `bytes` of rows.
fn rows(row: Row, bytes: usize) -> Vec<u8> {
    let mut rows = String::new();
    let mut noise: u64 = 0x9E37_79B9_7F4A_7C15;
    for at in 1_000_000.. {
        if rows.len() >= bytes {
            break;
        }
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        rows.push_str(&row(at, noise >> 8));
    }
    rows.into_bytes()
}

fn key() -> RowKey {
    RowKey::new(&[7; 32])
}

fn cuts(rows: &[u8]) -> Vec<Cut> {
    let mut cutter = Cutter::new(&key());
    let mut cuts: Vec<Cut> = rows.chunks(BLOCK_BYTES).flat_map(|block| cutter.push(block)).collect();
    cuts.extend(cutter.finish().0);
    cuts
}

/// One chunk of ordinary size.
fn one() -> Cut {
    let cuts = cuts(&rows(order_item, 8 << 20));
    cuts.into_iter().min_by_key(|cut| cut.bytes.len().abs_diff(1 << 20)).expect("rows make a chunk")
}

/// Stored bytes of a hundred raw ones, as rows and as columns, by level.
fn sizes() {
    println!(
        "{:<14}{:>8}{:>12}{:>12}{:>12}{:>12}{:>8}",
        "stored of 100", "chunks", "rows, 1", "columns, 1", "rows, 3", "columns, 3", "gain, 3"
    );
    for (name, row) in TABLES {
        let rows = rows(row, 16 << 20);
        let cuts = cuts(&rows);
        let percent = |stored: usize| stored as f64 * 100.0 / rows.len() as f64;
        let plain = |level| percent(cuts.iter().map(|cut| compress::compress(&cut.bytes, level).len()).sum());
        let transposed = |level| {
            let encoded = |cut| chunk::encode(0, cut, Options { level, verify: false }).expect("rows encode").len();
            percent(cuts.iter().map(encoded).sum())
        };
        let (rows_3, columns_3) = (plain(3), transposed(3));
        println!(
            "{name:<14}{:>8}{:>12.2}{:>12.2}{rows_3:>12.2}{columns_3:>12.2}{:>8.2}",
            cuts.len(),
            plain(1),
            transposed(1),
            rows_3 / columns_3
        );
    }
}

fn throughput<T>(bencher: Bencher, bytes: usize, work: impl Fn() -> T + Sync) {
    bencher.counter(BytesCount::new(bytes)).bench(|| black_box(work()));
}

#[divan::bench]
fn digest(bencher: Bencher) {
    let rows = rows(order_item, 16 << 20);
    throughput(bencher, rows.len(), || {
        let mut digester = Digester::new(&key());
        rows.chunks(BLOCK_BYTES).for_each(|block| digester.push(block));
        digester.finish()
    });
}

#[divan::bench]
fn cut(bencher: Bencher) {
    let rows = rows(order_item, 16 << 20);
    throughput(bencher, rows.len(), || cuts(&rows).len());
}

#[divan::bench]
fn columns_encode(bencher: Bencher) {
    let cut = one();
    throughput(bencher, cut.bytes.len(), || columns::encode(&cut.bytes));
}

#[divan::bench]
fn columns_decode(bencher: Bencher) {
    let cut = one();
    let columns = columns::encode(&cut.bytes).expect("rows transpose");
    throughput(bencher, cut.bytes.len(), || columns::decode(&columns, cut.rows));
}

#[divan::bench(args = [1, 2, 3, 4, 6])]
fn compress_rows(bencher: Bencher, level: i32) {
    let cut = one();
    throughput(bencher, cut.bytes.len(), || compress::compress(&cut.bytes, level));
}

#[divan::bench(args = [1, 2, 3, 4, 6])]
fn compress_columns(bencher: Bencher, level: i32) {
    let columns = columns::encode(&one().bytes).expect("rows transpose");
    throughput(bencher, columns.len(), || compress::compress(&columns, level));
}

#[divan::bench]
fn decompress_columns(bencher: Bencher) {
    let columns = columns::encode(&one().bytes).expect("rows transpose");
    let frame = compress::compress(&columns, 3);
    throughput(bencher, columns.len(), || compress::decompress(&frame, columns.len()));
}

#[divan::bench(args = [16, 1 << 20])]
fn seal_bytes(bencher: Bencher, len: usize) {
    let (recipient, bytes) = (Identity::generate().recipient(), vec![7; len]);
    throughput(bencher, len, || seal::seal(&recipient, &bytes));
}

#[divan::bench(args = [16, 1 << 20])]
fn open_bytes(bencher: Bencher, len: usize) {
    let identity = [Identity::generate()];
    let sealed = seal::seal(&identity[0].recipient(), &vec![7; len]);
    throughput(bencher, len, || seal::open(&identity, &sealed, len));
}

/// Everything between COPY and the store but the chunk id, by level and with or without full verification.
#[divan::bench(args = [(1, false), (3, false), (3, true)])]
fn pipeline(bencher: Bencher, (level, verify): (i32, bool)) {
    let rows = rows(order_item, 16 << 20);
    let recipient = Identity::generate().recipient();
    throughput(bencher, rows.len(), || {
        let sealed = |cut: &Cut| {
            seal::seal(&recipient, &chunk::encode(0, cut, Options { level, verify }).expect("rows encode")).len()
        };
        cuts(&rows).iter().map(sealed).sum::<usize>()
    });
}

/// The way back: open, decompress, transpose, digest.
#[divan::bench]
fn read_back(bencher: Bencher) {
    let rows = rows(order_item, 16 << 20);
    let identity = [Identity::generate()];
    let recipient = identity[0].recipient();
    let encode = |cut: &Cut| chunk::encode(0, cut, Options::default()).expect("rows encode");
    let sealed: Vec<Vec<u8>> = cuts(&rows).iter().map(|cut| seal::seal(&recipient, &encode(cut))).collect();
    throughput(bencher, rows.len(), || {
        let mut digester = Digester::new(&key());
        for sealed in &sealed {
            let opened = seal::open(&identity, sealed, 8 << 20).expect("it is ours");
            digester.push(&chunk::decode(&opened, 8 << 20).expect("it decodes").1);
        }
        digester.finish()
    });
}
