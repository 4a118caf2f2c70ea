//! What can go wrong, sorted by who must act, with a hint for each and one exit code a kind.
//!
//! Owns every error type of the library. Messages are lower-case fragments that name the object and have no full stop;
//! a source is never repeated inside the message, since whoever prints follows the chain.

pub mod sqlstate;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What a server says of things that were dropped after they were listed: no such table, schema, object, function or
/// column, and its own catalog no longer agreeing.
const DROPPED: [&str; 6] = [
    sqlstate::UNDEFINED_TABLE,
    sqlstate::INVALID_SCHEMA_NAME,
    sqlstate::UNDEFINED_OBJECT,
    sqlstate::UNDEFINED_FUNCTION,
    sqlstate::UNDEFINED_COLUMN,
    sqlstate::INTERNAL_ERROR,
];

/// Result of everything in this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request itself makes no sense; nothing was done.
    #[error("{message}")]
    Usage {
        /// What is wrong with it.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// A server could not be reached, or did not let us in.
    #[error("cannot connect to {server}")]
    Connect {
        /// Host, port and database, never a password.
        server: String,
        /// Why.
        #[source]
        source: Box<Cause>,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The server refused or failed while it did something for us.
    #[error("cannot {doing}")]
    Postgres {
        /// Completes "cannot ..": a verb and the object, `copy table "ord"."order"`.
        doing: String,
        /// What the server or the connection said.
        #[source]
        source: Box<Cause>,
    },
    /// The place of the repository failed.
    #[error("cannot {doing} in {store}")]
    Store {
        /// Completes "cannot ..": a verb and the key.
        doing: String,
        /// The repository's place as the user wrote it, without secrets.
        store: String,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Stored bytes are missing or are not what was stored.
    #[error("{what} is damaged: {problem}")]
    Damaged {
        /// The stored object, or the table whose rows are concerned.
        what: String,
        /// How it differs from what was stored.
        problem: String,
    },
    /// The keys at hand do not open what has to be opened.
    #[error("{message}")]
    Key {
        /// What could not be opened.
        message: String,
        /// Which key would open it.
        hint: Option<String>,
    },
    /// Correct, but not possible with this server, this target or this version of pgkeep; nothing was changed.
    #[error("{message}")]
    Unsupported {
        /// What is not possible.
        message: String,
        /// What it would take.
        hint: Option<String>,
    },
    /// Finished, but not everything went well; each failure was reported when it happened.
    #[error("{message}")]
    Partial {
        /// How much failed.
        message: String,
    },
    /// Two things that should be equal are not.
    #[error("{message}")]
    Differs {
        /// What differs from what.
        message: String,
    },
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Why bytes could not be read back, found by code that does not know what they are; [`Fault::of`] names them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// None of the keys at hand opens them.
    #[error("no key at hand opens it")]
    Key,
    /// They are not what was stored.
    #[error("{0}")]
    Damaged(Cow<'static, str>),
    /// They were written by a newer version.
    #[error("{0}")]
    Newer(Cow<'static, str>),
}

impl Fault {
    /// Bytes that are not what was stored.
    pub fn damaged(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Damaged(problem.into())
    }

    /// The error that says what the bytes are: `chunk 5f..`, `index ab..`.
    #[must_use]
    pub fn of(self, what: impl fmt::Display) -> Error {
        match self {
            Self::Key => {
                Error::key(format!("no key at hand opens {what}"), "name the identity of an owner of this repository")
            }
            Self::Damaged(problem) => Error::damaged(what.to_string(), problem),
            Self::Newer(problem) => Error::unsupported(format!("{what}: {problem}"), "use a newer version of pgkeep"),
        }
    }
}

/// Kind of an error; each has an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// [`Error::Usage`]
    Usage,
    /// [`Error::Connect`]
    Connect,
    /// [`Error::Postgres`]
    Postgres,
    /// [`Error::Store`]
    Store,
    /// [`Error::Damaged`]
    Damaged,
    /// [`Error::Key`]
    Key,
    /// [`Error::Unsupported`]
    Unsupported,
    /// [`Error::Partial`]
    Partial,
    /// [`Error::Differs`]
    Differs,
    /// [`Error::Cancelled`]
    Cancelled,
}

impl Error {
    /// A request that makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// Something this server, target or version cannot do.
    pub fn unsupported(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Unsupported { message: message.into(), hint: Some(hint.into()) }
    }

    /// Stored bytes that are not what was stored.
    pub fn damaged(what: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Damaged { what: what.into(), problem: problem.into() }
    }

    /// A key that does not open.
    pub fn key(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Key { message: message.into(), hint: Some(hint.into()) }
    }

    /// The same error of a server with what was being done: a verb and the object, `copy table "ord"."order"`.
    #[must_use]
    pub fn while_doing(self, doing: impl Into<String>) -> Self {
        match self {
            Self::Postgres { source, .. } => Self::Postgres { doing: doing.into(), source },
            other => other,
        }
    }

    /// Which kind it is, for the exit code.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Usage { .. } => ErrorKind::Usage,
            Self::Connect { .. } => ErrorKind::Connect,
            Self::Postgres { .. } => ErrorKind::Postgres,
            Self::Store { .. } => ErrorKind::Store,
            Self::Damaged { .. } => ErrorKind::Damaged,
            Self::Key { .. } => ErrorKind::Key,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Partial { .. } => ErrorKind::Partial,
            Self::Differs { .. } => ErrorKind::Differs,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. }
            | Self::Connect { hint, .. }
            | Self::Store { hint, .. }
            | Self::Key { hint, .. }
            | Self::Unsupported { hint, .. } => hint.clone(),
            Self::Damaged { .. } => {
                Some("`pgkeep verify` lists all damage and what it costs; the next dump stores lost rows again".into())
            }
            Self::Postgres { source, .. } => match &**source {
                Cause::Stalled { .. } => {
                    Some("where a statement works or waits for a lock that long, give a longer --stall-timeout".into())
                }
                source => source.server().and_then(|s| s.hint.clone()),
            },
            Self::Partial { .. } | Self::Differs { .. } | Self::Cancelled => None,
        }
    }

    /// The five-character SQLSTATE where a server reported one.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Connect { source, .. } | Self::Postgres { source, .. } => {
                source.server().map(|s| s.sqlstate.as_str())
            }
            _ => None,
        }
    }

    /// The message with all that caused it, for a line of its own.
    #[must_use]
    pub fn explained(&self) -> String {
        let mut told = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            told += &format!(": {cause}");
            next = cause.source();
        }
        told
    }

    /// Whether the server speaks of something that somebody dropped after it was listed.
    #[must_use]
    pub fn is_of_dropped(&self) -> bool {
        self.sqlstate().is_some_and(|code| DROPPED.contains(&code))
    }

    /// Whether the server ended a transaction for the sake of another one: a deadlock, a serialization failure, a
    /// conflict with recovery on a standby. The same statements may succeed in a new transaction.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self.sqlstate(), Some(sqlstate::DEADLOCK_DETECTED | sqlstate::SERIALIZATION_FAILURE))
    }

    /// Whether a transaction could not be brought in line with others; also what a standby says where a query is in the
    /// way of recovery.
    #[must_use]
    pub fn is_serialization_failure(&self) -> bool {
        self.sqlstate() == Some(sqlstate::SERIALIZATION_FAILURE)
    }

    /// The same error with another hint where a server reported it.
    #[must_use]
    pub fn advised(mut self, hint: &str) -> Self {
        if let Self::Connect { source, .. } | Self::Postgres { source, .. } = &mut self
            && let Cause::Server(report) = &mut **source
        {
            report.hint = Some(hint.into());
        }
        self
    }

    /// Whether the connection to the server is gone, so that only a new one helps. An ERROR never is that, whatever its
    /// code: a server that sends one goes on, and class 08 is then about a connection of its own, to a foreign server.
    #[must_use]
    pub fn is_disconnect(&self) -> bool {
        match self {
            Self::Connect { source, .. } | Self::Postgres { source, .. } => match &**source {
                Cause::Server(report) => report.severity == "FATAL" || report.severity == "PANIC",
                Cause::Io(_) | Cause::Closed | Cause::Timeout(_) | Cause::Stalled { .. } => true,
                Cause::NoPassword | Cause::Protocol(_) => false,
            },
            _ => false,
        }
    }
}

