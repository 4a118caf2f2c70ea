//! Creates the target database, where that was asked for.
//!
//! Its properties (encoding, locale, provider) are those of the source; settings of the database and of roles in it are
//! applied at the very end of a restore, since they could break it (`default_transaction_read_only`).

use crate::error::Result;
use crate::object::{Kind, Object};
use crate::pg::{Config, maintenance};
use crate::restore::prepare::preflight::Finding;
use crate::restore::prepare::target::Target;
use crate::restore::{Definitions, Options};
use crate::text;
use crate::text::Text;
use crate::text::lex::tokens;

/// A database that does not exist yet, and what stands in its way.
pub(crate) struct Look {
    pub(crate) target: Target,
    pub(crate) findings: Vec<Finding>,
}

/// Looks whether the database can be created; `encoding` is what it will have.
pub(crate) async fn look(config: &Config, encoding: &str, role: Option<&Text>) -> Result<Look> {
    let mut session = maintenance::connect(config).await?;
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
    let mut session = maintenance::connect(&options.target).await?;
    let name = options.target.database.clone();
    let statement = statement(objects, encoding, &name, &options.definitions);
    if let Some(role) = &options.manner.role {
        let take = text!["SET ROLE ", role.ident()];
        session.run(take).await.map_err(|e| e.while_doing(format!("take role {role}")))?;
    }
    session.run_alone(statement).await.map_err(|e| e.while_doing(format!("create database {name}")))
}

fn statement(objects: &[Object], encoding: &str, name: &Text, definitions: &Definitions) -> Text {
    let mut described = objects.iter().find(|object| object.kind == Kind::Database).cloned();
    described.iter_mut().for_each(|object| definitions.omit.trim(object));
    match described.as_ref().and_then(|object| Some((object, object.create.first()?))) {
        Some((object, statement)) => rename(statement, &object.name.name, name),
        None => {
            let encoding = Text::from(encoding);
            text!["CREATE DATABASE ", name.ident(), " TEMPLATE template0 ENCODING ", encoding.literal()]
        }
    }
}

/// The database of the snapshot with the target's name in all that is said of it.
pub(crate) fn renamed(database: &Object, name: &Text) -> Object {
    let mut renamed = database.clone();
    let old = &database.name.name;
    let Object { identity, comments, labels, .. } = &mut renamed;
    let remarks = [identity].into_iter().chain(comments).chain(labels);
    remarks.for_each(|text| *text = rename(text, old, name));
    renamed.definition_mut().for_each(|text| *text = rename(text, old, name));
    renamed.name.name = name.clone();
    renamed
}

/// The statement with another name after the word DATABASE, where it says the old one.
fn rename(statement: &Text, old: &Text, new: &Text) -> Text {
    let mut out = Text::new();
    let mut after_word = false;
    for token in tokens(statement.as_bytes()) {
        match token.name() {
            Some(name) if after_word && name == *old => out.push(new.ident()),
            _ => out.push(token.bytes),
        }
        after_word = token.is_word("DATABASE") || after_word && token.is_blank();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_the_database_is_replaced() {
        for (statement, expected) in [
            (r#"CREATE DATABASE "house'q" TEMPLATE t"#, r#"CREATE DATABASE "new" TEMPLATE t"#),
            (
                r#"ALTER ROLE "house'q" IN DATABASE "house'q" SET x TO 'y'"#,
                r#"ALTER ROLE "house'q" IN DATABASE "new" SET x TO 'y'"#,
            ),
            (
                r#"COMMENT ON DATABASE "house'q" IS 'DATABASE "house''q"'"#,
                r#"COMMENT ON DATABASE "new" IS 'DATABASE "house''q"'"#,
            ),
            (
                r#"GRANT CONNECT ON DATABASE "house'q" TO "house'q", "DATABASE""#,
                r#"GRANT CONNECT ON DATABASE "new" TO "house'q", "DATABASE""#,
            ),
        ] {
            assert_eq!(rename(&statement.into(), &"house'q".into(), &"new".into()), expected);
        }
    }
}
