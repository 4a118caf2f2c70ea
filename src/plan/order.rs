//! The order in which objects are created: sorted by kind and name, disturbed only where a dependency demands it.
//!
//! Owns priorities, the stable topological sort and the edges that follow from what a piece belongs to; repairs of
//! loops are in `loops`. Equal catalogs give equal orders, whatever order the server returned rows in.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::object::{Kind, Name, Section};
use crate::plan::loops;
use crate::text::Text;

/// One candidate object. Indexes in `part_of` and `needs` are positions in the slice given to [`order`].
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub name: Name,
    /// Its oid on the source; 0 for what has none.
    pub oid: u32,
    /// Further sort keys after kind, schema, name and table, compared as bytes: pad numbers with zeros.
    pub tie: Vec<Text>,
    /// What it is a piece of: the relation of a check, default, rule, trigger or index, the domain of a constraint, the
    /// full type of a shell type. A piece needs what it belongs to without saying so; an inline one the other way round.
    pub part_of: Option<usize>,
    /// Created inside `part_of` (check, default, domain constraint, a view's own `_RETURN` rule), or only on demand
    /// (shell type), unless a loop forces it out: see [`Order::separated`].
    pub inline: bool,
    /// Objects that must exist before it, in any order, repeated or not.
    pub needs: Vec<usize>,
}

/// What [`order`] found. Every vector but `sequence` and `unresolved` is indexed like the nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// All nodes, each after everything in its `needs`.
    pub sequence: Vec<usize>,
    /// Inline pieces that need statements of their own, shell types that must be created, and views that are created
    /// with a dummy definition first (their rule, separated too, brings the real one).
    pub separated: Vec<bool>,
    /// Definitions that move to post-data although [`Kind::section`] says otherwise.
    pub postponed: Vec<bool>,
    /// Keys that move before the rows, since something that is needed for these needs them.
    pub advanced: Vec<bool>,
    /// Edges after repair, sorted, without repetition.
    pub needs: Vec<Vec<usize>>,
    /// Loops that no rule repairs and that were cut anywhere, for a warning.
    pub unresolved: Vec<Vec<usize>>,
}

impl Order {
    /// The section in which a node of this kind is created.
    #[must_use]
    pub fn section(&self, node: usize, kind: Kind) -> Section {
        match (self.postponed[node], self.advanced[node]) {
            (true, _) => Section::PostData,
            (_, true) => Section::PreData,
            _ => kind.section(),
        }
    }
}

/// Priority of the boundary after which rows are loaded.
const PRE_DATA_END: u8 = 25;
/// Priority of the boundary before post-data.
const POST_DATA_START: u8 = 27;

/// Puts objects into an order of creation and repairs loops between them.
///
/// # Panics
///
/// Where an index of a node points outside the slice.
#[must_use]
pub fn order(nodes: &[Node]) -> Order {
    let mut graph = Graph::new(nodes);
    let position = graph.positions();
    loops::repair(&mut graph, &position);
    let count = nodes.len();
    let mut sequence = sorted(&graph.needs, &position);
    sequence.retain(|&node| node < count);
    graph.needs.truncate(count);
    for needs in &mut graph.needs {
        needs.retain(|&need| need < count);
        needs.sort_unstable();
    }
    Order {
        sequence,
        separated: graph.separated,
        postponed: graph.postponed,
        advanced: graph.advanced,
        needs: graph.needs,
        unresolved: graph.unresolved,
    }
}

