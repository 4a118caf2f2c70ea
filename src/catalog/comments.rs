//! Comments on everything that can have one.

use std::collections::HashMap;

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::Kind;
use crate::pg::{Row, Rows};
use crate::text;
use crate::text::Text;

/// What every new database says of the schema `public`.
const PUBLIC: &str = "standard public schema";

pub(crate) async fn rows(source: &Source) -> Result<Rows> {
    source.query("comments", include_str!("comments.sql")).await
}

/// Fills the comments of all drafts.
pub(crate) fn fill(rows: &Rows, drafts: &mut [Draft]) -> Result<()> {
    // What a new database says already is said again only where it was taken back.
    let public = |draft: &Draft| draft.kind == Kind::Schema && draft.name.name == "public";
    for draft in drafts.iter_mut().filter(|draft| public(draft)) {
        draft.comments.push(text!["COMMENT ON ", draft.identity, " IS ''"]);
    }
    for (at, subject, row) in subjects(rows, drafts)? {
        let comment = row.text("comment")?;
        if public(&drafts[at]) {
            drafts[at].comments.clear();
            if comment == PUBLIC {
                continue;
            }
        }
        drafts[at].comments.push(text!["COMMENT ON ", subject, " IS ", comment.literal()]);
    }
    Ok(())
}

/// Rows that say something of a draft, with its position and how SQL names what they are about.
///
/// The columns are `class`, `oid`, `number` of the column or 0, and `of_index` where a constraint's index is meant.
pub(crate) fn subjects<'r>(rows: &'r Rows, drafts: &[Draft]) -> Result<Vec<(usize, Text, &'r Row)>> {
    let mut known: HashMap<Address, usize> = HashMap::with_capacity(drafts.len());
    for (at, draft) in drafts.iter().enumerate() {
        known.insert(draft.address, at);
        if draft.kind == Kind::LargeObjects {
            known.extend(draft.aliases.iter().map(|alias| (*alias, at)));
        }
    }
    let mut found = Vec::new();
    for row in rows {
        let address = Address { class: row.number("class")?, oid: row.number("oid")? };
        if let Some(&at) = known.get(&address)
            && let Some(subject) = subject(&drafts[at], address, row)?
        {
            found.push((at, subject, row));
        }
    }
    Ok(found)
}

fn subject(draft: &Draft, address: Address, row: &Row) -> Result<Option<Text>> {
    let number: i16 = row.number("number")?;
    if number != 0 {
        let column = draft.columns.iter().find(|(at, _)| *at == number);
        return Ok(column.map(|(_, name)| text!["COLUMN ", draft.name.sql(), ".", name.ident()]));
    }
    if row.boolean("of_index")? {
        return Ok(Some(text!["INDEX ", draft.name.sql()]));
    }
    if address.class == class::LARGE_OBJECT {
        return Ok(Some(text!["LARGE OBJECT ", address.oid.to_string()]));
    }
    Ok((!draft.identity.is_empty()).then(|| draft.identity.clone()))
}
