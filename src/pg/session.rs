//! One connection to a server: statements of bytes over the simple query protocol.
//!
//! Owns the state of the conversation, and pins at the start of every transaction whatever changes the meaning of a
//! statement ([`settings`]): no statement goes out before that, whoever sends it. A future that is dropped half-way leaves a session that refuses further work
//! rather than one that reads another statement's answer; only an unfinished COPY to the server is cleaned up.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use postgres_protocol::message::frontend;

use crate::error::{Cause, Error, Result, ServerReport};
use crate::limits::MESSAGE_BYTES_MAX;
use crate::pg::cancel::CancelToken;
use crate::pg::connection::{Connection, Tell};
use crate::pg::copy::{CopyIn, CopyOut};
use crate::pg::route::Route;
use crate::pg::rows::Rows;
use crate::pg::settings::{self, Purpose};
use crate::pg::snapshot;
use crate::pg::wire::{self, Message, tag, violation};
use crate::text::Text;

/// Notices that are kept until somebody takes them; the oldest are dropped first.
const NOTICES_MAX: usize = 256;

/// What a server reports that somebody asks for. It may report anything, as often as it likes.
const PARAMETERS: [&str; 5] =
    ["client_encoding", "in_hot_standby", "is_superuser", "server_encoding", "server_version"];

/// How long a server may take to say why it closed the connection.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One connection to a server, speaking the simple query protocol with statements of bytes.
///
/// Nothing is left on the server between transactions, so it works through a transaction pooler.
#[derive(Debug)]
pub struct Session {
    pub(crate) connection: Connection,
    pub(crate) state: State,
    cancel: CancelToken,
    version: u32,
    /// What every message that begins a transaction begins with.
    pins: String,
    purpose: Purpose,
    encoding: String,
    /// Whether a transaction is open, which was pinned when it began.
    open: bool,
    /// Whether no pooler stands between, once that is known.
    ours: Option<bool>,
    parameters: BTreeMap<Text, Text>,
    notices: VecDeque<ServerReport>,
    /// Who is told of stalls of the next statement.
    tell: Next,
}

/// Of one statement, and of no other.
#[derive(Default)]
struct Next(Option<Arc<Tell>>);

impl Next {
    fn take(&mut self) -> Option<Arc<Tell>> {
        self.0.take()
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "somebody" } else { "nobody" })
    }
}

/// How a statement goes out where no transaction is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pinning {
    /// In one message and one transaction with what is pinned before it.
    First,
    /// By itself: it looks nothing up, or cannot be part of a transaction.
    Alone,
}

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The server waits for a statement.
    Ready,
    /// A statement was sent and its answer not read to the end: stays so when a future is dropped or the socket fails.
    Busy,
    /// The server waits for rows, and everything sent so far was sent whole.
    CopyIn,
}

impl Session {
    /// Reads the rest of the start-up, after authentication.
    pub(crate) async fn begin(connection: Connection, route: Route) -> Result<Session, Cause> {
        let cancel = CancelToken::new(route.clone(), Bytes::new());
        let (parameters, notices) = (BTreeMap::new(), VecDeque::new());
        let mut session = Self {
            connection,
            state: State::Busy,
            cancel,
            version: 0,
            pins: String::new(),
            purpose: Purpose::Reading,
            encoding: String::new(),
            open: false,
            ours: None,
            parameters,
            notices,
            tell: Next::default(),
        };
        loop {
            let message = session.receive().await?;
            match message.tag {
                tag::BACKEND_KEY => session.cancel = CancelToken::new(route.clone(), message.body),
                tag::READY => break,
                other => return Err(unexpected(other, "at start-up")),
            }
        }
        session.open = false;
        session.version = session.ask_version().await?;
        let encoding = snapshot::encoding(&session);
        if encoding == "SQL_ASCII" {
            // Any bytes may come from there; UTF8 would make the server refuse them.
            session.execute(b"SET client_encoding = 'SQL_ASCII'", Pinning::Alone).await?;
        }
        session.pin(Purpose::Reading, &encoding);
        Ok(session)
    }

