//! The database itself. It is created only on request; its settings come at the very end of a restore, which they could
//! break otherwise (`default_transaction_read_only`).

use crate::catalog::draft::{Acl, Draft, class};
use crate::catalog::setting;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Draft> {
    let rows = source.query("database", include_str!("database.sql")).await?;
    let row = rows.one()?;
    let name = Name::plain(row.text("name")?);
    let identity = text!["DATABASE ", name.name.ident()];
    let mut draft = Draft::new(class::DATABASE, row.number("oid")?, Kind::Database, name, identity.clone());
    draft.owner = Some(row.text("owner")?);
    draft.acl = Some(Acl::of(row, identity.clone())?);
    draft.tablespace = row.maybe("tablespace")?;
    draft.creates(text!["CREATE ", identity, create(row)?]);
    draft.finish = properties(row, &identity)?;
    if let Some(comment) = row.maybe("comment")? {
        draft.comments.push(text!["COMMENT ON ", identity, " IS ", comment.literal()]);
    }
    for label in &source.query("labels of the database", include_str!("database_labels.sql")).await? {
        let (provider, label) = (label.text("provider")?, label.text("label")?);
        draft.labels.push(text!["SECURITY LABEL FOR ", provider.ident(), " ON ", identity, " IS ", label.literal()]);
    }
    for row in &source.query("settings of the database", include_str!("database_settings.sql")).await? {
        let whom = match row.maybe("role")? {
            Some(role) => {
                let whom = text!["ROLE ", role.ident(), " IN ", identity];
                draft.roles.push(role);
                whom
            }
            None => identity.clone(),
        };
        let settings = row.texts("settings")?;
        draft.settings.extend(settings.iter().map(setting::name_of));
        draft.finish.extend(settings.iter().map(|entry| text!["ALTER ", whom, " SET ", setting::assignment(entry)]));
    }
    Ok(draft)
}

/// What follows the name. `template0` leaves out what a site added to `template1`.
fn create(row: &Row) -> Result<Text> {
    let mut statement = text![" TEMPLATE template0 ENCODING ", row.text("encoding")?.literal()];
    let provider = row.maybe("provider")?;
    let word = match provider.as_ref().map(Text::as_bytes) {
        Some(b"c") => " LOCALE_PROVIDER libc",
        Some(b"i") => " LOCALE_PROVIDER icu",
        Some(b"b") => " LOCALE_PROVIDER builtin",
        _ => "",
    };
    statement.push(word);
    let locale = if provider.is_some_and(|provider| provider == "b") { " BUILTIN_LOCALE " } else { " ICU_LOCALE " };
    for (word, column) in
        [(" LC_COLLATE ", "collate"), (" LC_CTYPE ", "ctype"), (locale, "locale"), (" ICU_RULES ", "icu_rules")]
    {
        if let Some(value) = row.maybe(column)? {
            statement.push(text![word, value.literal()]);
        }
    }
    if let Some(tablespace) = row.maybe("tablespace")? {
        statement.push(text![" TABLESPACE ", tablespace.ident()]);
    }
    Ok(statement)
}

fn properties(row: &Row, identity: &Text) -> Result<Vec<Text>> {
    let mut properties = Vec::new();
    let limit: i32 = row.number("datconnlimit")?;
    if limit >= 0 {
        properties.push(text!["ALTER ", identity, " CONNECTION LIMIT ", limit.to_string()]);
    }
    if row.boolean("datistemplate")? {
        properties.push(text!["ALTER ", identity, " IS_TEMPLATE true"]);
    }
    Ok(properties)
}
