//! Creates the target database, where that was asked for.
//!
//! Its properties (encoding, locale, provider) are those of the source; settings of the database and of roles in it are
//! applied at the very end of a restore, since they could break it (`default_transaction_read_only`).

use crate::error::{Error, Result};
use crate::object::{Kind, Object};
use crate::pg::{Config, Connector, Session};
use crate::restore::findings::Finding;
use crate::restore::target::Target;
use crate::restore::{Definitions, Options};
use crate::text;
use crate::text::Text;

/// Databases to connect to while the target does not exist.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

/// A database that does not exist yet, and what stands in its way.
pub(crate) struct Look {
    pub(crate) target: Target,
    pub(crate) findings: Vec<Finding>,
}

/// Looks whether the database can be created; `encoding` is what it will have.
pub(crate) async fn look(config: &Config, encoding: &str, role: Option<&Text>) -> Result<Look> {
    let mut session = maintenance(config).await?;
    let name = config.database.clone();
    let taken = text!["SELECT 1 FROM pg_catalog.pg_database WHERE datname = ", name.literal()];
    let mut target = Target::read(&mut session, role).await?;
    let mut findings = Vec::new();
    if !session.query(taken).await?.is_empty() {
        findings.push(Finding {
            fatal: true,
            message: format!("database {name} exists"),
            hint: "leave -C out to restore into it, or name another one".into(),
        });
    }
    let role = target.role.literal();
    let may = text!["SELECT rolcreatedb OR rolsuper AS may FROM pg_catalog.pg_roles WHERE rolname = ", role];
    if !session.query(may).await?.one()?.boolean("may")? {
        findings.push(Finding {
            fatal: true,
            message: format!("role {} may not create databases", target.role),
            hint: "let a role with CREATEDB create it, and leave -C out".into(),
        });
    }
    target.becomes_new(name, encoding);
    Ok(Look { target, findings })
}

/// Creates it.
pub(crate) async fn create(objects: &[Object], encoding: &str, options: &Options) -> Result<()> {
    let mut session = maintenance(&options.target).await?;
    let name = options.target.database.clone();
    let statement = statement(objects, encoding, &name, &options.definitions);
    if let Some(role) = &options.manner.role {
        let take = text!["SET ROLE ", role.ident()];
        session.run(take).await.map_err(|e| e.while_doing(format!("take role {role}")))?;
    }
    session.run(statement).await.map_err(|e| e.while_doing(format!("create database {name}")))
}

fn statement(objects: &[Object], encoding: &str, name: &Text, definitions: &Definitions) -> Text {
    let mut described = objects.iter().find(|object| object.kind == Kind::Database).cloned();
    described.iter_mut().for_each(|object| definitions.omit.trim(object));
    match described.as_ref().and_then(|object| Some((object, object.create.first()?))) {
        Some((object, statement)) => rename(statement, object, name),
        None => {
            let encoding = Text::from(encoding);
            text!["CREATE DATABASE ", name.ident(), " TEMPLATE template0 ENCODING ", encoding.literal()]
        }
    }
}

/// The statement with the target's name in the place of the source's, which it names as `DATABASE "name"`.
pub(crate) fn rename(statement: &Text, database: &Object, name: &Text) -> Text {
    let old = text!["DATABASE ", database.name.name.ident()];
    let bytes = statement.as_bytes();
    match bytes.windows(old.as_bytes().len()).position(|window| window == old.as_bytes()) {
        Some(at) => text![&bytes[..at], "DATABASE ", name.ident(), &bytes[at + old.as_bytes().len()..]],
        None => statement.clone(),
    }
}

/// A session on a database that is always there.
pub(crate) async fn maintenance(target: &Config) -> Result<Session> {
    let mut last = None;
    for database in MAINTENANCE {
        let config = target.with_database(database);
        match Connector::new(config).connect().await {
            Ok(session) => return Ok(session),
            Err(error) => last = last.or(Some(error)),
        }
    }
    Err(last.unwrap_or_else(|| Error::usage("no database to connect to while the target is created")))
}