    /// What the transactions of this session are for from the next one on, and the encoding of the database whose names
    /// and rows travel in them. A new session reads, in the encoding of its own database.
    pub fn pin(&mut self, purpose: Purpose, encoding: &str) {
        self.pins = settings::of_transaction(purpose, self.version, encoding);
        self.purpose = purpose;
        encoding.clone_into(&mut self.encoding);
    }

    /// Makes the settings hold between transactions as well, where this connection is ours alone; answers whether it is.
    /// A pooler would hand them on to others, so through one they hold in transactions only.
    ///
    /// # Errors
    ///
    /// What the server says, or that the connection is lost.
    pub async fn settle(&mut self) -> Result<bool> {
        if let Some(ours) = self.ours {
            return Ok(ours);
        }
        if self.open {
            return Ok(false);
        }
        let rows = self.query("SELECT pg_catalog.pg_backend_pid() AS pid").await?;
        // Poolers give out keys of their own.
        let ours = self.cancel.process() == Some(rows.one()?.number("pid")?);
        if ours {
            let pins = settings::of_session(self.purpose, self.version, &self.encoding);
            self.execute(pins.as_bytes(), Pinning::Alone).await.map_err(|cause| failed(b"SET", cause))?;
        }
        self.ours = Some(ours);
        Ok(ours)
    }

    async fn ask_version(&mut self) -> Result<u32, Cause> {
        if let Some(version) = self.parameter("server_version").and_then(|text| version_number(&text.lossy())) {
            return Ok(version);
        }
        // Nothing is pinned yet, and this statement looks nothing up.
        let rows = self.collect(b"SHOW server_version_num").await?;
        let number = rows.one().and_then(|row| row.number("server_version_num"));
        number.map_err(|_| violation("the server does not tell its version"))
    }

    /// `on` or `off` for `in_hot_standby` and `transaction_read_only`.
    pub(crate) async fn ask_target(&mut self, setting: &str) -> Result<String, Cause> {
        let sql = match setting {
            "in_hot_standby" => "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'on' ELSE 'off' END AS answer",
            _ => "SELECT pg_catalog.current_setting('transaction_read_only') AS answer",
        };
        let rows = self.collect(sql.as_bytes()).await?;
        let answer =
            rows.one().and_then(|row| row.text("answer")).map_err(|_| violation("the server does not answer"))?;
        Ok(answer.lossy().into_owned())
    }

    /// `server_version_num` of the server: 180004 for 18.4.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Refuses servers older than `least`, a `server_version_num`.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] with both versions.
    pub fn require_version(&self, least: u32) -> Result<()> {
        if self.version >= least {
            return Ok(());
        }
        Err(Error::unsupported(
            format!("the server runs PostgreSQL {}, too old for pgkeep", self.major()),
            format!("PostgreSQL {} and newer are kept", least / 10_000),
        ))
    }

