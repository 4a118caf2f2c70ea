//! What tables inherit from, and the attachment of partitions to their parents.

use std::collections::HashMap;

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// A table that another one inherits from or is a partition of.
#[derive(Debug)]
pub(crate) struct Parent {
    pub(crate) oid: u32,
    /// Quoted.
    pub(crate) name: Text,
}

/// Parents of tables and foreign tables.
#[derive(Debug, Default)]
pub(crate) struct Inheritance {
    inherited: HashMap<u32, Vec<Parent>>,
    partitioned: HashMap<u32, Parent>,
}

impl Inheritance {
    /// Tables that this one names in its INHERITS list, in order; none for a partition.
    pub(crate) fn inherited(&self, child: u32) -> &[Parent] {
        self.inherited.get(&child).map_or(&[], Vec::as_slice)
    }

    /// The same as addresses.
    pub(crate) fn addresses(&self, child: u32) -> Vec<Address> {
        self.inherited(child).iter().map(|parent| Address { class: class::CLASS, oid: parent.oid }).collect()
    }

    /// The partitioned tables above a partition, the nearest first.
    pub(crate) fn above(&self, partition: u32) -> impl Iterator<Item = &Parent> {
        std::iter::successors(self.partitioned.get(&partition), |parent| self.partitioned.get(&parent.oid))
    }
}

pub(crate) async fn load(source: &Source) -> Result<(Inheritance, Vec<Draft>)> {
    let mut all = Inheritance::default();
    let mut drafts = Vec::new();
    for row in &source.query("inheritance", include_str!("partitions.sql")).await? {
        let child: u32 = row.number("child")?;
        let name = Name::in_schema(row.text("parent_schema")?, row.text("parent_name")?).sql();
        let parent = Parent { oid: row.number("parent")?, name };
        match row.maybe("bound")? {
            Some(bound) => {
                let draft = attachment(row, &parent, &bound)?;
                if row.boolean("detaching")? {
                    source.warn(
                        format!("partition {} is being detached and is kept as attached", draft.name),
                        "finish it with ALTER TABLE .. DETACH PARTITION .. FINALIZE",
                    );
                }
                drafts.push(draft);
                all.partitioned.insert(child, parent);
            }
            None => all.inherited.entry(child).or_default().push(parent),
        }
    }
    Ok((all, drafts))
}

fn attachment(row: &Row, parent: &Parent, bound: &Text) -> Result<Draft> {
    let child: u32 = row.number("child")?;
    let name = Name::in_schema(row.text("child_schema")?, row.text("child_name")?);
    let child_name = name.sql();
    let mut draft = Draft::new(class::INHERITS, child, Kind::TableAttach, name, Text::new());
    draft.part_of = Some(Address { class: class::CLASS, oid: child });
    draft.needs = vec![Address { class: class::CLASS, oid: parent.oid }];
    draft.creates(text!["ALTER TABLE ONLY ", parent.name, " ATTACH PARTITION ", child_name, " ", bound]);
    draft.drop = vec![text!["ALTER TABLE ", parent.name, " DETACH PARTITION ", child_name]];
    Ok(draft)
}
