//! Real PostgreSQL servers on loopback: one of each major version for the whole test process, and fresh ones for tests
//! that need settings, files or rules of their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::database::{Database, Options};
use super::debian;
use super::keeper::Keeper;
use super::programs::Programs;

/// For every server; later ones win. A small cluster that never waits for the disk.
const SETTINGS: [(&str, &str); 16] = [
    ("listen_addresses", "127.0.0.1"),
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("max_connections", "200"),
    ("max_locks_per_transaction", "128"),
    ("max_prepared_transactions", "8"),
    ("shared_buffers", "32MB"),
    ("max_wal_size", "1GB"),
    // Statistics that appear by themselves would make a comparison depend on time.
    ("autovacuum", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_statement", "none"),
    ("log_min_messages", "warning"),
    // 13 still defaults to md5.
    ("password_encryption", "scram-sha-256"),
    ("jit", "off"),
];

/// The superuser of every server, without a password.
pub(crate) const SUPERUSER: &str = "postgres";

/// A running server; the last clone stops it and removes its folder.
#[derive(Clone)]
pub(crate) struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    keeper: Keeper,
    major: u32,
    clients: Option<Programs>,
    /// Port and process.
    running: Mutex<(u16, u32)>,
}

/// A server to be started, with what makes it differ from the shared one.
pub(crate) struct Setup {
    major: u32,
    programs: Programs,
    clients: Option<Programs>,
    settings: String,
    hba: String,
    files: Vec<(String, Vec<u8>)>,
    /// Name, control file and script.
    extension: Option<(String, String, String)>,
    prepare: String,
}

