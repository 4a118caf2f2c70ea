//! What a repository in a folder costs: four parts at once put, put again, read back and verified.
//!
//! `cargo bench --bench repository`; `ROWS_MB=2000` for another size. Wall time and CPU time (making the rows, measured
//! first, taken off), and the peak of memory so far, as Linux counts them.

#![expect(clippy::print_stdout, reason = "a bench reports")]
#![expect(clippy::disallowed_methods, reason = "a bench takes its size from the environment")]

use std::time::Instant;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use pgkeep::blocks::Blocks;
use pgkeep::codec::seal::Identity;
use pgkeep::limits::BLOCK_BYTES;
use pgkeep::object::ObjectId;
use pgkeep::repository::{Head, Manifest, Part, Repository, Stored, WriteOptions};
use pgkeep::store::Store;
use pgkeep::verify::{self, Depth, Options};

const PARTS: u64 = 4;

/// About `bytes` of rows like those of a point-of-sale system, made as they are read.
fn rows(part: u64, bytes: u64) -> Blocks<'static> {
    let (mut at, mut made) = (part << 32, 0);
    let blocks = std::iter::from_fn(move || {
        let mut block = Vec::with_capacity(BLOCK_BYTES + 200);
        while block.len() < BLOCK_BYTES && made < bytes {
            let before = block.len();
            let noise = at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 7;
            let (minute, second) = (at / 60 % 60, at % 60);
            let (item, count, price) = (noise % 250 + 1, noise / 250 % 4 + 1, noise / 1000 % 30 + 2);
            let micros = noise / 7 % 1_000_000;
            std::io::Write::write_fmt(
                &mut block,
                format_args!(
                    "{at}\t{}\t{item}\t{count}\t{price}.50\t\\N\t2026-03-02 11:{minute:02}:{second:02}.{micros:06}+00\n",
                    at / 3
                ),
            )
            .expect("memory takes everything");
            made += (block.len() - before) as u64;
            at += 1;
        }
        (!block.is_empty()).then(|| Ok(Bytes::from(block)))
    });
    stream::iter(blocks).boxed()
}

/// User and system time of this process, in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

struct Step {
    name: &'static str,
    wall: Instant,
    cpu: f64,
}

impl Step {
    fn new(name: &'static str) -> Self {
        Self { name, wall: Instant::now(), cpu: cpu() }
    }

    fn end(self, bytes: u64, less: f64) -> f64 {
        let (wall, cpu) = (self.wall.elapsed().as_secs_f64(), cpu() - self.cpu);
        let mb = bytes as f64 / 1e6;
        let own = (cpu - less).max(0.001);
        let (name, rate, rate_cpu) = (self.name, mb / wall, mb / own);
        println!(
            "{name:12} {mb:7.0} MB  {wall:6.2} s wall {rate:6.0} MB/s  {own:6.2} s CPU {rate_cpu:6.0} MB/s  peak {} MB",
            peak_mb()
        );
        cpu
    }
}

async fn put(repository: &Repository, bytes: u64) -> (Vec<Stored>, u64) {
    let writer = repository.writer(WriteOptions::default()).await.expect("a writer");
    let tasks: Vec<_> = (0..PARTS)
        .map(|part| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.put(rows(part, bytes / PARTS), "rows").await.expect("rows are put") })
        })
        .collect();
    let mut stored = Vec::new();
    for task in tasks {
        stored.push(task.await.expect("no panic"));
    }
    let part = |(at, stored): (usize, &Stored)| {
        let first = u32::try_from(at).expect("few parts");
        Part { object: ObjectId(0), range: Some((first, Some(first + 1))), stored: stored.clone() }
    };
    let table = r#"{"id":0,"kind":"table","section":"pre-data","name":{"name":"t"},"oid":1}"#;
    let objects = vec![serde_json::from_str(table).expect("an object")];
    let manifest = Manifest { objects, parts: stored.iter().enumerate().map(part).collect(), ..Manifest::default() };
    let finished = writer.finish(&manifest, Head::default()).await.expect("it is committed");
    (stored, finished.snapshot.totals.stored_bytes)
}

async fn steps(bytes: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let identity = Identity::generate();
    let store = Store::open(folder.path().to_str().expect("UTF-8")).expect("a store");
    let repository = Repository::init(store, &[identity.recipient()], None).await.expect("a repository");

    let step = Step::new("make rows");
    for part in 0..PARTS {
        rows(part, bytes / PARTS).try_for_each(|_| async { Ok(()) }).await.expect("rows");
    }
    let making = step.end(bytes, 0.0);
    let step = Step::new("put");
    let (stored, new) = put(&repository, bytes).await;
    step.end(bytes, making);
    println!(
        "             stored {:.1} MB, {} chunks",
        new as f64 / 1e6,
        stored.iter().map(|s| s.chunks.len()).sum::<usize>()
    );
    let step = Step::new("put again");
    let (_, new) = put(&repository, bytes).await;
    step.end(bytes, making);
    println!("             stored {:.1} MB", new as f64 / 1e6);
    let step = Step::new("read");
    let snapshot = repository.resolve("latest").await.expect("a snapshot");
    let reader = repository.reader(&snapshot).await.expect("a reader");
    let tasks: Vec<_> =
        stored.iter().map(|stored| tokio::spawn(reader.blocks(stored).try_for_each(|_| async { Ok(()) }))).collect();
    for task in tasks {
        task.await.expect("no panic").expect("rows come back");
    }
    step.end(bytes, 0.0);
    let step = Step::new("verify full");
    let options = Options { depth: Depth::Full, ..Options::default() };
    let report = verify::run(&repository, &options, &pgkeep::progress::silent()).await.expect("it can be verified");
    assert!(report.is_sound(), "{:?}", report.faults);
    step.end(bytes, 0.0);
}

fn main() {
    let megabytes: u64 = std::env::var("ROWS_MB").ok().and_then(|mb| mb.parse().ok()).unwrap_or(500);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(steps(megabytes * 1_000_000));
}
