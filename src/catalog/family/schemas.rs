//! Schemas. `public` is never created: every database has it, and only what differs from a new one is kept.

use crate::catalog::draft::{Acl, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("schemas", include_str!("schemas.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let identity = text!["SCHEMA ", name.ident()];
    let mut draft = Draft::new(class::NAMESPACE, row.number("oid")?, Kind::Schema, Name::plain(name.clone()), identity);
    let owner = row.text("owner")?;
    draft.acl = Some(Acl::of(row, draft.identity.clone())?);
    if name == "public" {
        // From 15 on `public` belongs to pg_database_owner; anything else has to be said.
        draft.owner = (owner != "pg_database_owner").then_some(owner);
    } else {
        draft.creates(text!["CREATE SCHEMA ", name.ident()]);
        draft.owner = Some(owner);
    }
    Ok(draft)
}
