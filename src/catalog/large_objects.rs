//! Large objects, many in one object where they have the same owner and grants, with their pages as rows.

use crate::catalog::draft::{Acl, Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Column, Kind, Name, Table};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// Large objects that one statement creates.
const PER_STATEMENT: usize = 1000;

pub(crate) async fn load(source: &mut Source<'_>) -> Result<Vec<Draft>> {
    source.query("large objects", include_str!("large_objects.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let oids: Vec<u32> = row.numbers("oids")?;
    let (first, last) = (oids.first().copied().unwrap_or(0), oids.last().copied().unwrap_or(0));
    let name = if first == last { first.to_string() } else { format!("{first}..{last}") };
    let list = text!["LARGE OBJECT ", Text::join(oids.iter().map(ToString::to_string), ", ")];
    let mut draft = Draft::new(class::LARGE_OBJECT, first, Kind::LargeObjects, Name::plain(name), list.clone());
    draft.aliases = oids.iter().skip(1).map(|&oid| Address { class: class::LARGE_OBJECT, oid }).collect();
    draft.owner = Some(row.text("owner")?);
    draft.acl = Some(Acl::of(row, list)?);
    for batch in oids.chunks(PER_STATEMENT) {
        let batch = Text::join(batch.iter().map(ToString::to_string), ",");
        let from = text![" FROM pg_catalog.unnest('{", batch, "}'::pg_catalog.oid[]) AS o(oid)"];
        draft.creates(text!["SELECT pg_catalog.lo_create(oid)", from]);
        draft.drop.push(text!["SELECT pg_catalog.lo_unlink(oid)", from]);
    }
    let column = |name: &str, type_name: &str| Column { name: name.into(), type_name: type_name.into() };
    draft.table = Some(Table {
        columns: vec![column("oid", "oid"), column("page", "bigint"), column("data", "bytea")],
        unlogged: false,
        root: None,
        condition: Some(row.text("condition")?),
        server: None,
    });
    Ok(draft)
}
