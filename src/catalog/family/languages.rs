//! Procedural languages. Most are members of extensions; those of initdb are here for their grants only.

use crate::catalog::draft::{Acl, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("languages", include_str!("languages.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let identity = text!["LANGUAGE ", name.ident()];
    let mut draft =
        Draft::new(class::LANGUAGE, row.number("oid")?, Kind::Language, Name::plain(name), identity.clone());
    let trusted = row.boolean("trusted")?;
    // Nobody but superusers may use an untrusted one, and GRANT refuses it.
    if trusted {
        draft.acl = Some(Acl::of(row, identity)?);
    }
    if row.boolean("builtin")? {
        return Ok(draft);
    }
    draft.owner = Some(row.text("owner")?);
    let kind = if trusted { "CREATE TRUSTED " } else { "CREATE " };
    let mut statement = text![kind, draft.identity, " HANDLER ", row.text("handler")?];
    for (option, column) in [(" INLINE ", "inline"), (" VALIDATOR ", "validator")] {
        if let Some(function) = row.maybe(column)? {
            statement.push(text![option, function]);
        }
    }
    draft.creates(statement);
    Ok(draft)
}