/// Nodes and edges with two boundaries as further nodes, so that a pre-data object that needs a post-data one shows up
/// as a loop.
pub(super) struct Graph<'a> {
    pub(super) nodes: &'a [Node],
    /// Edges of nodes, then of the two boundaries.
    pub(super) needs: Vec<Vec<usize>>,
    pub(super) separated: Vec<bool>,
    pub(super) postponed: Vec<bool>,
    pub(super) advanced: Vec<bool>,
    pub(super) unresolved: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn new(nodes: &'a [Node]) -> Self {
        let mut graph = Self {
            nodes,
            needs: nodes.iter().map(|node| node.needs.clone()).collect(),
            separated: vec![false; nodes.len()],
            postponed: vec![false; nodes.len()],
            advanced: vec![false; nodes.len()],
            unresolved: Vec::new(),
        };
        graph.needs.resize(nodes.len() + 2, Vec::new());
        for at in 0..nodes.len() {
            graph.join_piece(at);
            graph.join_boundaries(at);
        }
        let (pre, post) = (graph.pre_data_end(), graph.post_data_start());
        graph.needs[post].push(pre);
        graph
    }

    /// The boundary that needs all pre-data objects.
    pub(super) fn pre_data_end(&self) -> usize {
        self.nodes.len()
    }

    /// The boundary that all post-data objects need.
    pub(super) fn post_data_start(&self) -> usize {
        self.nodes.len() + 1
    }

    /// Whether it is created inside what it belongs to.
    pub(super) fn is_inline(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        node.inline && node.kind != Kind::ShellType && !self.separated[at]
    }

    /// An inline piece is ready before its owner is created; any other piece comes after it.
    fn join_piece(&mut self, at: usize) {
        let node = &self.nodes[at];
        match node.part_of {
            Some(owner) if self.is_inline(at) => {
                self.needs[at].retain(|&need| need != owner);
                self.needs[owner].push(at);
            }
            Some(owner) if node.kind != Kind::ShellType => self.needs[at].push(owner),
            _ => {}
        }
    }

    /// Inline pieces have no section of their own; a check or domain constraint that is not inline is post-data, since
    /// it must not be tested against rows while they are loaded.
    fn join_boundaries(&mut self, at: usize) {
        let node = &self.nodes[at];
        let checks = matches!(node.kind, Kind::Check | Kind::DomainConstraint);
        if self.is_inline(at) && (checks || node.kind == Kind::Rule) {
            return;
        }
        let section = if checks { Section::PostData } else { node.kind.section() };
        self.postponed[at] = section != node.kind.section();
        let (pre, post) = (self.pre_data_end(), self.post_data_start());
        if section == Section::PreData {
            self.needs[pre].push(at);
        } else {
            self.needs[at].push(if section == Section::Data { pre } else { post });
        }
        if section == Section::Data {
            self.needs[post].push(at);
        }
    }

    /// Position of each node, boundaries included, in the order by kind and name.
    fn positions(&self) -> Vec<usize> {
        let mut by_name: Vec<usize> = (0..self.needs.len()).collect();
        by_name.sort_by(|&a, &b| self.compare(a, b));
        let mut position = vec![0; by_name.len()];
        for (at, node) in by_name.into_iter().enumerate() {
            position[node] = at;
        }
        position
    }

    fn priority(&self, at: usize) -> u8 {
        match self.nodes.get(at) {
            Some(node) => node.kind.facts().priority,
            None if at == self.pre_data_end() => PRE_DATA_END,
            None => POST_DATA_START,
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        let by_priority = self.priority(a).cmp(&self.priority(b));
        match (self.nodes.get(a), self.nodes.get(b)) {
            (Some(a), Some(b)) => by_priority.then_with(|| compare(a, b)),
            _ => by_priority,
        }
    }
}

/// By name, those without a schema last; then by what tells objects of the same name apart.
fn compare(a: &Node, b: &Node) -> Ordering {
    let schema = |node: &'_ Node| node.name.schema.is_none();
    schema(a)
        .cmp(&schema(b))
        .then_with(|| a.name.schema.cmp(&b.name.schema))
        .then_with(|| a.name.name.cmp(&b.name.name))
        .then_with(|| a.kind.cmp(&b.kind))
        .then_with(|| a.name.table.cmp(&b.name.table))
        .then_with(|| a.tie.cmp(&b.tie))
        .then_with(|| a.name.arguments.cmp(&b.name.arguments))
        .then_with(|| a.oid.cmp(&b.oid))
}