    /// Major version: 18.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.version / 10_000
    }

    /// A setting that the server reports by itself: `server_encoding`, `in_hot_standby` (14+), `is_superuser`, ..
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Text> {
        self.parameters.get(&Text::from(name))
    }

    /// Notices and warnings that came since they were last taken, oldest first, 256 at most.
    pub fn take_notices(&mut self) -> Vec<ServerReport> {
        self.notices.drain(..).collect()
    }

    /// A handle to stop from outside what this session does.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// The server's process behind this session; a pooler tells a number of its own.
    #[must_use]
    pub fn process(&self) -> Option<i32> {
        self.cancel.process()
    }

    /// Whether this session can take another statement: false after the connection was lost, and after a statement
    /// that somebody stopped waiting for.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.state != State::Busy
    }

    /// Runs statements separated by semicolons and drops what they answer. As the server has it, they are one
    /// transaction unless they say otherwise.
    ///
    /// # Errors
    ///
    /// What the server says, or that the connection is lost.
    pub async fn run(&mut self, sql: impl AsRef<[u8]>) -> Result<()> {
        let sql = sql.as_ref();
        self.execute(sql, Pinning::First).await.map_err(|cause| failed(sql, cause))
    }

    /// Runs one statement that a server refuses inside a transaction: `CREATE DATABASE`, `CREATE TABLESPACE`, `ANALYZE`
    /// of everything. Through a pooler it runs under whatever settings it meets, so it must not hold any expression.
    ///
    /// # Errors
    ///
    /// What the server says, or that the connection is lost.
    pub async fn run_alone(&mut self, sql: impl AsRef<[u8]>) -> Result<()> {
        self.settle().await?;
        let sql = sql.as_ref();
        self.execute(sql, Pinning::Alone).await.map_err(|cause| failed(sql, cause))
    }

    /// Runs statements and collects the rows of the last one that has any.
    ///
    /// # Errors
    ///
    /// What the server says, that the connection is lost, or that the answer is longer than
    /// [`MESSAGE_BYTES_MAX`], after which the session is not usable.
    pub async fn query(&mut self, sql: impl AsRef<[u8]>) -> Result<Rows> {
        let sql = sql.as_ref();
        self.collect(sql).await.map_err(|cause| failed(sql, cause))
    }

    /// Has `tell` called once for every time that the server neither sends nor takes anything for long
    /// ([`crate::pg::Config::stall_told`]) during the next statement, with how long that lasts already.
    pub fn tell_stalls(&mut self, tell: impl Fn(Duration) + Send + Sync + 'static) {
        self.tell = Next(Some(Arc::new(tell)));
    }

    /// Starts `COPY .. TO STDOUT`.
    ///
    /// # Errors
    ///
    /// What the server says, or that the connection is lost.
    pub async fn copy_out(&mut self, sql: impl AsRef<[u8]>) -> Result<CopyOut<'_>> {
        let sql = sql.as_ref();
        match self.begin_copy(sql, tag::COPY_OUT).await {
            Ok(()) => Ok(CopyOut::new(self)),
            Err(cause) => Err(failed(sql, cause)),
        }
    }

    /// Starts `COPY .. FROM STDIN`.
    ///
    /// # Errors
    ///
    /// What the server says, or that the connection is lost.
    pub async fn copy_in(&mut self, sql: impl AsRef<[u8]>) -> Result<CopyIn<'_>> {
        let sql = sql.as_ref();
        match self.begin_copy(sql, tag::COPY_IN).await {
            Ok(()) => {
                self.state = State::CopyIn;
                Ok(CopyIn::new(self))
            }
            Err(cause) => Err(failed(sql, cause)),
        }
    }

    /// Says goodbye, so that the server's log has no broken connection. Dropping a session is as safe.
    pub async fn close(mut self) {
        let mut goodbye = BytesMut::new();
        frontend::terminate(&mut goodbye);
        // Whoever hangs up needs no answer.
        let _ = self.connection.send(goodbye).await;
    }

    async fn begin_copy(&mut self, sql: &[u8], expected: u8) -> Result<(), Cause> {
        self.start(sql, Pinning::First).await?;
        loop {
            match self.receive().await?.tag {
                tag if tag == expected => return Ok(()),
                // Of what was pinned.
                tag::COMMAND_COMPLETE => {}
                // Nothing more is read, so the session stays busy and refuses further work.
                _ => return Err(violation("the statement is not the COPY that was expected")),
            }
        }
    }

    async fn execute(&mut self, sql: &[u8], pinning: Pinning) -> Result<(), Cause> {
        self.start(sql, pinning).await?;
        loop {
            match self.receive().await?.tag {
                tag::READY => return Ok(()),
                tag::COPY_IN => self.refuse_rows().await?,
                _ => {}
            }
        }
    }

    async fn collect(&mut self, sql: &[u8]) -> Result<Rows, Cause> {
        self.start(sql, Pinning::First).await?;
        let (mut columns, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0);
        loop {
            let Message { tag, body } = self.receive().await?;
            // A value costs more in memory than on the wire, where NULL and no value at all are nearly free.
            bytes += body.len() + Rows::overhead(columns.len());
            if bytes > MESSAGE_BYTES_MAX {
                return Err(violation(format!("an answer is longer than {MESSAGE_BYTES_MAX} bytes")));
            }
            match tag {
                tag::READY => return Ok(Rows::new(columns, rows)),
                tag::ROW_DESCRIPTION => {
                    columns = wire::columns(body)?;
                    rows.clear();
                }
                tag::DATA_ROW => rows.push(wire::values(body, columns.len())?),
                tag::COPY_IN => self.refuse_rows().await?,
                _ => {}
            }
        }
    }

    /// Sends a statement, after cleaning up an unfinished COPY. The only place from which a statement goes out, so that
    /// none goes out before everything is pinned that changes its meaning.
    async fn start(&mut self, sql: &[u8], pinning: Pinning) -> Result<(), Cause> {
        match self.state {
            State::Ready => {}
            State::Busy => return Err(interrupted()),
            State::CopyIn => self.abandon_copy("abandoned by pgkeep").await?,
        }
        self.connection.tell(self.tell.take());
        let pins = if self.open || pinning == Pinning::Alone { "" } else { &self.pins };
        let mut query = BytesMut::with_capacity(pins.len() + sql.len() + 6);
        wire::query(pins, sql, &mut query)?;
        self.transmit(query).await
    }

    /// Sends messages; the session is busy from now on.
    pub(crate) async fn transmit(&mut self, bytes: impl bytes::Buf) -> Result<(), Cause> {
        self.state = State::Busy;
        match self.connection.send(bytes).await {
            Err(lost) => Err(self.last_words(lost).await),
            sent => sent,
        }
    }

    /// Ends a COPY to the server so that no row stays.
    pub(crate) async fn abandon_copy(&mut self, reason: &str) -> Result<(), Cause> {
        let mut fail = BytesMut::new();
        wire::copy_fail(reason, &mut fail);
        self.transmit(fail).await?;
        loop {
            match self.receive().await {
                // The failure that was asked for.
                Err(Cause::Server(_)) if self.state == State::Ready => return Ok(()),
                Err(cause) => return Err(cause),
                Ok(message) if message.tag == tag::READY => return Err(violation("the server kept a failed COPY")),
                Ok(_) => {}
            }
        }
    }

    /// Answers a `COPY FROM STDIN` that nobody feeds; the server's error follows.
    async fn refuse_rows(&mut self) -> Result<(), Cause> {
        let mut fail = BytesMut::new();
        wire::copy_fail("no rows are sent here", &mut fail);
        self.transmit(fail).await
    }

    /// The next message that belongs to the statement. An error is returned after the server is ready again.
    pub(crate) async fn receive(&mut self) -> Result<Message, Cause> {
        loop {
            let message = self.connection.receive().await?;
            match message.tag {
                tag::ERROR => return Err(self.after_error(wire::report(message.body)).await),
                tag::NOTICE | tag::PARAMETER | tag::NOTIFICATION => self.note(message)?,
                tag::READY => {
                    self.ready(&message);
                    return Ok(message);
                }
                _ => return Ok(message),
            }
        }
    }

    fn ready(&mut self, message: &Message) {
        self.state = State::Ready;
        self.open = wire::is_open(&message.body);
    }

    /// Takes in what a server may say at any time.
    pub(crate) fn note(&mut self, message: Message) -> Result<(), Cause> {
        match message.tag {
            tag::NOTICE => {
                if self.notices.len() == NOTICES_MAX {
                    self.notices.pop_front();
                }
                self.notices.push_back(wire::report(message.body));
            }
            tag::PARAMETER => {
                let (name, value) = wire::parameter(message.body)?;
                if PARAMETERS.iter().any(|known| name == **known) {
                    self.parameters.insert(name, value);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads on until the server waits again. Where it closes instead, its error says why.
    pub(crate) async fn after_error(&mut self, report: ServerReport) -> Cause {
        while let Ok(message) = self.connection.receive().await {
            if message.tag == tag::READY {
                self.ready(&message);
                break;
            }
            if self.note(message).is_err() {
                break;
            }
        }
        Cause::Server(Box::new(report))
    }

    /// A server that closes the connection mostly says why before; that is worth more than a broken pipe.
    async fn last_words(&mut self, lost: Cause) -> Cause {
        let words = async {
            loop {
                let message = self.connection.receive().await.ok()?;
                if message.tag == tag::ERROR {
                    return Some(Cause::Server(Box::new(wire::report(message.body))));
                }
            }
        };
        tokio::time::timeout(LAST_WORDS, words).await.ok().flatten().unwrap_or(lost)
    }
}

/// What is said of a session that was left in mid-conversation. It counts as a lost connection: only a new one helps.
fn interrupted() -> Cause {
    Cause::Io(io::Error::new(
        io::ErrorKind::NotConnected,
        "an earlier statement of this session was interrupted or lost its connection",
    ))
}

/// Why there is no COPY any more in a session that is in this state.
pub(crate) fn no_copy(state: State) -> Cause {
    match state {
        State::Busy => interrupted(),
        State::Ready | State::CopyIn => violation("the COPY has already failed"),
    }
}

pub(crate) fn unexpected(tag: u8, when: &str) -> Cause {
    violation(format!("message {:?} of the server is unexpected {when}", char::from(tag)))
}

/// 180004 of `18.4 (Debian 18.4-1)`, 190000 of `19beta1`.
fn version_number(text: &str) -> Option<u32> {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let major = digits(text);
    let minor = text[major.len()..].strip_prefix('.').map(digits).unwrap_or_default();
    let major: u32 = major.parse().ok().filter(|major| (10..1000).contains(major))?;
    Some(major * 10_000 + minor.parse::<u32>().ok().filter(|minor| *minor < 10_000).unwrap_or(0))
}

/// An error that tells the verb of the statement and nothing of its content, which may be secret.
fn failed(sql: &[u8], cause: Cause) -> Error {
    let is_word = |word: &&[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_uppercase);
    let words: Vec<_> = sql.split(u8::is_ascii_whitespace).take_while(is_word).take(3).collect();
    let verb = String::from_utf8_lossy(&words.join(&b' ')).into_owned();
    let doing = if verb.is_empty() { "run a statement".into() } else { format!("run {verb}") };
    Error::Postgres { doing, source: Box::new(cause) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(version_number("18.4 (Debian 18.4-1)"), Some(180_004));
        assert_eq!(version_number("19beta1"), Some(190_000));
        assert_eq!(version_number("13.23"), Some(130_023));
        assert_eq!(version_number("bouncer"), None);
        assert_eq!(version_number("9.6.1"), None);
    }

    #[test]
    fn all_work_may_move_between_threads() {
        fn movable<T: Send>(_: fn(&'static mut Session) -> T) {}
        movable(|session| session.run(""));
        movable(|session| session.query(""));
        movable(|session| async { session.copy_out("").await?.block().await });
        movable(|session| async { session.copy_in("").await?.finish().await });
        fn connecting<T: Send>(_: fn(&'static crate::pg::Config) -> T) {}
        connecting(Session::connect);
    }

    #[test]
    fn an_error_names_the_verb_and_no_secret() {
        let error = failed(b"ALTER ROLE u PASSWORD 'secret'", Cause::Closed);
        assert_eq!(error.to_string(), "cannot run ALTER ROLE");
        assert_eq!(failed(b"'secret'", Cause::Closed).to_string(), "cannot run a statement");
    }
}
