//! `cargo run --release --example quickstart [SCALE]`: the main job, shown on a throwaway server.
//!
//! Starts a server, loads the sample database, dumps it, sells for a day, dumps it again, verifies, and restores the
//! schema `payments` alone into a new database. Prints what a user would type, and what came of it. With `DATABASE_URL`
//! set, it dumps and verifies that database instead, and only reads it.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

#[path = "it/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use the rest")]
mod harness;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use pgkeep::cancel::Cancellation;
use pgkeep::codec::seal::Identity;
use pgkeep::pg::config::Given;
use pgkeep::pg::snapshot::SnapshotOptions;
use pgkeep::pg::{Config, Environment, Session};
use pgkeep::plan::Pattern;
use pgkeep::plan::select::{Purpose, Selection};
use pgkeep::progress::silent;
use pgkeep::repository::{Repository, WriteOptions};
use pgkeep::store::Store;
use pgkeep::{Error, Result, dump, restore, verify};

use harness::{Server, sample};

/// Of the newest version that pgkeep knows.
const MAJOR: u32 = 18;
/// Some 56 MB of COPY text.
const SCALE: u32 = 40;
const JOBS: usize = 2;

fn main() -> ExitCode {
    let shown = match env::var_os("DATABASE_URL") {
        Some(_) => harness::block_on(own_database()),
        None => match env::args().nth(1).map_or(Ok(SCALE), |scale| scale.parse()) {
            Ok(scale) => harness::block_on(sample_database(scale)),
            Err(_) => Err(Error::usage("the scale of the sample database is a number: 40")),
        },
    };
    match shown {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// Prints an error with its causes and what to do about it.
fn tell(error: &Error) {
    print!("\nfailed: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(reason) = cause {
        print!(": {reason}");
        cause = reason.source();
    }
    println!();
    if let Some(hint) = error.hint() {
        println!("hint: {hint}");
    }
}

/// Whether everything is as it should be.
async fn sample_database(scale: u32) -> Result<bool> {
    let mut steps = Steps::default();
    steps.begin("A throwaway server, and in it the database of a restaurant", &[]);
    let server = Server::setup(MAJOR).start();
    let maintenance = url(&server, "postgres");
    run(&maintenance, &["CREATE DATABASE pos".into(), "CREATE DATABASE payments_only".into()]).await?;
    let (pos, payments_only) = (url(&server, "pos"), url(&server, "payments_only"));
    let statements: Vec<String> = sample::files().iter().map(|file| sample::statements(file, MAJOR, scale)).collect();
    run(&pos, &statements).await?;
    steps.end(&format!("PostgreSQL {MAJOR} at {pos}, {} in five schemas", size(database_bytes(&pos).await?)));

    let place = Place::new(&mut steps).await?;
    place.dump(&mut steps, "The first dump", &Config::parse(pos.clone())?, &pos).await?;

    steps.begin("A day of sales", &["psql -f sales_day.sql"]);
    run(&pos, &[sample::sales_day(MAJOR, scale)]).await?;
    steps.end("1 % more orders with their lines, events and payments; some older rows changed");

    place.dump(&mut steps, "The second dump", &Config::parse(pos.clone())?, &pos).await?;
    let sound = place.verify(&mut steps).await?;
    place.restore_payments(&mut steps, &payments_only).await?;

    steps.begin("Compare both sides on the server, without pgkeep", &[]);
    let same = compare(&mut steps, &pos, &payments_only).await?;
    println!("\nThe server, its databases and the repository are gone when this ends.");
    Ok(sound && same)
}

async fn own_database() -> Result<bool> {
    let mut steps = Steps::default();
    let variable = |name: &str| env::var_os(name);
    let user = env::var_os("USER").map(|user| user.to_string_lossy().into_owned());
    let home = env::var_os("HOME").map(Into::into);
    let config = Config::resolve(&Given::default(), &Environment { variable: &variable, home, user })?;
    let place = Place::new(&mut steps).await?;
    place.dump(&mut steps, "A dump", &config, "\"$DATABASE_URL\"").await?;
    place.dump(&mut steps, "Another: only what changed is stored", &config, "\"$DATABASE_URL\"").await?;
    let sound = place.verify(&mut steps).await?;
    println!("\nThe repository was in a temporary folder and is gone when this ends. The database was only read.");
    Ok(sound)
}

/// A repository in a temporary folder, and what can be done with it.
struct Place {
    repository: Repository,
    path: String,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new(steps: &mut Steps) -> Result<Place> {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let path = folder.path().join("repository").to_string_lossy().into_owned();
        steps.begin("A repository, and the identity that opens it", &[&format!("pgkeep init --repo {path}")]);
        let owner = Identity::generate();
        let repository = Repository::init(Store::create(&path)?, &[owner.recipient()], None).await?;
        steps.end(&format!("repository {}", repository.id()));
        println!("   Whoever loses the identity loses the backups: keep a copy away from the server.");
        Ok(Place { repository, path, _folder: folder })
    }

    async fn dump(&self, steps: &mut Steps, title: &str, source: &Config, named: &str) -> Result<()> {
        steps.begin(title, &[&format!("pgkeep dump --repo {} -j {JOBS} -d {named}", self.path)]);
        let options = dump::Options {
            source: source.clone(),
            jobs: JOBS,
            selection: Selection::default(),
            patterns: Vec::new(),
            label: None,
            snapshot: SnapshotOptions::default(),
            skip_unreadable: false,
            enable_row_security: false,
            extra_float_digits: None,
            among: None,
            writing: WriteOptions::default(),
            cancellation: Cancellation::default(),
        };
        let done = dump::run(&self.repository, &options, &silent()).await?;
        let (totals, held) = (done.totals, done.held.as_secs_f64());
        steps.end(&format!(
            "{} rows of {} tables, {} of COPY text; server snapshot held for {held:.2} s",
            totals.rows,
            totals.tables,
            size(totals.bytes)
        ));
        let (new, all) = (totals.new_chunks, totals.chunks);
        let stored = size(totals.stored_bytes);
        println!("   {new} new chunks (the snapshot has {all} of rows) took {stored}; repository {}", self.size());
        for missing in &done.missing {
            println!("   missing: {missing}");
        }
        Ok(())
    }

    async fn verify(&self, steps: &mut Steps) -> Result<bool> {
        let command = format!("pgkeep verify --repo {} --depth full", self.path);
        steps.begin("Open every chunk and check it", &[&command]);
        let options = verify::Options { depth: verify::Depth::Full, ..verify::Options::default() };
        let report = verify::run(&self.repository, &options, &silent()).await?;
        steps.end(&format!(
            "{} snapshots, {} packs, {} chunks, {}: {} faults",
            report.snapshots,
            report.packs,
            report.chunks,
            size(report.stored_bytes),
            report.faults.len()
        ));
        for fault in &report.faults {
            println!("   {}: {}", fault.what, fault.problem);
        }
        Ok(report.is_sound())
    }

    async fn restore_payments(&self, steps: &mut Steps, target: &str) -> Result<()> {
        let command = format!("pgkeep restore latest --repo {} -j {JOBS} -n payments -d {target}", self.path);
        steps.begin("Bring back one schema into an empty database", &[&command]);
        let schemas = vec![Pattern::of_schema("payments")?];
        let selection = Selection { purpose: Purpose::Restore, schemas, ..Selection::default() };
        let target = Config::parse(target.to_owned())?;
        let options = restore::Options { jobs: JOBS, selection, ..restore::Options::new(target) };
        let reader = self.repository.reader(&self.repository.resolve("latest").await?).await?;
        let done = restore::from_snapshot(&reader, &options, &silent()).await?;
        let bytes = size(done.bytes);
        steps.end(&format!("{} objects, {} rows of {} tables, {bytes}", done.objects, done.rows, done.tables));
        for left in &done.left_out {
            println!("   left out: {left}");
        }
        Ok(())
    }

    fn size(&self) -> String {
        fn below(folder: &Path) -> u64 {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .map(|entry| entry.metadata().map_or(0, |m| if m.is_dir() { below(&entry.path()) } else { m.len() }))
                .sum()
        }
        size(below(Path::new(&self.path)))
    }
}

/// Whether all tables of `payments` hold the same rows, by count and by hashes that the server makes.
async fn compare(steps: &mut Steps, source: &str, target: &str) -> Result<bool> {
    let (mut a, mut b) = (connect(source).await?, connect(target).await?);
    let tables = a
        .query("SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'payments' ORDER BY 1")
        .await?;
    let mut lines = Vec::new();
    let mut same = !tables.is_empty();
    for table in tables.iter() {
        let name = table.text("name")?;
        let sql = format!(
            "SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS hash FROM {name} t"
        );
        let (left, right) = (a.query(&sql).await?, b.query(&sql).await?);
        let (left, right) = (left.one()?, right.one()?);
        let equal = left.text("rows")? == right.text("rows")? && left.text("hash")? == right.text("hash")?;
        let verdict = if equal { "equal" } else { "DIFFERENT" };
        lines.push(format!("   {name}: {} and {} rows, {verdict}", left.text("rows")?, right.text("rows")?));
        same &= equal;
    }
    steps.end(if same { "every table equal" } else { "there are differences" });
    println!("{}", lines.join("\n"));
    Ok(same)
}

/// Numbers the steps and takes their time.
#[derive(Default)]
struct Steps {
    number: u32,
    started: Option<Instant>,
}

impl Steps {
    fn begin(&mut self, title: &str, commands: &[&str]) {
        self.number += 1;
        println!("\n{}. {title}", self.number);
        for command in commands {
            println!("   $ {command}");
        }
        self.started = Some(Instant::now());
    }

    fn end(&mut self, what: &str) {
        let took = self.started.take().map_or(Duration::ZERO, |started| started.elapsed());
        println!("   {what} ({:.2} s)", took.as_secs_f64());
    }
}

fn url(server: &Server, database: &str) -> String {
    server.existing(database).url()
}

async fn connect(url: &str) -> Result<Session> {
    Session::connect(&Config::parse(url.to_owned())?).await
}

async fn run(url: &str, statements: &[String]) -> Result<()> {
    let mut session = connect(url).await?;
    for statement in statements {
        match statement.starts_with("CREATE DATABASE") {
            true => session.run_alone(statement).await?,
            false => session.run(statement).await?,
        }
    }
    session.close().await;
    Ok(())
}

async fn database_bytes(url: &str) -> Result<u64> {
    let mut session = connect(url).await?;
    session.query("SELECT pg_database_size(current_database()) AS bytes").await?.one()?.number("bytes")
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
