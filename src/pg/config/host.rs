//! One place where a server may listen.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

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
        /// Its name or address as the user wrote it; certificates are checked against it. May be empty if `ip` is
        /// there.
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