/// Why a conversation with a server failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The server reported an error.
    #[error("{0}")]
    Server(Box<ServerReport>),
    /// The socket failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The server asks for a password, and none is known for it.
    #[error("the server asks for a password and none was given")]
    NoPassword,
    /// Nothing was heard for this long.
    #[error("no answer for {} s", .0.as_secs())]
    Timeout(Duration),
    /// The server neither sent nor took a byte for as long as the user wants to wait.
    #[error("no sign of life from {server} for {limit:?}")]
    Stalled {
        /// Host and port.
        server: String,
        /// How long was waited.
        limit: Duration,
    },
    /// What came was not the PostgreSQL protocol, or a step of it failed.
    #[error("{0}")]
    Protocol(String),
}

impl Cause {
    /// The server's own report, if it was the server that failed.
    #[must_use]
    pub fn server(&self) -> Option<&ServerReport> {
        match self {
            Self::Server(report) => Some(report),
            _ => None,
        }
    }
}

/// An ErrorResponse or NoticeResponse of the server, with the fields that help people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerReport {
    /// `ERROR`, `FATAL`, `WARNING`, .. never translated.
    pub severity: String,
    /// Five characters.
    pub sqlstate: String,
    /// Primary message.
    pub message: String,
    /// More about it.
    pub detail: Option<String>,
    /// What the server suggests.
    pub hint: Option<String>,
    /// Where it happened: a line of COPY data, a function.
    pub context: Option<String>,
}

impl fmt::Display for ServerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (SQLSTATE {})", self.severity, self.message, self.sqlstate)?;
        for more in [&self.detail, &self.context].into_iter().flatten() {
            write!(f, "; {more}")?;
        }
        Ok(())
    }
}
