//! Domains with their constraints. A constraint stands inside CREATE DOMAIN unless it was never validated, or its
//! function needs the domain.

use std::collections::HashMap;

use crate::catalog::draft::{Acl, Draft, Piece, class};
use crate::catalog::family::types;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    let rows = source.query("domains", include_str!("domains.sql")).await?;
    let mut domains: Vec<Draft> = rows.iter().map(domain).collect::<Result<_>>()?;
    let by_oid: HashMap<u32, usize> = domains.iter().enumerate().map(|(at, d)| (d.address.oid, at)).collect();
    let mut constraints = Vec::new();
    for row in &source.query("domain constraints", include_str!("domain_constraints.sql")).await? {
        // A domain made after the server snapshot is not ours.
        if let Some(&at) = by_oid.get(&row.number("domain")?) {
            constraints.push(constraint(row, &mut domains[at])?);
        }
    }
    domains.extend(constraints);
    Ok(domains)
}

fn domain(row: &Row) -> Result<Draft> {
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let identity = text!["DOMAIN ", name.sql()];
    let mut statement = text!["CREATE ", identity, " AS ", row.text("base")?];
    if let Some(collation) = row.maybe("collation")? {
        statement.push(text![" COLLATE ", collation]);
    }
    if let Some(default) = types::default(row)? {
        statement.push(text![" DEFAULT ", default]);
    }
    if row.boolean("not_null")? {
        statement.push(" NOT NULL");
    }
    let on = text!["TYPE ", name.sql()];
    let mut draft = Draft::new(class::TYPE, row.number("oid")?, Kind::Domain, name, identity);
    draft.acl = Some(Acl::of(row, on)?);
    draft.owner = Some(row.text("owner")?);
    draft.creates(statement);
    Ok(draft)
}

/// The constraint, and its place in the statement of the domain.
fn constraint(row: &Row, domain: &mut Draft) -> Result<Draft> {
    let name = row.text("name")?;
    let definition = text!["CONSTRAINT ", name.ident(), " ", row.text("definition")?];
    let identity = text!["CONSTRAINT ", name.ident(), " ON ", domain.identity];
    let schema = domain.name.schema.clone().unwrap_or_default();
    let full = Name::on_table(schema, domain.name.name.clone(), name.clone());
    let mut draft = Draft::new(class::CONSTRAINT, row.number("oid")?, Kind::DomainConstraint, full, identity);
    draft.part_of = Some(domain.address);
    draft.inline = row.boolean("convalidated")?;
    draft.creates(text!["ALTER ", domain.identity, " ADD ", definition]);
    draft.drop = vec![text!["ALTER ", domain.identity, " DROP CONSTRAINT ", name.ident()]];
    if draft.inline {
        domain.create[0].push(Piece::Inline(draft.address, text!["\n    ", definition]));
    }
    Ok(draft)
}