/// Kahn's algorithm from the end: of all nodes that nothing unplaced waits for, the one with the highest position is
/// placed last. That moves a node forward only as far as those that need it.
///
/// `needs` must be free of loops and repetitions; nodes on a loop would be left out.
fn sorted(needs: &[Vec<usize>], position: &[usize]) -> Vec<usize> {
    let mut waiting = vec![0usize; needs.len()];
    for &need in needs.iter().flatten() {
        waiting[need] += 1;
    }
    let mut ready: BinaryHeap<(usize, usize)> =
        (0..needs.len()).filter(|&node| waiting[node] == 0).map(|node| (position[node], node)).collect();
    let mut backwards = Vec::with_capacity(needs.len());
    while let Some((_, node)) = ready.pop() {
        backwards.push(node);
        for &need in &needs[node] {
            waiting[need] -= 1;
            if waiting[need] == 0 {
                ready.push((position[need], need));
            }
        }
    }
    debug_assert_eq!(backwards.len(), needs.len(), "loops were repaired before");
    backwards.reverse();
    backwards
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    impl Node {
        /// `schema.name`, or a name outside schemas, that belongs to nothing.
        pub(in crate::plan) fn new(kind: Kind, name: &str, oid: u32, needs: &[usize]) -> Self {
            let name = match name.split_once('.') {
                Some((schema, name)) => Name::in_schema(schema, name),
                None => Name::plain(name),
            };
            Self { kind, name, oid, tie: Vec::new(), part_of: None, inline: false, needs: needs.to_vec() }
        }

        pub(in crate::plan) fn of(mut self, owner: usize) -> Self {
            self.part_of = Some(owner);
            self
        }

        pub(in crate::plan) fn inline(mut self, owner: usize) -> Self {
            self.inline = true;
            self.of(owner)
        }
    }

    /// Checks what must hold for every order, and returns it.
    pub(in crate::plan) fn checked(nodes: &[Node]) -> Order {
        let found = order(nodes);
        let mut place = vec![usize::MAX; nodes.len()];
        for (at, &node) in found.sequence.iter().enumerate() {
            place[node] = at;
        }
        assert!(place.iter().all(|&place| place < nodes.len()), "every node has a place");
        for (node, needs) in found.needs.iter().enumerate() {
            for &need in needs {
                assert!(place[need] < place[node], "{:?} comes after {:?}", nodes[node], nodes[need]);
            }
        }
        found
    }

    #[test]
    fn kinds_then_schemas_then_names() {
        let nodes = [
            Node::new(Kind::Refresh, "a.a", 1, &[]),
            Node::new(Kind::Table, "b.a", 2, &[]),
            Node::new(Kind::Table, "a.b", 3, &[]),
            Node::new(Kind::View, "a.a", 4, &[]),
            Node::new(Kind::Function, "z.z", 5, &[]),
            Node::new(Kind::Cast, "z", 6, &[]),
            Node::new(Kind::Schema, "z", 7, &[]),
            Node::new(Kind::LargeObjects, "1", 8, &[]),
            Node::new(Kind::Index, "a.a", 9, &[]),
            Node::new(Kind::Table, "without", 10, &[]),
            Node::new(Kind::Domain, "a.a", 11, &[]),
        ];
        assert_eq!(checked(&nodes).sequence, [6, 10, 5, 4, 3, 2, 1, 9, 7, 8, 0]);
    }

    #[test]
    fn ties_are_broken_by_table_then_keys_then_oid() {
        let with = |kind, table: &str, tie: &str, oid| {
            let mut node = Node::new(kind, "s.same", oid, &[]);
            node.name.table = Some(table.into());
            node.tie = vec![tie.into()];
            node
        };
        let nodes = [
            with(Kind::Trigger, "b", "", 1),
            with(Kind::Trigger, "a", "", 3),
            with(Kind::Trigger, "a", "", 2),
            with(Kind::Function, "", "02", 4),
            with(Kind::Function, "", "01", 5),
        ];
        assert_eq!(checked(&nodes).sequence, [4, 3, 2, 1, 0]);
    }

    #[test]
    fn a_need_moves_only_what_is_needed() {
        let nodes = [
            Node::new(Kind::Function, "s.a", 1, &[2]),
            Node::new(Kind::Function, "s.b", 2, &[]),
            Node::new(Kind::Table, "s.m", 3, &[]),
            Node::new(Kind::Table, "s.a", 4, &[]),
        ];
        assert_eq!(checked(&nodes).sequence, [2, 0, 1, 3]);
    }

    #[test]
    fn pieces_come_after_and_inline_pieces_before_what_they_belong_to() {
        let nodes = [
            Node::new(Kind::Table, "s.t", 1, &[]),
            Node::new(Kind::Check, "s.c", 2, &[0]).inline(0),
            Node::new(Kind::Check, "s.not_valid", 3, &[]).of(0),
            Node::new(Kind::Index, "s.i", 4, &[]).of(0),
        ];
        let found = checked(&nodes);
        assert_eq!(found.sequence, [1, 0, 2, 3]);
        assert_eq!(found.postponed, [false, false, true, false]);
        assert_eq!(found.section(2, Kind::Check), Section::PostData);
    }

    #[test]
    fn a_long_chain_needs_no_stack_and_a_big_catalog_little_time() {
        let mut nodes = vec![Node::new(Kind::Schema, "s", 1, &[])];
        for at in 0..10_000usize {
            let table = nodes.len();
            let oid = |plus: usize| u32::try_from(at * 10 + plus).expect("small");
            nodes.push(Node::new(Kind::Table, &format!("s.t{at}"), oid(0), &[0, table.saturating_sub(6)]));
            nodes.push(Node::new(Kind::Default, &format!("s.d{at}"), oid(1), &[table + 2]).inline(table));
            nodes.push(Node::new(Kind::Sequence, &format!("s.s{at}"), oid(2), &[0, table]));
            nodes.push(Node::new(Kind::Check, &format!("s.c{at}"), oid(3), &[table]).inline(table));
            nodes.push(Node::new(Kind::Constraint, &format!("s.k{at}"), oid(4), &[]).of(table));
            nodes.push(Node::new(Kind::ForeignKey, &format!("s.f{at}"), oid(5), &[table + 4, 1]).of(table));
        }
        let started = std::time::Instant::now();
        let found = checked(&nodes);
        // Unoptimised, on a busy machine; anything quadratic takes minutes.
        assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
        assert_eq!(found.separated.iter().filter(|&&separated| separated).count(), 10_000);
        assert!(found.unresolved.is_empty());
    }

    const KINDS: [Kind; 12] = [
        Kind::Schema,
        Kind::Type,
        Kind::Domain,
        Kind::Function,
        Kind::Table,
        Kind::View,
        Kind::MaterializedView,
        Kind::DummyType,
        Kind::LargeObjects,
        Kind::Constraint,
        Kind::Trigger,
        Kind::Refresh,
    ];

    /// Nodes with the pieces that their kind may have, and edges of any kind, loops included.
    fn catalogs() -> impl Strategy<Value = Vec<Node>> {
        let node = (0..KINDS.len(), 0u32..4, prop::collection::vec(any::<Index>(), 0..3), any::<bool>());
        prop::collection::vec(node, 1..40).prop_map(|drawn| {
            let mut nodes = Vec::new();
            for (at, (kind, name, _, with_piece)) in drawn.iter().enumerate() {
                let oid = u32::try_from(at).expect("small");
                let owner = nodes.len();
                nodes.push(Node::new(KINDS[*kind], &format!("s.n{name}"), oid, &[]));
                let piece = match KINDS[*kind] {
                    Kind::Type => Kind::ShellType,
                    Kind::Domain => Kind::DomainConstraint,
                    Kind::Table if name % 2 == 0 => Kind::Check,
                    Kind::Table => Kind::Default,
                    Kind::View | Kind::MaterializedView => Kind::Rule,
                    _ => continue,
                };
                if *with_piece || piece == Kind::Rule {
                    nodes.push(Node::new(piece, "s.piece", oid, &[owner]).inline(owner));
                }
            }
            let count = nodes.len();
            for (at, node) in nodes.iter_mut().enumerate() {
                node.needs.extend(drawn[at % drawn.len()].2.iter().map(|need| need.index(count)));
            }
            nodes
        })
    }

    proptest! {
        #[test]
        fn every_catalog_gets_an_order(nodes in catalogs()) {
            let found = checked(&nodes);
            let asked: usize = nodes.iter().map(|node| node.needs.len() + 1).sum();
            prop_assert!(found.needs.iter().map(Vec::len).sum::<usize>() <= asked);
            let of_sections = found.sequence.iter().filter(|&&at| !nodes[at].inline && nodes[at].kind != Kind::DummyType);
            let sections: Vec<Section> = of_sections.map(|&at| found.section(at, nodes[at].kind)).collect();
            if found.unresolved.is_empty() {
                prop_assert!(sections.is_sorted(), "{sections:?}");
            }
        }

        #[test]
        fn the_order_of_the_rows_does_not_matter(nodes in catalogs(), seed in any::<u64>()) {
            let mut shuffled: Vec<usize> = (0..nodes.len()).collect();
            shuffled.sort_by_key(|&at| (at as u64).wrapping_mul(seed | 1).rotate_left(17));
            let mut now_at = vec![0; nodes.len()];
            for (new, &old) in shuffled.iter().enumerate() {
                now_at[old] = new;
            }
            let moved: Vec<Node> = shuffled.iter().map(|&old| {
                let mut node = nodes[old].clone();
                node.part_of = node.part_of.map(|owner| now_at[owner]);
                node.needs = node.needs.iter().rev().map(|&need| now_at[need]).collect();
                node
            }).collect();
            let back: Vec<usize> = order(&moved).sequence.into_iter().map(|at| shuffled[at]).collect();
            prop_assert_eq!(back, order(&nodes).sequence);
        }
    }
}
