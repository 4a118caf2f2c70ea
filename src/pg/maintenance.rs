//! The maintenance database: where to connect while the database that is meant does not exist, or must not be in use.

use crate::error::{Error, Result};
use crate::pg::{Config, Connector, Session};

/// Databases that a server has from the beginning, in the order in which they are tried, as `createdb` does.
const DATABASES: [&str; 2] = ["postgres", "template1"];

/// Opens a session on the maintenance database of this server.
///
/// # Errors
///
/// What the first of them answered, where none can be connected to.
pub async fn connect(server: &Config) -> Result<Session> {
    let mut first = None;
    for database in DATABASES {
        match Connector::new(server.with_database(database)).connect().await {
            Ok(session) => return Ok(session),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| Error::usage("the server has no maintenance database to connect to")))
}
