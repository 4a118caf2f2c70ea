//! What needs what: `pg_depend` on whole objects, membership in extensions, and the objects that the server makes by
//! itself.

use std::collections::HashMap;

use tokio::try_join;

use crate::catalog::draft::{Address, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::pg::Row;
use crate::text::Text;

/// The dependencies of a database, before they are mapped to drafts.
pub(crate) struct Dependencies {
    /// Dependent and what it needs.
    pub(crate) edges: Vec<(Address, Address)>,
    /// Member of an extension -> the extension.
    pub(crate) members: HashMap<Address, Address>,
    /// What the server makes by itself -> what brings it.
    pub(crate) implicit: HashMap<Address, Address>,
    /// Names of the collations of the system.
    pub(crate) collations: HashMap<Address, Text>,
}

pub(crate) async fn load(source: &Source) -> Result<Dependencies> {
    let mut all = Dependencies {
        edges: Vec::new(),
        members: HashMap::new(),
        implicit: HashMap::new(),
        collations: HashMap::new(),
    };
    let (edges, implicit, collations) = try_join!(
        source.query("dependencies", include_str!("dependencies.sql")),
        source.query("implicit objects", include_str!("implicit.sql")),
        source.query("collations of the system", include_str!("system_collations.sql")),
    )?;
    for row in &edges {
        let (object, needs) = pair(row)?;
        if row.letter("deptype")? == 'e' && needs.class == class::EXTENSION {
            all.members.insert(object, needs);
        } else {
            all.edges.push((object, needs));
        }
    }
    for row in &implicit {
        let (object, brought_by) = pair(row)?;
        all.implicit.insert(object, brought_by);
    }
    for row in &collations {
        let address = Address { class: class::COLLATION, oid: row.number("oid")? };
        all.collations.insert(address, row.text("name")?);
    }
    Ok(all)
}

fn pair(row: &Row) -> Result<(Address, Address)> {
    Ok((
        Address { class: row.number("classid")?, oid: row.number("objid")? },
        Address { class: row.number("refclassid")?, oid: row.number("refobjid")? },
    ))
}
