//! PostgreSQL as Debian has it today: its newest minor release, whatever is installed here.
//!
//! Every other server is pinned, and what a security release changes in the catalog would only be met by users. apt
//! keeps lists of its own for this, below the folder of fetched programs, so that nothing is installed and nobody has
//! to be root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use super::programs::{Programs, kept, output, run};

/// The newest server of Debian's own major version, with its clients.
pub(crate) struct Debian {
    pub(crate) major: u32,
    pub(crate) programs: Programs,
}

/// Fetched when first asked for; its lists are at most a day old.
pub(crate) fn newest() -> &'static Debian {
    static NEWEST: OnceLock<Debian> = OnceLock::new();
    NEWEST.get_or_init(|| {
        let lists = lists();
        let major = major(&lists);
        let package = format!("postgresql-{major}");
        let folder = kept(&format!("debian-{package}_{}", candidate(&lists, &package)), |folder| {
            fetch(&lists, &package, major, folder);
        });
        let bin = folder.join(format!("usr/lib/postgresql/{major}/bin"));
        Debian { major, programs: Programs { bin, libraries: libraries(&folder) } }
    })
}

/// A folder with apt's lists of today. Those of other days go.
fn lists() -> PathBuf {
    const PREFIX: &str = "debian-lists-";
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock that was set");
    let today = kept(&format!("{PREFIX}{}", since_1970.as_secs() / 86_400), |folder| {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part)).expect("an own folder");
        }
        let mut update = apt("apt-get", folder);
        run(update.args(["update", "-qq", "-o", "APT::Update::Error-Mode=any"]), "learn what PostgreSQL Debian has");
    });
    let others = fs::read_dir(today.parent().expect("the cache")).expect("the cache").filter_map(Result::ok);
    for other in others.filter(|other| other.file_name().to_string_lossy().starts_with(PREFIX)) {
        if other.path() != today {
            drop(fs::remove_dir_all(other.path()));
        }
    }
    today
}

/// A program of apt with lists of its own.
fn apt(program: &str, lists: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").current_dir("/");
    for (option, value) in [
        ("Dir::State::lists", lists.join("lists").display().to_string()),
        ("Dir::Cache", lists.join("cache").display().to_string()),
        ("Debug::NoLocking", "true".into()),
        ("APT::Sandbox::User", "root".into()),
        ("Acquire::Languages", "none".into()),
    ] {
        command.arg("-o").arg(format!("{option}={value}"));
    }
    command
}

/// The major version that `postgresql` stands for in this release of Debian.
fn major(lists: &Path) -> u32 {
    let depends = output(apt("apt-cache", lists).args(["depends", "postgresql"]), "ask which PostgreSQL Debian has");
    let named = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: postgresql-")?.parse().ok());
    named.expect("Debian's package postgresql depends on one of a major version")
}

fn candidate(lists: &Path, package: &str) -> String {
    let policy = output(apt("apt-cache", lists).args(["policy", package]), "ask for Debian's newest PostgreSQL");
    let found = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
    found.expect("the package has a candidate").to_owned()
}

/// Unpacks server, clients, and those libraries that this machine lacks or has in an older version.
fn fetch(lists: &Path, package: &str, major: u32, folder: &Path) {
    let mut simulate = apt("apt-get", lists);
    simulate.args(["-s", "--no-install-recommends", "install", package]);
    let simulated = output(&mut simulate, "ask what Debian's PostgreSQL needs");
    let installed = simulated.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    let mut names = vec![package.to_owned(), format!("postgresql-client-{major}")];
    names.extend(installed.filter(|name| is_needed_library(name)).map(str::to_owned));
    run(apt("apt-get", lists).args(["download", "-qq"]).args(names).current_dir(folder), "fetch Debian's PostgreSQL");
    for file in fs::read_dir(folder).expect("an own folder").map(|entry| entry.expect("an entry").path()) {
        if file.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(&file).arg(folder), "unpack Debian's PostgreSQL");
            fs::remove_file(file).expect("the packed file was just there");
        }
    }
}

/// Tests switch compilation of queries off, and the C library is the machine's own.
fn is_needed_library(name: &str) -> bool {
    let others = ["libllvm", "libz3", "libc6", "libc-"];
    name.starts_with("lib")
        && !others.iter().any(|other| name.starts_with(other))
        && !name.ends_with("-perl")
        && !name.ends_with("-dev")
}

/// Where the fetched libraries are, as `LD_LIBRARY_PATH` has it.
fn libraries(folder: &Path) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    for parent in ["usr/lib", "lib"] {
        let Ok(entries) = fs::read_dir(folder.join(parent)) else { continue };
        let paths = entries.map(|entry| entry.expect("an entry").path().display().to_string());
        found.extend(paths.filter(|path| path.ends_with("-linux-gnu")));
    }
    (!found.is_empty()).then(|| found.join(":"))
}