impl Server {
    /// The server of this major version that all tests of the process share. Roles are common to all its databases:
    /// give them names of your own.
    pub(crate) fn shared(major: u32) -> &'static Server {
        static SERVERS: [OnceLock<Server>; 32] = [const { OnceLock::new() }; 32];
        SERVERS[major as usize].get_or_init(|| Server::setup(major).start())
    }

    /// A server of its own, with these settings.
    pub(crate) fn fresh(major: u32, settings: &[(&str, &str)]) -> Server {
        settings.iter().fold(Server::setup(major), |setup, (name, value)| setup.set(name, value)).start()
    }

    /// The newest minor release that Debian has, shared by all tests of the process; `pg_dump` is its own.
    pub(crate) fn debian() -> &'static Server {
        static NEWEST: OnceLock<Server> = OnceLock::new();
        NEWEST.get_or_init(|| {
            let debian = debian::newest();
            Server::setup_with(debian.major, debian.programs.clone()).clients(debian.programs.clone()).start()
        })
    }

    /// The pinned release of the same major version, whatever the machine has; `pg_dump` is Debian's newest.
    pub(crate) fn beside_debian() -> Server {
        let debian = debian::newest();
        let pinned = Programs::pinned(debian.major);
        Server::setup_with(debian.major, pinned).clients(debian.programs.clone()).start()
    }

    /// A server that offers one extension more, from these files.
    pub(crate) fn with_extension(major: u32, name: &str, control: &str, script: &str) -> Server {
        let mut setup = Server::setup_with(major, Programs::pinned(major));
        setup.extension = Some((name.to_owned(), control.to_owned(), script.to_owned()));
        setup.start()
    }

    /// A server of its own to be described further.
    pub(crate) fn setup(major: u32) -> Setup {
        Server::setup_with(major, Programs::of(major))
    }

    fn setup_with(major: u32, programs: Programs) -> Setup {
        let prepare = format!("cp -a '{}' \"$dir/data\"", new_cluster(&programs).display());
        let mut setup = Setup { programs, prepare, ..Setup::empty(major) };
        for (name, value) in SETTINGS {
            setup = setup.set(name, value);
        }
        setup
    }

    /// A hot standby of this server, which is stopped for a moment so that its folder can be copied. No connection of
    /// a test survives that: use it on a fresh server.
    pub(crate) fn standby(&self) -> Server {
        let source = self.folder().join("data");
        self.stop("INT");
        let prepare = format!(
            "cp -a '{}' \"$dir/data\" && touch \"$dir/data/standby.signal\" && rm -f \"$dir/data/postmaster.pid\"",
            source.display()
        );
        let setup = Setup { prepare, ..Setup::empty(self.major()) };
        let conninfo = format!("host={} port={} user={SUPERUSER}", self.folder().display(), self.port());
        let prepared = setup.set("primary_conninfo", &conninfo).prepare();
        self.start_again();
        prepared.start()
    }

    pub(crate) fn major(&self) -> u32 {
        self.inner.major
    }

    pub(crate) fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    pub(crate) fn port(&self) -> u16 {
        self.running().0
    }

    /// Programs that databases of this server are read with, instead of the pinned ones.
    pub(crate) fn clients(&self) -> Option<&Programs> {
        self.inner.clients.as_ref()
    }

    /// The folder with `data`, `log` and the socket. It goes away with the server.
    pub(crate) fn folder(&self) -> PathBuf {
        self.inner.keeper.folder().to_owned()
    }

    /// Everything the server has logged.
    pub(crate) fn log(&self) -> String {
        self.inner.keeper.log()
    }

    /// Makes a database whose name starts with `hint`; it is dropped with the value.
    pub(crate) fn database(&self, hint: &str) -> Database {
        Database::create(self, hint, &Options::default())
    }

    /// As `database`, with an encoding or locale of its own.
    pub(crate) fn database_with(&self, hint: &str, options: &Options) -> Database {
        Database::create(self, hint, options)
    }

    /// A database that is there already, such as `postgres`, or one that a program under test made. It stays.
    pub(crate) fn existing(&self, name: &str) -> Database {
        Database::existing(self, name)
    }

    /// Stops the server: `INT` politely, `QUIT` as a crash does.
    pub(crate) fn stop(&self, signal: &str) {
        self.inner.keeper.stop(signal);
    }

    /// Starts a stopped server on the port that it had.
    pub(crate) fn start_again(&self) {
        let port = self.port();
        assert!(self.try_start(port), "PostgreSQL {} does not start again: {}", self.major(), self.log());
    }

    fn running(&self) -> (u16, u32) {
        *self.inner.running.lock().expect("two numbers")
    }

    /// Whether the server came up on this port, which somebody else may have taken meanwhile.
    fn try_start(&self, port: u16) -> bool {
        let pid = self.inner.keeper.start(&port.to_string());
        *self.inner.running.lock().expect("two numbers") = (port, pid);
        let pid_file = self.folder().join("data/postmaster.pid");
        let until = Instant::now() + Duration::from_secs(60);
        while self.inner.keeper.runs(pid) {
            let status = std::fs::read_to_string(&pid_file).unwrap_or_default();
            if status.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return true;
            }
            assert!(Instant::now() < until, "PostgreSQL {} is not ready in time: {}", self.major(), self.log());
            thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Setup {
    fn empty(major: u32) -> Setup {
        let (settings, hba, prepare) = Default::default();
        Setup {
            major,
            programs: Programs::of(major),
            clients: None,
            settings,
            hba,
            files: Vec::new(),
            extension: None,
            prepare,
        }
    }

    fn clients(self, programs: Programs) -> Setup {
        Setup { clients: Some(programs), ..self }
    }

    /// Sets a server parameter.
    pub(crate) fn set(self, name: &str, value: &str) -> Setup {
        let quoted = format!("'{}'", value.replace('\'', "''"));
        self.set_raw(name, &quoted)
    }

    fn set_raw(mut self, name: &str, value: &str) -> Setup {
        writeln!(self.settings, "{name} = {value}").expect("a string takes everything");
        self
    }

    /// Adds a line to `pg_hba.conf` that rules before "everybody is trusted". The socket, which the harness itself
    /// uses, stays open to all.
    pub(crate) fn hba(mut self, line: &str) -> Setup {
        writeln!(self.hba, "{line}").expect("a string takes everything");
        self
    }

    /// Puts a file into the data folder, such as `server.key`.
    pub(crate) fn file(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Setup {
        self.files.push((name.to_owned(), bytes.into()));
        self
    }

    /// Makes the cluster and starts it.
    pub(crate) fn start(self) -> Server {
        self.prepare().start()
    }

    fn prepare(self) -> Prepared {
        let mut postgres = self.programs.shell("postgres");
        let mut prepare = self.prepare;
        if self.extension.is_some() {
            // Programs look for extensions beside themselves.
            let whole = self.programs.bin.parent().expect("programs are in a folder");
            prepare += &format!(" && cp -a '{}' \"$dir/programs\"", whole.display());
            postgres = "\"$dir/programs/bin/postgres\"".into();
        }
        let start = format!("{postgres} -D \"$dir/data\" -k \"$dir\" -p \"$argument\"");
        let keeper = Keeper::new(&format!("server{}", self.major), &prepare, &start);
        let configuration = keeper.folder().join("data/postgresql.conf");
        let mut text = std::fs::read_to_string(&configuration).expect("initdb writes a configuration");
        text.push_str(&self.settings);
        keeper.write("data/postgresql.conf", text);
        let trust = "host all all 127.0.0.1/32 trust\nlocal replication all trust\n";
        keeper.write("data/pg_hba.conf", format!("local all all trust\n{}{trust}", self.hba));
        if let Some((name, control, script)) = &self.extension {
            let path = format!("programs/share/postgresql/extension/{name}");
            keeper.write(&format!("{path}.control"), control);
            keeper.write(&format!("{path}--1.0.sql"), script);
        }
        for (name, bytes) in &self.files {
            keeper.write(&format!("data/{name}"), bytes);
        }
        Prepared(Server {
            inner: Arc::new(Inner { keeper, major: self.major, clients: self.clients, running: Mutex::default() }),
        })
    }
}

/// A server with its folder, not running yet.
struct Prepared(Server);

impl Prepared {
    fn start(self) -> Server {
        let started = (0..10).any(|_| self.0.try_start(free_port()));
        assert!(started, "PostgreSQL {} does not start: {}", self.0.major(), self.0.log());
        self.0
    }
}

/// The data folder of a cluster that `initdb` of these programs made and nobody has started: a copy of it costs a tenth of
/// another `initdb`. All copies have the same system identifier.
fn new_cluster(programs: &Programs) -> PathBuf {
    static CLUSTERS: Mutex<BTreeMap<PathBuf, Keeper>> = Mutex::new(BTreeMap::new());
    let mut clusters = CLUSTERS.lock().expect("initdb has not failed before");
    let keeper = clusters.entry(programs.bin.clone()).or_insert_with(|| {
        let initdb = programs.shell("initdb");
        let options = format!("-A trust -U {SUPERUSER} -E UTF8 --locale=C.UTF-8 --no-sync");
        Keeper::new("cluster", &format!("{initdb} -D \"$dir/data\" {options}"), "true")
    });
    keeper.folder().join("data")
}

/// A port of loopback that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}
