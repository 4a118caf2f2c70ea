//! Letting ourselves in: cleartext, md5 and SCRAM passwords.
//!
//! Never sends anything that is not asked for or that the configuration forbids, and believes a server that uses SCRAM
//! only after it has proved that it knows the password too.

use bytes::{Buf, Bytes, BytesMut};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{self, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256};
use postgres_protocol::message::frontend;

use crate::error::Cause;
use crate::pg::config::{ChannelBinding, Methods, Password};
use crate::pg::connection::Connection;
use crate::pg::wire::{self, tag, violation};

/// Most rounds of hashing that a server may ask for: seconds of work, during which nothing can stop us. PostgreSQL's own
/// `scram_iterations` is 4096 where nobody raised it.
const ITERATIONS_MAX: u64 = 10_000_000;

/// Who wants in, and what we agree to.
pub(crate) struct Credentials<'a> {
    pub(crate) user: &'a [u8],
    pub(crate) password: Option<&'a Password>,
    pub(crate) methods: Methods,
    pub(crate) channel_binding: ChannelBinding,
    /// Data of the TLS connection to bind to, where there is one that can be bound to.
    pub(crate) binding: Option<Vec<u8>>,
}

impl Credentials<'_> {
    fn password(&self) -> Result<&[u8], Cause> {
        self.password.map(Password::as_bytes).ok_or(Cause::NoPassword)
    }

    /// Refuses a method that the configuration does not allow.
    fn allow(&self, method: &str, allowed: bool) -> Result<(), Cause> {
        if !allowed {
            return Err(violation(format!("the server wants {method}, which require_auth does not allow")));
        }
        if self.channel_binding == ChannelBinding::Require && method != "SCRAM-SHA-256" {
            return Err(violation(format!("the server wants {method}, but channel_binding=require needs SCRAM")));
        }
        Ok(())
    }
}

/// Answers the server until it says that we are in.
pub(crate) async fn authenticate(connection: &mut Connection, who: &Credentials<'_>) -> Result<(), Cause> {
    let mut reply = BytesMut::new();
    let mut proved = false;
    loop {
        let (kind, mut body) = request(connection).await?;
        match kind {
            0 if proved => return Ok(()),
            0 => return who.allow("no authentication", who.methods.none),
            3 => {
                who.allow("a password in clear", who.methods.password)?;
                frontend::password_message(who.password()?, &mut reply)?;
            }
            5 => {
                who.allow("an MD5 password", who.methods.md5)?;
                let mut salt = [0; 4];
                body.try_copy_to_slice(&mut salt).map_err(|_| violation("the server sent half a salt"))?;
                frontend::password_message(md5_hash(who.user, who.password()?, salt).as_bytes(), &mut reply)?;
            }
            10 => {
                who.allow("SCRAM-SHA-256", who.methods.scram)?;
                scram(connection, who, &body).await?;
            }
            kind => return Err(violation(format!("the server wants {}, which pgkeep cannot do", method(kind)))),
        }
        proved = true;
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
    let offers = |mechanism: &str| mechanisms.split(|byte| *byte == 0).any(|name| name == mechanism.as_bytes());
    let (mechanism, binding) = mechanism(who, offers(SCRAM_SHA_256), offers(SCRAM_SHA_256_PLUS))?;
    let mut reply = BytesMut::new();
    let mut scram = ScramSha256::new(who.password()?, binding);
    frontend::sasl_initial_response(mechanism, scram.message(), &mut reply)?;
    connection.send(reply.split()).await?;
    let challenge = step(connection, 11).await?;
    check_iterations(&challenge)?;
    scram.update(&challenge).map_err(unproved)?;
    frontend::sasl_response(scram.message(), &mut reply)?;
    connection.send(reply.split()).await?;
    scram.finish(&step(connection, 12).await?).map_err(unproved)
}

/// The mechanism to use, with or without channel binding, and what to say about the other.
fn mechanism(who: &Credentials<'_>, plain: bool, plus: bool) -> Result<(&'static str, sasl::ChannelBinding), Cause> {
    let required = who.channel_binding == ChannelBinding::Require;
    match (&who.binding, who.channel_binding) {
        (Some(data), ChannelBinding::Prefer | ChannelBinding::Require) if plus => {
            Ok((SCRAM_SHA_256_PLUS, sasl::ChannelBinding::tls_server_end_point(data.clone())))
        }
        (None, _) if required => Err(violation("channel_binding=require needs TLS with a certificate to bind to")),
        _ if required => Err(violation("the server does not offer the channel binding that is required")),
        // Says that we could have bound: a server that offered it knows then that somebody took its offer away.
        (Some(_), ChannelBinding::Prefer) if plain => Ok((SCRAM_SHA_256, sasl::ChannelBinding::unrequested())),
        _ if plain => Ok((SCRAM_SHA_256, sasl::ChannelBinding::unsupported())),
        _ => Err(violation("the server offers no SASL mechanism that pgkeep knows")),
    }
}

/// Refuses a challenge, `r=..,s=..,i=4096`, that would keep us busy for ever.
fn check_iterations(challenge: &[u8]) -> Result<(), Cause> {
    let wanted = challenge.split(|byte| *byte == b',').filter_map(|field| field.strip_prefix(b"i="));
    // What is no number is refused by whoever answers the challenge.
    let mut numbers = wanted.filter_map(|number| std::str::from_utf8(number).ok()?.parse::<u64>().ok());
    match numbers.find(|number| *number > ITERATIONS_MAX) {
        None => Ok(()),
        Some(number) => Err(violation(format!(
            "the server wants the password hashed {number} times, {ITERATIONS_MAX} at most; lower scram_iterations there"
        ))),
    }
}

async fn step(connection: &mut Connection, expected: u32) -> Result<Bytes, Cause> {
    match request(connection).await? {
        (kind, body) if kind == expected => Ok(body),
        (kind, _) => Err(violation(format!("SCRAM step {expected} was expected, {kind} came"))),
    }
}

fn unproved(error: std::io::Error) -> Cause {
    violation(format!("the server could not prove that it knows the password: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashing_is_bounded() {
        assert!(check_iterations(b"r=abc,s=c2FsdA==,i=10000000").is_ok());
        assert!(check_iterations(b"r=abc,s=c2FsdA==,i=10000001").is_err());
        assert!(check_iterations(b"r=abc,s=c2FsdA==,i=4294967295").is_err());
    }
}
