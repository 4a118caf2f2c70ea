//! Large objects, many in one object where they have the same owner and grants, with their pages as rows.

use crate::catalog::draft::{Acl, Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::limits::LARGE_OBJECT_PAGE_BYTES;
use crate::object::{Column, Kind, Name, Table};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// Large objects that one statement creates.
const PER_STATEMENT: usize = 1000;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
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

/// The COPY of the pages of the large objects that `condition` names, a WHERE clause over `pg_largeobject_metadata`.
/// Their size comes from seeking to the end, since only a superuser may read `pg_largeobject`.
pub(crate) fn copy_pages(condition: &Text) -> Text {
    let page = LARGE_OBJECT_PAGE_BYTES;
    text![
        "COPY (SELECT m.oid, g.page, pg_catalog.lo_get(m.oid, g.page * ",
        format!("{page}, {page}"),
        ") FROM (SELECT l.oid, pg_catalog.lo_lseek64(l.fd, 0, 2) AS size, l.fd ",
        "FROM (SELECT oid, pg_catalog.lo_open(oid, 262144) AS fd FROM pg_catalog.pg_largeobject_metadata ",
        condition,
        " ORDER BY oid OFFSET 0) l OFFSET 0) m, ",
        "LATERAL (SELECT pg_catalog.lo_close(m.fd) + m.size AS size OFFSET 0) s, ",
        format!("LATERAL pg_catalog.generate_series(0::pg_catalog.int8, (s.size + {page} - 1) / {page} - 1) g(page)"),
        ") TO STDOUT",
    ]
}
