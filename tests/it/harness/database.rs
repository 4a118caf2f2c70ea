//! One database of a test: made for it, filled and read by the oracle's psql, dropped at its end.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use pgkeep::pg::Config;

use super::driver::Driver;
use super::hostile;
use super::programs::client;
use super::server::{SUPERUSER, Server};

/// What a database may have instead of UTF8 and C.UTF-8.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) encoding: Option<&'static str>,
    /// Goes to `LC_COLLATE` and `LC_CTYPE`; encodings other than UTF8 want `C`.
    pub(crate) locale: Option<&'static str>,
    /// Anything else for CREATE DATABASE.
    pub(crate) more: Option<&'static str>,
}

/// A database on a test server.
pub(crate) struct Database {
    server: Server,
    name: String,
    dropped_at_end: bool,
}

/// Separators of `query_rows` that no value of a test holds.
const FIELD: &str = "\u{1f}";
const ROW: &str = "\u{1e}";

/// How `query_rows` shows NULL.
pub(crate) const NULL: &str = "\\N";

impl Database {
    pub(crate) fn create(server: &Server, hint: &str, options: &Options) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{hint}_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        // Nobody connects to template0, so that databases can be made at the same time.
        let mut sql = format!("CREATE DATABASE {} TEMPLATE template0", quoted(&name));
        if server.major() >= 15 {
            // Half the time of what has been the default since.
            sql += " STRATEGY file_copy";
        }
        if let Some(encoding) = options.encoding {
            write!(sql, " ENCODING '{encoding}'").expect("a string takes everything");
        }
        if let Some(locale) = options.locale {
            write!(sql, " LC_COLLATE '{locale}' LC_CTYPE '{locale}'").expect("a string takes everything");
        }
        server.existing("postgres").psql(&format!("{sql} {}", options.more.unwrap_or_default()));
        Database { server: server.clone(), name, dropped_at_end: true }
    }

    pub(crate) fn existing(server: &Server, name: &str) -> Database {
        Database { server: server.clone(), name: name.to_owned(), dropped_at_end: false }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Where the superuser connects over TCP: `postgresql://postgres@127.0.0.1:5433/hint_1`.
    pub(crate) fn url(&self) -> String {
        self.url_as(SUPERUSER)
    }

    /// The same for another role.
    pub(crate) fn url_as(&self, user: &str) -> String {
        let (host, port) = (self.server.host(), self.server.port());
        format!("postgresql://{}@{host}:{port}/{}", percent(user), percent(&self.name))
    }

    /// What pgkeep connects with.
    pub(crate) fn config(&self) -> Config {
        Config::parse(self.url()).expect("a URL of our own")
    }

    /// A connection of the independent driver, as the superuser.
    pub(crate) fn driver(&self) -> Driver {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.server.folder()).port(self.server.port()).user(SUPERUSER).dbname(&self.name);
        Driver::connect(config.options(hostile::sane_options(self.server.major())))
    }

    /// Runs statements and ends the test at the first that fails.
    pub(crate) fn psql(&self, sql: &str) {
        self.psql_bytes(sql.as_bytes());
    }

    /// As `psql`, for statements in an encoding of their own.
    pub(crate) fn psql_bytes(&self, sql: &[u8]) {
        let output = self.try_psql(sql);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "psql in {}: {said}", self.name);
    }

    /// Runs statements that may fail.
    pub(crate) fn try_psql(&self, sql: &[u8]) -> Output {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
        feed(&mut psql, sql)
    }

    /// The rows of a query as text, NULL as [`NULL`]: from the driver, or as psql shows them where text is not UTF-8.
    pub(crate) fn query_rows(&self, sql: &str) -> Vec<Vec<String>> {
        let mut driver = self.driver();
        if driver.encoding() == "UTF8" { driver.rows(sql) } else { self.psql_rows(sql) }
    }

    fn psql_rows(&self, sql: &str) -> Vec<Vec<String>> {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-P", &format!("null={NULL}")]);
        psql.args(["-F", FIELD, "-R", ROW, "-f", "-"]);
        let output = feed(&mut psql, sql.as_bytes());
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        let text = shown(&output.stdout);
        let Some(text) = text.strip_suffix('\n') else { return Vec::new() };
        text.split(ROW).map(|row| row.split(FIELD).map(str::to_owned).collect()).collect()
    }

    /// The one value of a query of one row and one column.
    pub(crate) fn query_one(&self, sql: &str) -> String {
        let mut rows = self.query_rows(sql);
        assert!(rows.len() == 1 && rows[0].len() == 1, "not one value: {sql}");
        rows.remove(0).remove(0)
    }

    /// What the oracle's `COPY .. TO STDOUT`, or any other script for psql, prints.
    pub(crate) fn psql_output(&self, sql: &str) -> Vec<u8> {
        let output = self.try_psql(sql.as_bytes());
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A client of the oracle, pointed at this database through the server's socket.
    pub(crate) fn client(&self, name: &str) -> Command {
        let own = self.server.clients().filter(|_| name == "pg_dump");
        let mut command = Command::new(own.map_or_else(|| client(name), |own| own.bin.join(name)));
        command.env_clear().envs(own.and_then(|own| own.libraries.as_ref()).map(|path| ("LD_LIBRARY_PATH", path)));
        command.env("PGPASSFILE", "/nonexistent").env("PGHOST", self.server.folder());
        command.env("PGPORT", self.server.port().to_string()).env("PGUSER", SUPERUSER).env("PGDATABASE", &self.name);
        command.env("PGOPTIONS", hostile::sane_options(self.server.major()));
        command
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.dropped_at_end {
            let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&self.name));
            drop(self.server.existing("postgres").try_psql(sql.as_bytes()));
        }
    }
}

/// Runs a command with these bytes as its input.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a fetched client can be run");
    let mut pipe = child.stdin.take().expect("standard input is a pipe");
    std::thread::scope(|scope| {
        // A client that stops at an error closes its input early: the output tells why.
        scope.spawn(move || drop(pipe.write_all(input)));
        child.wait_with_output().expect("a child can be waited for")
    })
}

/// Text to compare and show: bytes that are not UTF-8 as `\xE9`, so that no difference is lost.
pub(crate) fn shown(bytes: &[u8]) -> String {
    bytes.utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02X}").expect("a string takes everything");
        }
        text
    })
}

/// An identifier, quoted.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("a string takes everything"),
        }
        out
    })
}
