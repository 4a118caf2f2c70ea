//! The order of creation.

use crate::object::{Kind, Name};
use crate::text::Text;

/// One candidate.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub name: Name,
    /// Its oid on the source.
    pub oid: u32,
    /// Sort keys after schema and name.
    pub tie: Vec<Text>,
    /// What it is a piece of.
    pub part_of: Option<usize>,
    /// Whether it is created inside `part_of` unless a loop forces it out.
    pub inline: bool,
    /// What must exist before it.
    pub needs: Vec<usize>,
}

/// The settled order.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Positions of the nodes in order of creation.
    pub sequence: Vec<usize>,
    /// Pieces forced out, views that become dummies.
    pub separated: Vec<bool>,
    /// Definitions moved to post-data.
    pub postponed: Vec<bool>,
    /// Edges after repair.
    pub needs: Vec<Vec<usize>>,
    /// Loops cut arbitrarily.
    pub unresolved: Vec<Vec<usize>>,
}

/// Orders nodes: not yet by their needs.
#[must_use]
pub fn order(nodes: Vec<Node>) -> Order {
    let count = nodes.len();
    let mut sequence: Vec<usize> = (0..count).collect();
    sequence.sort_by_key(|&at| nodes[at].kind);
    Order {
        sequence,
        separated: vec![false; count],
        postponed: vec![false; count],
        needs: nodes.into_iter().map(|node| node.needs).collect(),
        unresolved: Vec::new(),
    }
}
