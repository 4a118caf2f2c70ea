//! Letting ourselves in: cleartext, md5 and SCRAM passwords.
//!
//! Never sends anything that is not asked for, and believes a server that uses SCRAM only after it has proved that it
//! knows the password too.

use bytes::{Buf, Bytes, BytesMut};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;

use crate::error::Cause;
use crate::pg::config::Password;
use crate::pg::connection::Connection;
use crate::pg::wire::{self, tag, violation};

/// Who wants in.
pub(crate) struct Credentials<'a> {
    pub(crate) user: &'a [u8],
    pub(crate) password: Option<&'a Password>,
}

impl Credentials<'_> {
    fn password(&self) -> Result<&[u8], Cause> {
        self.password.map(Password::as_bytes).ok_or(Cause::NoPassword)
    }
}

/// Answers the server until it says that we are in.
pub(crate) async fn authenticate(connection: &mut Connection, who: &Credentials<'_>) -> Result<(), Cause> {
    let mut reply = BytesMut::new();
    loop {
        let (kind, mut body) = request(connection).await?;
        match kind {
            0 => return Ok(()),
            3 => frontend::password_message(who.password()?, &mut reply)?,
            5 => {
                let mut salt = [0; 4];
                body.try_copy_to_slice(&mut salt).map_err(|_| violation("the server sent half a salt"))?;
                frontend::password_message(md5_hash(who.user, who.password()?, salt).as_bytes(), &mut reply)?;
            }
            10 => {
                scram(connection, who, &body).await?;
                continue;
            }
            kind => return Err(violation(format!("the server asks for {}, which pgkeep cannot do", method(kind)))),
        }
        connection.send(reply.split()).await?;
    }
}

fn method(kind: u32) -> String {
    match kind {
        2 => "Kerberos 5".into(),
        7 => "GSSAPI".into(),
        9 => "SSPI".into(),
        kind => format!("authentication method {kind}"),
    }
}

/// The next authentication request, with what follows its kind.
async fn request(connection: &mut Connection) -> Result<(u32, Bytes), Cause> {
    loop {
        let mut message = connection.receive().await?;
        match message.tag {
            tag::AUTHENTICATION => {
                let kind = message.body.try_get_u32().map_err(|_| violation("an empty authentication request"))?;
                return Ok((kind, message.body));
            }
            tag::ERROR => return Err(Cause::Server(Box::new(wire::report(message.body)))),
            tag::NOTICE => {}
            other => return Err(violation(format!("message {:?} came before authentication", char::from(other)))),
        }
    }
}

async fn scram(connection: &mut Connection, who: &Credentials<'_>, mechanisms: &[u8]) -> Result<(), Cause> {
    if !mechanisms.split(|byte| *byte == 0).any(|name| name == SCRAM_SHA_256.as_bytes()) {
        return Err(violation("the server offers no SASL mechanism that pgkeep knows"));
    }
    let mut reply = BytesMut::new();
    let mut scram = ScramSha256::new(who.password()?, ChannelBinding::unsupported());
    frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut reply)?;
    connection.send(reply.split()).await?;
    scram.update(&step(connection, 11).await?).map_err(refused)?;
    frontend::sasl_response(scram.message(), &mut reply)?;
    connection.send(reply.split()).await?;
    scram.finish(&step(connection, 12).await?).map_err(refused)
}

async fn step(connection: &mut Connection, expected: u32) -> Result<Bytes, Cause> {
    match request(connection).await? {
        (kind, body) if kind == expected => Ok(body),
        (kind, _) => Err(violation(format!("SCRAM step {expected} was expected, {kind} came"))),
    }
}

fn refused(error: std::io::Error) -> Cause {
    violation(format!("the server could not prove that it knows the password: {error}"))
}
