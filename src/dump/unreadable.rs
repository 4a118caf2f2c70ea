//! What the role may not read beside tables: positions of sequences, large objects, and subscriptions, whose connection
//! strings only superusers see.

use std::collections::HashSet;

use crate::error::Result;
use crate::object::{Kind, Object};
use crate::pg::{Session, sql};
use crate::text::Text;

/// What is closed to the role.
#[derive(Clone, Debug, Default)]
pub(super) struct Unreadable {
    /// Sequences, and the first large object of each batch.
    closed: HashSet<(Kind, u32)>,
    /// Names of subscriptions.
    pub(super) subscriptions: Vec<Text>,
}

impl Unreadable {
    /// Asks the server. One query.
    pub(super) async fn read(session: &mut Session) -> Result<Self> {
        let statement = sql::for_version(include_str!("unreadable.sql"), session.major());
        let rows = session.query(statement).await.map_err(|e| e.while_doing("list what the role may not read"))?;
        let mut all = Self::default();
        for row in &rows {
            match row.text("kind")?.as_bytes() {
                b"subscription" => all.subscriptions.push(row.text("name")?),
                b"sequence" => drop(all.closed.insert((Kind::Sequence, row.number("name")?))),
                _ => drop(all.closed.insert((Kind::LargeObjects, row.number("name")?))),
            }
        }
        Ok(all)
    }

    /// Whether an object is a sequence or a batch of large objects that the role may not read.
    pub(super) fn has(&self, object: &Object) -> bool {
        self.closed.contains(&(object.kind, object.oid))
    }
}
