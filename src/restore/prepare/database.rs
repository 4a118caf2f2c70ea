//! The target database where it is created: what stands in its way, how it is made, and what it gets in the end.
//!
//! Its encoding, locale and provider are those of the source; settings of the database and of roles in it are applied at
//! the very end of a restore, since they could break it (`default_transaction_read_only`).

use crate::error::Result;
use crate::object::{Kind, Object};
use crate::pg::{Connector, maintenance};
use crate::plan::Rendering;
use crate::restore::options::Options;
use crate::restore::prepare::finding::Finding;
use crate::restore::prepare::target::Target;
use crate::text;
use crate::text::Text;
use crate::text::lex::tokens;

/// The target as it is or will be, and what stands in the way of its creation.
pub(crate) struct Look {
    pub(crate) target: Target,
    pub(crate) findings: Vec<Finding>,
}

/// Looks at the database, or whether it can be created; `encoding` is what it will have then.
pub(crate) async fn look(options: &Options, connector: &Connector, encoding: &str) -> Result<Look> {
    let role = options.role.as_ref();
    if !options.creates_now() {
        let target = Target::read(&mut connector.connect().await?, role).await?;
        return Ok(Look { target, findings: Vec::new() });
    }
    let mut session = maintenance::connect(&options.target).await?;
    let name = options.target.database.clone();
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

/// The statement that creates it.
pub(crate) fn creation(objects: &[Object], encoding: &str, name: &Text, rendering: &Rendering) -> Text {
    let mut described = objects.iter().find(|object| object.kind == Kind::Database).cloned();
    described.iter_mut().for_each(|object| rendering.omit.trim(object));
    match described.as_ref().and_then(|object| Some((object, object.create.first()?))) {
        Some((object, statement)) => rename(statement, &object.name.name, name),
        None => {
            let encoding = Text::from(encoding);
            text!["CREATE DATABASE ", name.ident(), " TEMPLATE template0 ENCODING ", encoding.literal()]
        }
    }
}

/// Statements that give a database which was created the properties and grants of the one that was dumped.
pub(crate) fn properties(objects: &[Object], name: &Text, rendering: &Rendering) -> Vec<Text> {
    let Some(object) = objects.iter().find(|object| object.kind == Kind::Database) else { return Vec::new() };
    let object = &renamed(object, name);
    let all = rendering.create(object);
    let created = all.iter().position(|statement| Some(statement) == object.create.first());
    let after = all.into_iter().skip(created.map_or(0, |at| at + 1));
    after.chain(rendering.grants(object)).collect()
}

/// The database of the snapshot with the target's name in all that is said of it.
fn renamed(database: &Object, name: &Text) -> Object {
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
