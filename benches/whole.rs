//! `cargo bench --bench whole [-- SCALE]`: whole processes side by side on one database, as ratios.
//!
//! Starts a server, loads the sample database (scale 1 is about 0.8 MB of COPY text), and measures wall time and peak
//! memory of `pgkeep` beside the oracle's `pg_dump -Fd -j2 -Z1` and `pg_restore -j2`: a first dump, a second of the
//! unchanged database, one after a hundredth more rows in the largest table, full verification, a restore. Wall times
//! are noisy where other programs run; peak memory and sizes are not. At last the catalog alone, and nothing else with
//! scale 0: definitions of 10,000 tables beside `pg_dump --schema-only`, several times in turns, the best of each.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

#[path = "../tests/it/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use the rest")]
mod harness;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use harness::{Database, Server, cli, sample};

/// About 240 MB of COPY text.
const SCALE: u32 = 300;
/// For all of them.
const JOBS: &str = "2";

/// What a process took.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    /// Largest resident memory, in bytes.
    peak: u64,
}

fn main() {
    let scale = env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(SCALE);
    let server = Server::setup(18)
        .set("shared_buffers", "256MB")
        .set("max_wal_size", "8GB")
        .set("wal_level", "minimal")
        .set("max_wal_senders", "0")
        .start();
    let pos = server.database("pos");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench { pos: &pos, folder: folder.path() };
    if scale > 0 {
        sample::load(&pos, scale);
        pos.psql("VACUUM ANALYZE");
        bench.warm();
        println!("scale {scale}, {} of tables on disk, {JOBS} jobs of each program", bench.size());
        bench.run();
    }
    bench.catalog();
}

/// Tables of the last measurement, and its rounds.
const TABLES: u32 = 10_000;
const ROUNDS: u32 = 5;

struct Bench<'a> {
    pos: &'a Database,
    folder: &'a Path,
}

