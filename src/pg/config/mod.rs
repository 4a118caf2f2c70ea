//! Where a server is and how to get in: plain data, free of any environment.
//!
//! Owns [`Config`] and everything that libpq's users write to say it: connection strings and URLs, libpq's variables,
//! password and service files. A password is never shown: not by Debug, not in an error.

mod conninfo;
mod environment;
mod host;
mod keywords;
mod passfile;
mod resolve;
mod service;
mod tls;
mod url;

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

pub(crate) use conninfo::names_password;
pub use environment::Environment;
pub use host::{Address, Host};
pub use passfile::Passwords;
pub use resolve::Given;
pub use tls::{ChannelBinding, ClientCertificate, Roots, Tls, TlsMode, TlsVersions};

use crate::limits::STALL_TOLD;
use crate::text::Text;

/// Port of a server where nobody names one.
pub const DEFAULT_PORT: u16 = 5432;

/// How long an address may take where nobody says; libpq would wait for ever, and a nightly run must not.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything that is needed to open sessions on one database.
#[derive(Clone, Debug)]
pub struct Config {
    /// Tried in this order; at least one.
    pub hosts: Vec<Host>,
    /// Role to log in as.
    pub user: Text,
    /// Password for every host; without one, `passwords` are searched.
    pub password: Option<Password>,
    /// Passwords by host, database and user.
    pub passwords: Passwords,
    /// Database.
    pub database: Text,
    /// Shown in `pg_stat_activity`.
    pub application_name: Text,
    /// Command-line options for the server process: `-c geqo=off`.
    pub options: Option<Text>,
    /// How long one address may take until it has let us in; `None` waits for ever.
    pub connect_timeout: Option<Duration>,
    /// How long a server that let us in may send nothing while we wait for it, and take nothing that we send. A statement
    /// that works for long, or waits for a lock, sends nothing either. `None` waits for ever.
    pub stall_timeout: Option<Duration>,
    /// How long a server may send or take nothing in the middle of rows before it is told; never more than half of
    /// `stall_timeout`.
    pub stall_told: Duration,
    /// Encryption; Unix sockets have none.
    pub tls: Tls,
    /// Whether a password exchange is bound to the TLS connection.
    pub channel_binding: ChannelBinding,
    /// What the server may ask for.
    pub methods: Methods,
    /// Which of the hosts will do.
    pub target: Target,
    /// What was passed over while this was put together, for people.
    pub warnings: Vec<String>,
}

impl Default for Config {
    /// User and database `postgres` on this machine.
    fn default() -> Self {
        Self {
            hosts: vec![Host::tcp("localhost", DEFAULT_PORT)],
            user: "postgres".into(),
            password: None,
            passwords: Passwords::default(),
            database: "postgres".into(),
            application_name: "pgkeep".into(),
            options: None,
            connect_timeout: Some(DEFAULT_CONNECT_TIMEOUT),
            stall_timeout: None,
            stall_told: STALL_TOLD,
            tls: Tls::default(),
            channel_binding: ChannelBinding::Prefer,
            methods: Methods::default(),
            target: Target::Any,
            warnings: Vec::new(),
        }
    }
}

impl Config {
    /// The same server with another database.
    #[must_use]
    pub fn with_database(&self, database: impl Into<Text>) -> Self {
        Self { database: database.into(), ..self.clone() }
    }

    /// The password for a host, if there is one.
    pub(crate) fn password_for(&self, host: &Host) -> Option<&Password> {
        self.password.as_ref().or_else(|| self.passwords.find(host, &self.database, &self.user))
    }
}

/// A password; wiped from memory when dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<T: Into<Vec<u8>>> From<T> for Password {
    fn from(password: T) -> Self {
        Self(Zeroizing::new(password.into()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Kinds of proof that the server may ask for (`require_auth`); what it asks beyond them is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Methods {
    /// No proof at all.
    pub none: bool,
    /// The password itself.
    pub password: bool,
    /// An MD5 hash of it.
    pub md5: bool,
    /// SCRAM-SHA-256.
    pub scram: bool,
}

impl Default for Methods {
    fn default() -> Self {
        Self { none: true, password: true, md5: true, scram: true }
    }
}

/// Which servers will do (`target_session_attrs`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Every server.
    #[default]
    Any,
    /// Sessions can write by default.
    ReadWrite,
    /// Sessions cannot write by default.
    ReadOnly,
    /// Not a standby.
    Primary,
    /// A hot standby.
    Standby,
    /// A hot standby, or any server if there is none.
    PreferStandby,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let config = Config { password: Some("secret".into()), ..Config::default() };
        assert!(!format!("{config:?}").contains("secret"));
    }
}
