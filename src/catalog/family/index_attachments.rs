//! Attachment of indexes of partitions to the index of the parent, which becomes valid with the last one.

use std::collections::HashMap;

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// Indexes of partitions by the index that they are attached to.
#[derive(Debug, Default)]
pub(crate) struct Attachments(HashMap<u32, Vec<u32>>);

impl Attachments {
    /// Everything that must be attached before the index is valid.
    pub(crate) fn below(&self, index: u32) -> Vec<Address> {
        let mut all = Vec::new();
        let mut open = vec![index];
        while let Some(parent) = open.pop() {
            let children = self.0.get(&parent).map_or(&[][..], Vec::as_slice);
            all.extend(children.iter().map(|&oid| Address { class: class::INHERITS, oid }));
            open.extend(children);
        }
        all
    }
}

pub(crate) async fn load(source: &Source) -> Result<(Attachments, Vec<Draft>)> {
    let mut all = Attachments::default();
    let mut drafts = Vec::new();
    for row in &source.query("index attachments", include_str!("index_attachments.sql")).await? {
        all.0.entry(row.number("parent")?).or_default().push(row.number("child")?);
        drafts.push(draft(row)?);
    }
    Ok((all, drafts))
}

fn draft(row: &Row) -> Result<Draft> {
    let child = row.number("child")?;
    let relation = |column: &str| Ok::<_, crate::Error>(Address { class: class::CLASS, oid: row.number(column)? });
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let parent = Name::in_schema(row.text("parent_schema")?, row.text("parent_name")?);
    let attach = text!["ALTER INDEX ", parent.sql(), " ATTACH PARTITION ", name.sql()];
    let mut draft = Draft::new(class::INHERITS, child, Kind::IndexAttach, name, Text::new());
    draft.part_of = Some(relation("child_table")?);
    draft.needs = vec![relation("child")?, relation("parent")?, relation("parent_table")?];
    draft.creates(attach);
    Ok(draft)
}
