//! Where a server is and how to get in: plain data, free of any environment.
//!
//! Owns [`Config`]. A password is never shown: [`Password`] prints dots.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::text::Text;

/// Port of a server where nobody names one.
pub const DEFAULT_PORT: u16 = 5432;

/// Everything that is needed to open sessions on one database.
#[derive(Clone, Debug)]
pub struct Config {
    /// Tried in this order; at least one.
    pub hosts: Vec<Host>,
    /// Role to log in as.
    pub user: Text,
    /// Password for every host.
    pub password: Option<Password>,
    /// Database.
    pub database: Text,
    /// Shown in `pg_stat_activity`.
    pub application_name: Text,
    /// Command-line options for the server process: `-c geqo=off`.
    pub options: Option<Text>,
    /// How long one address may take until it has let us in; `None` waits for ever.
    pub connect_timeout: Option<Duration>,
}

impl Default for Config {
    /// User and database `postgres` on this machine.
    fn default() -> Self {
        Self {
            hosts: vec![Host::tcp("localhost", DEFAULT_PORT)],
            user: "postgres".into(),
            password: None,
            database: "postgres".into(),
            application_name: "pgkeep".into(),
            options: None,
            connect_timeout: Some(Duration::from_secs(30)),
        }
    }
}

impl Config {
    /// The same server with another database.
    #[must_use]
    pub fn with_database(&self, database: impl Into<Text>) -> Self {
        Self { database: database.into(), ..self.clone() }
    }
}

/// One place where the server may listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What to connect to.
    pub address: Address,
    /// Its port; for a Unix socket the number in its name.
    pub port: u16,
}

/// What to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host on the network.
    Tcp {
        /// Its name or address as the user wrote it; certificates are checked against it.
        name: String,
        /// Its address where the name must not be looked up.
        ip: Option<IpAddr>,
    },
    /// A folder with the socket `.s.PGSQL.<port>`.
    Unix(PathBuf),
}

impl Host {
    /// A host on the network.
    pub fn tcp(name: impl Into<String>, port: u16) -> Self {
        Self { address: Address::Tcp { name: name.into(), ip: None }, port }
    }

    /// A server on this machine whose socket is in this folder.
    pub fn unix(folder: impl Into<PathBuf>, port: u16) -> Self {
        Self { address: Address::Unix(folder.into()), port }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Tcp { name, ip: Some(ip) } if name.is_empty() => write!(f, "{ip}, port {}", self.port),
            Address::Tcp { name, .. } => write!(f, "{name}, port {}", self.port),
            Address::Unix(folder) => write!(f, "{}/.s.PGSQL.{}", folder.display(), self.port),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let config = Config { password: Some("secret".into()), ..Config::default() };
        assert!(!format!("{config:?}").contains("secret"));
    }
}
