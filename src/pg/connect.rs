//! From a [`Config`] to a [`Session`]: addresses in order, sockets, start-up.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::BytesMut;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};

use crate::error::{Cause, Error, Result};
use crate::pg::authentication::{self, Credentials};
use crate::pg::config::{Address, Config, Host};
use crate::pg::connection::{Connection, Stream};
use crate::pg::session::Session;
use crate::pg::wire;

/// A peer that is gone is noticed after this much silence and so many unanswered probes: 70 s in all.
const KEEPALIVE: Duration = Duration::from_secs(10);
const KEEPALIVE_PROBES: u32 = 6;

/// One socket address of a host.
#[derive(Clone, Debug)]
pub(crate) enum Socket {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Opens a socket.
pub(crate) async fn open(socket: &Socket) -> io::Result<Box<dyn Stream>> {
    match socket {
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

impl Session {
    /// Opens a session on the first host that lets us in.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`] with the last host's reason.
    pub async fn connect(config: &Config) -> Result<Session> {
        let mut last = None;
        for host in &config.hosts {
            match connect_host(config, host).await {
                Ok(session) => return Ok(session),
                Err(cause) => {
                    let next = may_try_next(&cause);
                    last = Some((host, cause));
                    if !next {
                        break;
                    }
                }
            }
        }
        let Some((host, cause)) = last else { return Err(Error::usage("no host of a server is given")) };
        Err(Error::Connect {
            server: format!("{host}, database {}, as {}", config.database, config.user),
            hint: hint(&cause, host),
            source: Box::new(cause),
        })
    }
}

/// As libpq does: a host that answers and refuses ends the search, unless it is only starting up (57P03).
fn may_try_next(cause: &Cause) -> bool {
    cause.server().is_none_or(|report| report.sqlstate == "57P03")
}

fn hint(cause: &Cause, host: &Host) -> Option<String> {
    let hint = match (cause, &host.address) {
        (Cause::NoPassword, _) => "set PGPASSWORD or write a line into ~/.pgpass (readable by you alone)",
        (Cause::Server(report), _) => match report.sqlstate.as_str() {
            "28P01" => "check user and password",
            "28000" => "pg_hba.conf of the server must allow this host, user, database and kind of connection",
            "3D000" => "`psql -l` lists the databases of the server",
            "53300" => "all connections of the server are in use; ask for fewer jobs or raise max_connections",
            _ => return report.hint.clone(),
        },
        (Cause::Io(error), Address::Unix(_)) if error.kind() == io::ErrorKind::NotFound => {
            "no server listens there; give -h HOST for one on the network"
        }
        (Cause::Io(error), _) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "is the server running, and is this its host and port?"
        }
        _ => return None,
    };
    Some(hint.into())
}

async fn connect_host(config: &Config, host: &Host) -> Result<Session, Cause> {
    let mut last = Cause::Protocol(format!("the name {host} has no address"));
    for socket in sockets(host).await? {
        match limited(config.connect_timeout, enter(config, host, &socket)).await {
            Ok(session) => return Ok(session),
            Err(cause) if may_try_next(&cause) => last = cause,
            Err(cause) => return Err(cause),
        }
    }
    Err(last)
}

async fn limited<T>(limit: Option<Duration>, work: impl Future<Output = Result<T, Cause>>) -> Result<T, Cause> {
    match limit {
        None => work.await,
        Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or(Err(Cause::Timeout(limit))),
    }
}

async fn sockets(host: &Host) -> io::Result<Vec<Socket>> {
    Ok(match &host.address {
        Address::Unix(folder) => vec![Socket::Unix(folder.join(format!(".s.PGSQL.{}", host.port)))],
        Address::Tcp { ip: Some(ip), .. } => vec![Socket::Tcp((*ip, host.port).into())],
        Address::Tcp { name, ip: None } => {
            tokio::net::lookup_host((name.as_str(), host.port)).await?.map(Socket::Tcp).collect()
        }
    })
}

async fn enter(config: &Config, host: &Host, socket: &Socket) -> Result<Session, Cause> {
    let mut connection = Connection::new(open(socket).await?);
    let mut parameters: Vec<(&str, &[u8])> = vec![
        ("user", config.user.as_bytes()),
        ("database", config.database.as_bytes()),
        ("application_name", config.application_name.as_bytes()),
        ("client_encoding", b"UTF8"),
    ];
    if let Some(options) = &config.options {
        parameters.push(("options", options.as_bytes()));
    }
    let mut startup = BytesMut::new();
    wire::startup(&parameters, &mut startup)?;
    connection.send(startup).await?;
    let who = Credentials { user: config.user.as_bytes(), password: config.password_for(host) };
    authentication::authenticate(&mut connection, &who).await?;
    Session::begin(connection, socket.clone()).await
}
