//! The way to one server process' port: a socket address, encrypted or not. Sessions and cancel requests take the same.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};

use crate::error::Cause;
use crate::pg::config::{Address, Host};
use crate::pg::connection::Stream;
use crate::pg::tls::{Encrypted, Offer, TlsClient};
use crate::pg::wire::violation;

/// A peer that is gone is noticed after this much silence and so many unanswered probes: 70 s in all.
const KEEPALIVE: Duration = Duration::from_secs(10);
const KEEPALIVE_PROBES: u32 = 6;

/// One socket address of a host.
#[derive(Clone, Debug)]
pub(crate) enum Socket {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A socket address and how to encrypt what goes there.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) socket: Socket,
    pub(crate) tls: Option<TlsClient>,
    /// Whether to go on unencrypted where the server has no TLS.
    pub(crate) or_plain: bool,
}

/// An open stream.
pub(crate) struct Opened {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) encrypted: bool,
    /// See [`Encrypted::binding`].
    pub(crate) binding: Option<Vec<u8>>,
}

impl Socket {
    /// Every address of a host, in the resolver's order.
    pub(crate) async fn all(host: &Host) -> io::Result<Vec<Socket>> {
        Ok(match &host.address {
            Address::Unix(folder) => vec![Socket::Unix(folder.join(format!(".s.PGSQL.{}", host.port)))],
            Address::Tcp { ip: Some(ip), .. } => vec![Socket::Tcp((*ip, host.port).into())],
            Address::Tcp { name, ip: None } => {
                tokio::net::lookup_host((name.as_str(), host.port)).await?.map(Socket::Tcp).collect()
            }
        })
    }

    async fn open(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Socket::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Socket::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let keepalive =
                    TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE).with_retries(KEEPALIVE_PROBES);
                SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                Ok(Box::new(stream))
            }
        }
    }
}

impl Route {
    /// Opens a stream, encrypted as the route says.
    pub(crate) async fn open(&self) -> Result<Opened, Cause> {
        let stream = self.socket.open().await?;
        let Some(tls) = &self.tls else { return Ok(Opened { stream, encrypted: false, binding: None }) };
        match tls.encrypt(stream).await? {
            Offer::Encrypted(Encrypted { stream, binding }) => Ok(Opened { stream, encrypted: true, binding }),
            Offer::Refused(stream) if self.or_plain => Ok(Opened { stream, encrypted: false, binding: None }),
            Offer::Refused(_) => Err(violation("the server does not offer TLS, which sslmode requires")),
        }
    }

    /// The same way with what was found out: encrypted for certain, or not at all.
    pub(crate) fn settled(&self, encrypted: bool) -> Route {
        let tls = self.tls.clone().filter(|_| encrypted);
        Route { socket: self.socket.clone(), tls, or_plain: false }
    }
}