impl Bench<'_> {
    fn size(&self) -> String {
        let sum = "SELECT pg_size_pretty(sum(pg_table_size(c.oid))) FROM pg_class c JOIN pg_namespace n \
                   ON n.oid = relnamespace WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'";
        self.pos.query_one(sum)
    }

    /// Reads everything once, so that no program pays for the disk.
    fn warm(&self) {
        self.pg_dump("warm");
    }

    fn run(&self) {
        let theirs = self.pg_dump("theirs");
        show("pg_dump -Fd -j2 -Z1", theirs, theirs, Some(tree_bytes(&self.folder.join("theirs"))));
        self.init();
        let first = self.dump();
        show("pgkeep dump, the first", first.0, theirs, Some(first.1));
        let second = self.dump();
        show("pgkeep dump, nothing changed", second.0, theirs, Some(second.1));
        self.pos.psql(GROW);
        let third = self.dump();
        show("pgkeep dump, 1 % more rows", third.0, theirs, Some(third.1));
        println!(
            "  new bytes: {:.2} % unchanged, {:.2} % grown",
            percent(second.1, first.1),
            percent(third.1, first.1)
        );
        show("pgkeep verify", self.pgkeep(&["verify"], ""), theirs, None);
        let target = self.pos.server().database("theirs");
        let restored = self.pg_restore(&target);
        show("pg_restore -j2", restored, restored, None);
        let target = self.pos.server().database("ours");
        let ours = self.pgkeep(&["restore", "latest", "-j", JOBS, "-d"], &target.url());
        show("pgkeep restore", ours, restored, None);
    }

    fn catalog(&self) {
        let many = self.pos.server().database("many");
        for hundred in 0..TABLES / 100 {
            let table = |n: u32| {
                format!(
                    "CREATE TABLE t{n} (id bigint PRIMARY KEY, a text DEFAULT 'x', b int CHECK (b > 0)); CREATE INDEX ON t{n} (a);"
                )
            };
            many.psql(&(hundred * 100..(hundred + 1) * 100).map(table).collect::<String>());
        }
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let mut command = many.client("pg_dump");
            command.args(["--schema-only", "-f", &self.path("schema")]);
            theirs.push(measure(command));
            self.init();
            ours.push(self.pgkeep(&["dump", "-s", "-d"], &many.url()));
        }
        let best = |costs: Vec<Cost>| costs.into_iter().min_by_key(|cost| cost.wall).expect("there are rounds");
        let (theirs, ours) = (best(theirs), best(ours));
        show("pg_dump -s of 10,000 tables", theirs, theirs, None);
        show("pgkeep dump -s of them", ours, theirs, None);
    }

    /// A repository that knows nothing.
    fn init(&self) {
        // At first there is none.
        drop(fs::remove_dir_all(self.folder.join("repository")));
        drop(fs::remove_file(self.folder.join("key")));
        self.pgkeep(&["init", "--identity-out", &self.path("key")], "");
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("temporary folders are UTF-8").to_owned()
    }

    /// A dump, and by how much the repository grew.
    fn dump(&self) -> (Cost, u64) {
        let before = tree_bytes(&self.folder.join("repository"));
        let cost = self.pgkeep(&["dump", "-j", JOBS, "-d"], &self.pos.url());
        (cost, tree_bytes(&self.folder.join("repository")) - before)
    }

    fn pgkeep(&self, arguments: &[&str], last: &str) -> Cost {
        let mut arguments: Vec<&str> = arguments.to_vec();
        arguments.extend(Some(last).filter(|last| !last.is_empty()));
        let environment = [("PGKEEP_REPOSITORY", &*self.path("repository")), ("PGKEEP_IDENTITY", &*self.path("key"))];
        measure(cli::cli(&arguments, &environment[..if arguments[0] == "init" { 1 } else { 2 }]))
    }

    fn pg_dump(&self, name: &str) -> Cost {
        let mut command = self.pos.client("pg_dump");
        command.args(["-Fd", "-j", JOBS, "-Z1", "-f", &self.path(name)]);
        measure(command)
    }

    fn pg_restore(&self, target: &Database) -> Cost {
        let mut command = target.client("pg_restore");
        command.args(["-j", JOBS, "-d", target.name(), &self.path("theirs")]);
        measure(command)
    }
}

/// Appends a hundredth to the largest table, which `ord.line` is at every scale.
const GROW: &str = "INSERT INTO ord.line (order_id, line, item_id, quantity, price, extras, note) \
    SELECT order_id, line + 1000, item_id, quantity, price, extras, note FROM ord.line WHERE order_id % 100 = 7";

/// Runs a process to its end and watches its memory.
fn measure(mut command: Command) -> Cost {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program can be run");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        peak = peak.max(high_water(&status));
        if let Some(ended) = child.try_wait().expect("a child can be waited for") {
            break ended;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let cost = Cost { wall: started.elapsed(), peak };
    let said = child.wait_with_output().map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(ended.success(), "{command:?}: {}", said.unwrap_or_default());
    cost
}

/// `VmHWM` of `/proc/PID/status` (proc(5)), in bytes; 0 once the process is gone.
fn high_water(status: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or_default() * 1024
}

fn tree_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.filter_map(Result::ok).map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => tree_bytes(&entry.path()),
        _ => entry.metadata().map_or(0, |metadata| metadata.len()),
    });
    sizes.sum()
}

fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole as f64
}

fn show(what: &str, cost: Cost, beside: Cost, stored: Option<u64>) {
    let ratio = cost.wall.as_secs_f64() / beside.wall.as_secs_f64();
    let stored = stored.map(|bytes| format!(", {:.1} MB stored", bytes as f64 / 1e6)).unwrap_or_default();
    let (seconds, peak) = (cost.wall.as_secs_f64(), cost.peak as f64 / 1e6);
    println!("{what:32} {seconds:8.2} s  x{ratio:.2}  {peak:6.0} MB peak{stored}");
}
