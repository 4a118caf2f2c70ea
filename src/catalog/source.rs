//! The database being read: the session with its settings, and what every family needs to know of it.

use crate::error::Result;
use crate::pg::{Rows, Session, sql};
use crate::progress::{Event, Events};

/// A database being read.
pub(crate) struct Source<'a> {
    session: &'a mut Session,
    events: Events,
    /// Major version of the server.
    pub(crate) major: u32,
    /// Whether the role is a superuser: some catalogs are closed to everybody else.
    pub(crate) superuser: bool,
}

impl<'a> Source<'a> {
    pub(crate) async fn new(session: &'a mut Session, events: Events) -> Result<Self> {
        let major = session.major();
        let superuser = session
            .query("select rolsuper as yes from pg_catalog.pg_roles where rolname = current_user")
            .await?
            .iter()
            .any(|row| row.boolean("yes").unwrap_or(false));
        Ok(Self { session, events, major, superuser })
    }

    /// Runs a query of a `.sql` file, less the lines that this server's version does not have.
    pub(crate) async fn query(&mut self, what: &str, statement: &str) -> Result<Rows> {
        self.query_with(what, statement, &[]).await
    }

    /// The same with parameters in the order of `$1`, `$2`, .. as finished SQL text.
    pub(crate) async fn query_with(&mut self, what: &str, statement: &str, parameters: &[&str]) -> Result<Rows> {
        let mut statement = sql::for_version(statement, self.major);
        for (at, value) in parameters.iter().enumerate().rev() {
            statement = statement.replace(&format!("${}", at + 1), value);
        }
        self.session.query(statement).await.map_err(|e| e.while_doing(format!("read the catalog ({what})")))
    }

    /// Tells people something that stops nothing.
    pub(crate) fn warn(&self, message: impl Into<String>, hint: impl Into<String>) {
        (self.events)(Event::Warning { message: message.into(), hint: Some(hint.into()) });
    }
}
