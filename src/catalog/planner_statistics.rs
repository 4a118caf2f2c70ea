//! What the planner knows of relations and their columns, as rows that a dump copies like those of a table: there may be
//! more of it than belongs into a manifest.
//!
//! The view `pg_stats` shows a role the columns that it may read and no others.

use crate::object::{Kind, Object};
use crate::pg::sql;
use crate::text;
use crate::text::Text;

/// The `COPY .. TO STDOUT` of the statistics of these objects on a server of this major version; see
/// `repository/FORMAT.md` for its columns. Objects that cannot have any are passed over.
#[must_use]
pub fn planner_statistics<'a>(objects: impl IntoIterator<Item = &'a Object>, major: u32) -> Text {
    let (mut relations, mut constraints) = (Vec::new(), Vec::new());
    for object in objects.into_iter().filter(|object| object.kind.facts().planner_statistics.is_some()) {
        // Those of a constraint are kept for its index, which has another oid.
        let oids = if object.kind == Kind::Constraint { &mut constraints } else { &mut relations };
        oids.push(object.oid);
    }
    let list = |oids: Vec<u32>| format!("'{{{}}}'", Text::join(oids.iter().map(ToString::to_string), ","));
    let query = sql::for_version(include_str!("planner_statistics.sql"), major);
    let query = query.replace("$1", &list(relations)).replace("$2", &list(constraints));
    text!["COPY (", query, ") TO STDOUT"]
}
