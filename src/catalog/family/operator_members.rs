//! What operator classes and families consist of: operators by strategy, support functions by number.

use std::collections::HashMap;

use crate::catalog::source::Source;
use crate::error::Result;
use crate::text::Text;

/// Items ready for SQL.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// By oid of the class they belong to.
    pub(crate) of_class: HashMap<u32, Vec<Text>>,
    /// By oid of the family, those that belong to none of its classes.
    pub(crate) loose: HashMap<u32, Vec<Text>>,
}

pub(crate) async fn load(source: &Source) -> Result<Members> {
    let mut members = Members::default();
    for row in &source.query("operator families", include_str!("operator_members.sql")).await? {
        let list = match row.maybe_number("class")? {
            Some(class) => members.of_class.entry(class),
            None => members.loose.entry(row.number("family")?),
        };
        list.or_default().push(row.text("item")?);
    }
    Ok(members)
}
