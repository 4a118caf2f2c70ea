//! From a [`Config`] to a [`Session`]: hosts and addresses in order, encrypted or not, start-up, the right kind of server.

use std::io;
use std::time::Duration;

use bytes::BytesMut;

use crate::error::{Cause, Error, Result, sqlstate};
use crate::pg::authentication::{self, Credentials};
use crate::pg::config::{Address, Config, Host, Target, TlsMode};
use crate::pg::connection::{Connection, Patience};
use crate::pg::route::{Route, Socket};
use crate::pg::session::Session;
use crate::pg::tls::{HANDSHAKE_FAILED, TlsClient};
use crate::pg::wire::{self, violation};

impl Session {
    /// Opens a session on the first host that lets us in and is the kind of server that is wanted.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`] with the reason of the host that was tried last; the hint tells of the others.
    pub async fn connect(config: &Config) -> Result<Session> {
        let passes: &[Target] = match config.target {
            Target::PreferStandby => &[Target::Standby, Target::Any],
            _ => std::slice::from_ref(&config.target),
        };
        // A list, since an iterator held across an await would keep the future from moving between threads.
        let tries: Vec<_> =
            passes.iter().flat_map(|target| config.hosts.iter().map(move |host| (*target, host))).collect();
        let mut failures = Vec::new();
        for (target, host) in tries {
            match connect_host(config, host, target).await {
                Ok(session) => return Ok(session),
                Err(cause) => {
                    let ends = ends_search(&cause);
                    failures.push((host, cause));
                    if ends {
                        break;
                    }
                }
            }
        }
        let Some((host, cause)) = failures.pop() else { return Err(Error::usage("no host of a server is given")) };
        let others: Vec<_> = failures.iter().map(|(host, cause)| format!("{host}: {cause}")).collect();
        let hint =
            if others.is_empty() { hint(&cause, host) } else { Some(format!("also tried {}", others.join("; "))) };
        let server = format!("{host}, database {}, as {}", config.database, config.user);
        Err(Error::Connect { server, hint, source: Box::new(cause) })
    }
}

/// As libpq does: a server that answers and refuses ends the search, unless it is only starting up.
fn ends_search(cause: &Cause) -> bool {
    match cause {
        Cause::NoPassword => true,
        _ => cause.server().is_some_and(|report| report.sqlstate != sqlstate::CANNOT_CONNECT_NOW),
    }
}

fn hint(cause: &Cause, host: &Host) -> Option<String> {
    let hint = match (cause, &host.address) {
        (Cause::NoPassword, _) => "set PGPASSWORD or write a line into ~/.pgpass (readable by you alone)",
        (Cause::Protocol(problem), _) if problem.starts_with(HANDSHAKE_FAILED) => {
            "sslrootcert must name the certificate that signed the server's; verify-full also checks the host name"
        }
        (Cause::Server(report), _) => match report.sqlstate.as_str() {
            sqlstate::INVALID_PASSWORD => "check user and password",
            sqlstate::INVALID_AUTHORIZATION_SPECIFICATION => {
                "pg_hba.conf of the server must allow this host, user, database and kind of connection"
            }
            sqlstate::INVALID_CATALOG_NAME => "`psql -l` lists the databases of the server",
            sqlstate::TOO_MANY_CONNECTIONS => {
                "all connections of the server are in use; ask for fewer jobs or raise max_connections"
            }
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

async fn connect_host(config: &Config, host: &Host, target: Target) -> Result<Session, Cause> {
    let mut last = violation(format!("{host} has no address"));
    for socket in limited(config.connect_timeout, async { Ok(Socket::all(host).await?) }).await? {
        let attempt = async {
            let mut session = enter(config, host, socket).await?;
            check_target(&mut session, target).await?;
            Ok(session)
        };
        match limited(config.connect_timeout, attempt).await {
            Ok(session) => return Ok(session),
            Err(cause) if ends_search(&cause) => return Err(cause),
            Err(cause) => last = cause,
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

/// Opens a session, encrypted as `sslmode` says, with the second try that it allows.
async fn enter(config: &Config, host: &Host, socket: Socket) -> Result<Session, Cause> {
    let tls = match &socket {
        Socket::Tcp(address) if config.tls.mode != TlsMode::Disable => {
            Some(TlsClient::prepare(&config.tls, host, address.ip())?)
        }
        _ => None,
    };
    let plain = Route { socket: socket.clone(), tls: None, or_plain: false };
    let or_plain = config.tls.mode == TlsMode::Prefer;
    let encrypted = Route { socket, tls, or_plain };
    match config.tls.mode {
        _ if encrypted.tls.is_none() => start(config, host, &plain).await,
        TlsMode::Allow => match start(config, host, &plain).await {
            Err(cause) if is_not_allowed(&cause) => start(config, host, &encrypted).await,
            entered => entered,
        },
        TlsMode::Prefer => match start(config, host, &encrypted).await {
            Err(cause) if is_not_allowed(&cause) => start(config, host, &plain).await,
            Err(cause) if is_handshake(&cause) => start(config, host, &plain).await.map_err(|_| cause),
            entered => entered,
        },
        _ => start(config, host, &encrypted).await,
    }
}

fn is_not_allowed(cause: &Cause) -> bool {
    cause.server().is_some_and(|report| report.sqlstate == sqlstate::INVALID_AUTHORIZATION_SPECIFICATION)
}

fn is_handshake(cause: &Cause) -> bool {
    matches!(cause, Cause::Protocol(problem) if problem.starts_with(HANDSHAKE_FAILED))
}

async fn start(config: &Config, host: &Host, route: &Route) -> Result<Session, Cause> {
    let opened = route.open().await?;
    let patience = Patience::new(host.to_string(), config.stall_timeout, config.stall_told);
    let mut connection = Connection::new(opened.stream, patience);
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
    let who = Credentials {
        user: config.user.as_bytes(),
        password: config.password_for(host),
        methods: config.methods,
        channel_binding: config.channel_binding,
        binding: opened.binding,
    };
    authentication::authenticate(&mut connection, &who).await?;
    Session::begin(connection, route.settled(opened.encrypted)).await
}

/// Whether the session is on the kind of server that is wanted.
async fn check_target(session: &mut Session, target: Target) -> Result<(), Cause> {
    let (setting, wanted, problem) = match target {
        Target::Any | Target::PreferStandby => return Ok(()),
        Target::ReadWrite => ("transaction_read_only", "off", "the server does not allow writing"),
        Target::ReadOnly => ("transaction_read_only", "on", "the server allows writing"),
        Target::Primary => ("in_hot_standby", "off", "the server is a standby"),
        Target::Standby => ("in_hot_standby", "on", "the server is no standby"),
    };
    let found = session.ask_target(setting).await?;
    if found == wanted { Ok(()) } else { Err(violation(problem)) }
}
