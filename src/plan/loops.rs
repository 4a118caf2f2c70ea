//! Repair of dependency loops: which edge gives way, and which object is therefore created in two steps or later.
//!
//! Views are sacrificed before materialized views, these before functions, functions before checks. The rules are those
//! of pg_dump 18, except that nothing with rows is ever moved behind them: where that would be, a key comes before them.

use std::collections::{HashSet, VecDeque};

use crate::object::{Kind, Section};
use crate::plan::order::Graph;

/// Removes every loop. Afterwards edges are free of loops and repetitions.
pub(super) fn repair(graph: &mut Graph<'_>, position: &[usize]) {
    let rank = discovery(graph, position);
    repair_pairs(graph);
    for (at, needs) in graph.needs.iter_mut().enumerate() {
        needs.sort_unstable_by_key(|&need| rank[need]);
        needs.dedup();
        needs.retain(|&need| need != at);
    }
    let mut search = Search::new(graph.needs.len());
    loop {
        let mut components = components(&graph.needs);
        if components.is_empty() {
            return;
        }
        for component in &mut components {
            component.sort_unstable_by_key(|&at| rank[at]);
        }
        components.sort_unstable_by_key(|component| rank[component[0]]);
        for component in &components {
            repair_component(graph, component, &mut search);
        }
    }
}

/// Rank in which loops are looked for: relations, functions, types, then the rest, each by oid. The first object of a
/// loop decides what gives way, so that the choice survives a restore, which creates objects in this order.
fn discovery(graph: &Graph<'_>, position: &[usize]) -> Vec<usize> {
    let key = |at: usize| match graph.nodes.get(at) {
        None => (4, 0, position[at]),
        Some(node) => (node.kind.facts().rank_in_loops, node.oid, position[at]),
    };
    let mut discovered: Vec<usize> = (0..graph.needs.len()).collect();
    discovered.sort_unstable_by_key(|&at| key(at));
    let mut rank = vec![0; discovered.len()];
    for (at, node) in discovered.into_iter().enumerate() {
        rank[node] = at;
    }
    rank
}

/// Loops of a type and its input and output functions meet in the shell type. (The other loops of two, between a
/// relation and its inline piece, are never built: an inline piece has no edge to its owner.)
fn repair_pairs(graph: &mut Graph<'_>) {
    let nodes = graph.nodes;
    for (at, node) in nodes.iter().enumerate() {
        if let (Kind::ShellType, Some(full)) = (node.kind, node.part_of) {
            use_shell(graph, at, full);
        }
    }
}

/// Functions that the full type needs get along with the shell of it.
fn use_shell(graph: &mut Graph<'_>, shell: usize, full: usize) {
    for function in graph.needs[full].clone() {
        if graph.nodes.get(function).is_none_or(|node| node.kind != Kind::Function) {
            continue;
        }
        for need in &mut graph.needs[function] {
            if *need == full {
                *need = shell;
                graph.separated[shell] = true;
            }
        }
    }
}

/// Repairs loops of one component, which is sorted by rank. Those through something with rows come first: what moves
/// behind the rows must not be needed before them.
fn repair_component(graph: &mut Graph<'_>, component: &[usize], search: &mut Search) {
    search.enter(component);
    let objects = component.iter().copied().filter(|&at| at < graph.nodes.len());
    let (with_rows, others): (Vec<usize>, Vec<usize>) = objects.partition(|&at| holds_rows(graph.nodes[at].kind));
    if !repair_from(graph, &with_rows, search) {
        repair_from(graph, &others, search);
    }
}

/// Repairs loops through these objects, each in at most one, so that every repair sees edges as they are. Whether there
/// was one.
fn repair_from(graph: &mut Graph<'_>, starts: &[usize], search: &mut Search) -> bool {
    let mut repaired = HashSet::new();
    for &start in starts {
        if repaired.contains(&start) {
            continue;
        }
        if let Some(found) = search.shortest(&graph.needs, start) {
            repair_loop(graph, &found);
            repaired.extend(found);
        }
    }
    !repaired.is_empty()
}

/// What is rows, or must stand before they are loaded.
fn holds_rows(kind: Kind) -> bool {
    matches!(kind, Kind::Table | Kind::ForeignTable | Kind::Sequence | Kind::TableAttach)
}

/// Repairs one loop, in which each object needs the next and the last needs the first.
fn repair_loop(graph: &mut Graph<'_>, found: &[usize]) {
    let through_boundary = found.contains(&graph.pre_data_end());
    if let Some((view, rule)) = piece_in(graph, found, Kind::Rule, |owner| owner == Kind::View) {
        graph.separated[view] = true;
        return force_out(graph, view, rule, true);
    }
    let owns_checks = |owner| !matches!(owner, Kind::View | Kind::MaterializedView);
    if through_boundary {
        // Whatever else could give way, servers would not always let it: they add no check to a domain that a column
        // holds in an array or a row.
        let with_rows = found.iter().any(|&at| graph.nodes.get(at).is_some_and(|node| holds_rows(node.kind)));
        if with_rows && advance(graph, found) {
            return;
        }
        if let Some((domain, check)) = piece_in(graph, found, Kind::DomainConstraint, owns_checks) {
            return force_out(graph, domain, check, true);
        }
        if postpone(graph, found) {
            return;
        }
    }
    for (piece, post_data) in [(Kind::Check, true), (Kind::Default, through_boundary), (Kind::DomainConstraint, true)] {
        if let Some((owner, piece)) = piece_in(graph, found, piece, owns_checks) {
            return force_out(graph, owner, piece, post_data);
        }
    }
    if !(through_boundary && advance(graph, found)) {
        cut(graph, found);
    }
}

/// An inline piece of this kind that is on the loop together with its owner; the owner with the lowest oid.
fn piece_in(graph: &Graph<'_>, found: &[usize], kind: Kind, owner_is: impl Fn(Kind) -> bool) -> Option<(usize, usize)> {
    found
        .iter()
        .filter(|&&at| graph.nodes.get(at).is_some_and(|node| node.kind == kind) && graph.is_inline(at))
        .filter_map(|&piece| graph.nodes[piece].part_of.map(|owner| (owner, piece)))
        .filter(|&(owner, piece)| owner_is(graph.nodes[owner].kind) && graph.needs[owner].contains(&piece))
        .filter(|(owner, _)| found.contains(owner))
        .min_by_key(|&(owner, piece)| (graph.nodes[owner].oid, graph.nodes[piece].oid))
}

/// Gives an inline piece statements of its own, after its owner.
fn force_out(graph: &mut Graph<'_>, owner: usize, piece: usize, post_data: bool) {
    graph.needs[owner].retain(|&need| need != piece);
    graph.separated[piece] = true;
    insert(graph, piece, owner);
    if post_data {
        move_to_post_data(graph, piece);
    }
}

fn move_to_post_data(graph: &mut Graph<'_>, at: usize) {
    let (pre, post) = (graph.pre_data_end(), graph.post_data_start());
    graph.needs[pre].retain(|&need| need != at);
    insert(graph, at, post);
    graph.postponed[at] = graph.nodes[at].kind.section() != Section::PostData;
}

fn insert(graph: &mut Graph<'_>, at: usize, need: usize) {
    if !graph.needs[at].contains(&need) {
        graph.needs[at].push(need);
    }
}

/// A materialized view or function that needs a key is created in post-data, and what needs it before its turn comes is
/// moved with it. Not where that is something rows are loaded into: there a check or default has to give way.
fn postpone(graph: &mut Graph<'_>, found: &[usize]) -> bool {
    let movable = |at: usize| {
        graph
            .nodes
            .get(at)
            .is_some_and(|node| matches!(node.kind, Kind::MaterializedView | Kind::Function | Kind::Procedure))
    };
    if !found.iter().any(|&at| movable(at)) {
        return false;
    }
    let Some(boundary) = found.iter().position(|&at| at == graph.pre_data_end()) else { return false };
    let next = found[(boundary + 1) % found.len()];
    let kind = graph.nodes[next].kind;
    let stays = holds_rows(kind) || kind == Kind::View || kind == Kind::Default && graph.is_inline(next);
    if !stays {
        move_to_post_data(graph, next);
    }
    !stays
}

/// Brings the key of a loop before the rows, where a table needs what needs it: in a default, a generated column, the key
/// of its partitions, a type.
fn advance(graph: &mut Graph<'_>, found: &[usize]) -> bool {
    let (pre, post) = (graph.pre_data_end(), graph.post_data_start());
    let Some(boundary) = found.iter().position(|&at| at == post) else { return false };
    let key = found[(boundary + found.len() - 1) % found.len()];
    let may_move = graph.nodes.get(key).is_some_and(|node| matches!(node.kind, Kind::Constraint | Kind::Index));
    if !may_move || graph.advanced[key] {
        return false;
    }
    graph.needs[key].retain(|&need| need != post);
    insert(graph, pre, key);
    graph.advanced[key] = true;
    true
}

/// Gives up: drops one edge between two objects and reports the loop.
fn cut(graph: &mut Graph<'_>, found: &[usize]) {
    let count = graph.nodes.len();
    let next = |at: usize| found[(at + 1) % found.len()];
    let at = (0..found.len())
        .find(|&at| found[at] < count && next(at) < count)
        .expect("boundaries have no loop of their own, so two objects follow each other");
    graph.needs[found[at]].retain(|&need| need != next(at));
    graph.unresolved.push(found.iter().copied().filter(|&node| node < count).collect());
}

/// Search for a shortest loop inside one component; made once, since components may be many.
struct Search {
    /// The number of the component that a node was last in.
    component: Vec<usize>,
    /// The number of the search that reached a node last.
    reached: Vec<usize>,
    from: Vec<usize>,
    searches: usize,
}

impl Search {
    fn new(count: usize) -> Self {
        Self { component: vec![0; count], reached: vec![0; count], from: vec![0; count], searches: 0 }
    }

    fn enter(&mut self, component: &[usize]) {
        self.searches += 1;
        for &at in component {
            self.component[at] = self.searches;
        }
    }

    /// A loop of fewest objects through `start`, beginning with it, each needing the next, inside the component of
    /// `start`.
    fn shortest(&mut self, needs: &[Vec<usize>], start: usize) -> Option<Vec<usize>> {
        self.searches += 1;
        let mut queue = VecDeque::from([start]);
        self.reached[start] = self.searches;
        while let Some(at) = queue.pop_front() {
            if needs[at].contains(&start) {
                return Some(self.path(start, at));
            }
            for &need in &needs[at] {
                if self.component[need] == self.component[start] && self.reached[need] != self.searches {
                    self.reached[need] = self.searches;
                    self.from[need] = at;
                    queue.push_back(need);
                }
            }
        }
        None
    }

    fn path(&self, start: usize, end: usize) -> Vec<usize> {
        let mut path = vec![end];
        let mut at = end;
        while at != start {
            at = self.from[at];
            path.push(at);
        }
        path.reverse();
        path
    }
}

/// Strongly connected components of more than one node (Tarjan, with a stack of its own: chains may be long).
fn components(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut index = vec![UNSEEN; needs.len()];
    let mut low = vec![0; needs.len()];
    let mut open = vec![false; needs.len()];
    let (mut stack, mut calls, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let mut next = 0;
    for root in 0..needs.len() {
        if index[root] == UNSEEN {
            calls.push((root, 0));
        }
        while let Some((at, edge)) = calls.pop() {
            if edge == 0 {
                (index[at], low[at], open[at]) = (next, next, true);
                next += 1;
                stack.push(at);
            } else {
                low[at] = low[at].min(low[needs[at][edge - 1]]);
            }
            let unseen = (edge..needs[at].len()).find(|&edge| {
                let need = needs[at][edge];
                if open[need] {
                    low[at] = low[at].min(index[need]);
                }
                index[need] == UNSEEN
            });
            if let Some(edge) = unseen {
                calls.push((at, edge + 1));
                calls.push((needs[at][edge], 0));
            } else if low[at] == index[at] {
                let start = stack.iter().rposition(|&member| member == at).expect("an open node is on the stack");
                let members = stack.split_off(start);
                for &member in &members {
                    open[member] = false;
                }
                if members.len() > 1 {
                    found.push(members);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::object::Kind;
    use crate::plan::order::tests::checked;
    use crate::plan::{Node, Order};

    fn places(found: &Order) -> impl Fn(usize) -> usize {
        let sequence = found.sequence.clone();
        move |node| sequence.iter().position(|&at| at == node).expect("every node has a place")
    }

    #[test]
    fn a_base_type_and_its_functions_meet_in_the_shell() {
        let nodes = [
            Node::new(Kind::Type, "s.t", 1, &[1, 2, 4]),
            Node::new(Kind::Function, "s.t_in", 2, &[0]),
            Node::new(Kind::Function, "s.t_out", 3, &[0]),
            Node::new(Kind::ShellType, "s.t", 1, &[]).inline(0),
            Node::new(Kind::Function, "s.other", 4, &[]),
        ];
        let found = checked(&nodes);
        assert_eq!(found.separated, [false, false, false, true, false]);
        assert_eq!(found.needs[1], [3]);
        assert_eq!(found.needs[0], [1, 2, 4]);
    }

    #[test]
    fn a_shell_that_nobody_needs_stays_unused() {
        let nodes = [
            Node::new(Kind::Type, "s.range", 1, &[2]),
            Node::new(Kind::ShellType, "s.range", 1, &[]).inline(0),
            Node::new(Kind::Function, "s.diff", 2, &[]),
        ];
        assert_eq!(checked(&nodes).separated, [false; 3]);
    }

    #[test]
    fn a_view_has_its_rule_inside() {
        let nodes = [
            Node::new(Kind::View, "s.v", 1, &[]),
            Node::new(Kind::Rule, "s._RETURN", 2, &[0, 2]).inline(0),
            Node::new(Kind::Table, "s.t", 3, &[]),
        ];
        let found = checked(&nodes);
        assert_eq!(found.separated, [false; 3]);
        assert_eq!(found.sequence, [2, 1, 0]);
    }

    #[test]
    fn a_view_that_groups_by_a_key_is_created_twice() {
        let nodes = [
            Node::new(Kind::View, "s.v", 1, &[]),
            Node::new(Kind::Rule, "s._RETURN", 2, &[0, 2, 3]).inline(0),
            Node::new(Kind::Table, "s.t", 3, &[]),
            Node::new(Kind::Constraint, "s.t_pkey", 4, &[]).of(2),
        ];
        let found = checked(&nodes);
        assert_eq!(found.separated, [true, true, false, false]);
        assert_eq!(found.needs[1], [0, 2, 3]);
        assert!(found.needs[0].is_empty());
        let place = places(&found);
        assert!(place(0) < place(3) && place(3) < place(1));
    }

    #[test]
    fn of_views_that_read_each_other_the_oldest_becomes_a_dummy() {
        let nodes = [
            Node::new(Kind::View, "s.a", 20, &[]),
            Node::new(Kind::Rule, "s._RETURN", 21, &[2]).inline(0),
            Node::new(Kind::View, "s.b", 10, &[]),
            Node::new(Kind::Rule, "s._RETURN", 11, &[0]).inline(2),
        ];
        assert_eq!(checked(&nodes).separated, [false, false, true, true]);
    }

    #[test]
    fn a_view_over_a_function_over_its_rows() {
        let nodes = [
            Node::new(Kind::View, "s.v", 1, &[]),
            Node::new(Kind::Rule, "s._RETURN", 2, &[2]).inline(0),
            Node::new(Kind::Function, "s.f", 3, &[3]),
            Node::new(Kind::DummyType, "s.v", 4, &[0]),
        ];
        let found = checked(&nodes);
        assert_eq!(found.separated, [true, true, false, false]);
        assert_eq!(found.postponed, [false; 4]);
    }

    #[test]
    fn a_materialized_view_on_a_key_moves_with_all_that_reads_it() {
        let nodes = [
            Node::new(Kind::MaterializedView, "s.m", 1, &[]),
            Node::new(Kind::Rule, "s._RETURN", 2, &[0, 2, 3]).inline(0),
            Node::new(Kind::Table, "s.t", 3, &[]),
            Node::new(Kind::Constraint, "s.t_pkey", 4, &[]).of(2),
            Node::new(Kind::DummyType, "s.m", 5, &[0]),
            Node::new(Kind::MaterializedView, "s.n", 6, &[]),
            Node::new(Kind::Rule, "s._RETURN", 7, &[5, 0]).inline(5),
            Node::new(Kind::Function, "s.f", 8, &[4]),
        ];
        let found = checked(&nodes);
        assert_eq!(found.postponed, [true, false, false, false, true, true, false, true]);
        assert_eq!(found.separated, [false; 8]);
        assert!(found.unresolved.is_empty());
        let place = places(&found);
        assert!(place(3) < place(0) && place(0) < place(5));
    }

    #[test]
    fn a_function_whose_body_needs_a_key_moves_and_views_over_it_become_dummies() {
        let nodes = [
            Node::new(Kind::Function, "s.f", 1, &[1, 2]),
            Node::new(Kind::Table, "s.t", 2, &[]),
            Node::new(Kind::Constraint, "s.t_pkey", 3, &[]).of(1),
            Node::new(Kind::View, "s.v", 4, &[]),
            Node::new(Kind::Rule, "s._RETURN", 5, &[3, 0]).inline(3),
        ];
        let found = checked(&nodes);
        assert_eq!(found.postponed, [true, false, false, false, false]);
        assert_eq!(found.separated, [false, false, false, true, true]);
    }

    #[test]
    fn the_key_for_a_function_that_a_default_calls_comes_first() {
        let nodes = [
            Node::new(Kind::Table, "s.t", 1, &[]),
            Node::new(Kind::Default, "s.t", 2, &[2]).inline(0),
            Node::new(Kind::Function, "s.f", 3, &[4]),
            Node::new(Kind::Table, "s.u", 4, &[]),
            Node::new(Kind::Constraint, "s.u_pkey", 5, &[]).of(3),
        ];
        let found = checked(&nodes);
        assert_eq!(found.advanced, [false, false, false, false, true]);
        assert_eq!((&found.postponed[..], &found.separated[..]), (&[false; 5][..], &[false; 5][..]));
        assert!(found.unresolved.is_empty());
    }

    #[test]
    fn a_default_that_needs_the_key_of_its_own_table_comes_after_it() {
        let nodes = [
            Node::new(Kind::Table, "s.t", 1, &[]),
            Node::new(Kind::Default, "s.t", 2, &[2]).inline(0),
            Node::new(Kind::Function, "s.f", 3, &[0, 3]),
            Node::new(Kind::Constraint, "s.t_pkey", 4, &[]).of(0),
        ];
        let found = checked(&nodes);
        assert!(found.unresolved.is_empty(), "{:?}", found.unresolved);
        assert_eq!(found.postponed, [false, true, true, false]);
        assert_eq!(found.separated, [false, true, false, false]);
    }

    #[test]
    fn a_domain_of_a_column_keeps_a_check_that_calls_such_a_function_and_the_key_comes_first() {
        let nodes = [
            Node::new(Kind::Table, "s.ord", 1, &[]),
            Node::new(Kind::Constraint, "s.ord_pkey", 2, &[]).of(0),
            Node::new(Kind::Function, "s.f", 3, &[0, 1]),
            Node::new(Kind::Domain, "s.d", 4, &[]),
            Node::new(Kind::DomainConstraint, "s.d_check", 5, &[2, 3]).inline(3),
            Node::new(Kind::Table, "s.uses_d", 6, &[3]),
            Node::new(Kind::Default, "s.uses_d", 7, &[2]).inline(5),
        ];
        let found = checked(&nodes);
        assert!(found.unresolved.is_empty(), "{:?}", found.unresolved);
        assert_eq!(found.advanced, [false, true, false, false, false, false, false]);
        assert_eq!((&found.postponed[..], &found.separated[..]), (&[false; 7][..], &[false; 7][..]));
        // Nobody has the domain without its check, either.
        let found = checked(&nodes[..5]);
        assert_eq!(found.postponed, [false, false, true, false, true]);
    }

    /// A generated column, the key of partitions, the type of a column: nothing of the table can come later.
    #[test]
    fn where_a_table_cannot_do_without_such_a_function_the_key_comes_first() {
        for kind in [None, Some(Kind::Type), Some(Kind::OperatorClass), Some(Kind::Aggregate), Some(Kind::Domain)] {
            let mut nodes = vec![
                Node::new(Kind::Table, "s.ord", 1, &[]),
                Node::new(Kind::Constraint, "s.ord_pkey", 2, &[]).of(0),
                Node::new(Kind::Function, "s.f", 3, &[0, 1]),
                Node::new(Kind::Table, "s.t", 5, &[if kind.is_some() { 4 } else { 2 }]),
            ];
            nodes.extend(kind.map(|kind| Node::new(kind, "s.between", 4, &[2])));
            let found = checked(&nodes);
            assert!(found.unresolved.is_empty(), "{kind:?}: {:?}", found.unresolved);
            assert_eq!(found.advanced.iter().position(|&advanced| advanced), Some(1), "{kind:?}");
            assert!(!found.postponed.contains(&true), "{kind:?}");
            let place = places(&found);
            assert!(place(0) < place(1) && place(1) < place(2) && place(2) < place(3), "{kind:?}");
        }
    }

    #[test]
    fn a_check_stays_inside_its_table_unless_its_function_reads_the_row_type() {
        let mut nodes = vec![
            Node::new(Kind::Table, "s.t", 1, &[]),
            Node::new(Kind::Check, "s.c", 2, &[0]).inline(0),
            Node::new(Kind::Function, "s.f", 3, &[3]),
            Node::new(Kind::DummyType, "s.t", 4, &[0]),
        ];
        let found = checked(&nodes);
        assert_eq!((&found.separated[..], &found.postponed[..]), (&[false; 4][..], &[false; 4][..]));
        nodes[1].needs.push(2);
        let found = checked(&nodes);
        assert_eq!(found.separated, [false, true, false, false]);
        assert_eq!(found.postponed, [false, true, false, false]);
        assert_eq!(found.needs[1], [0, 2]);
    }

    #[test]
    fn a_default_stays_inside_its_table_unless_the_table_owns_the_sequence() {
        let mut nodes = vec![
            Node::new(Kind::Table, "s.t", 1, &[]),
            Node::new(Kind::Default, "s.t", 2, &[0, 2]).inline(0),
            Node::new(Kind::Sequence, "s.q", 3, &[]),
        ];
        assert_eq!(checked(&nodes).separated, [false; 3]);
        nodes[2].needs.push(0);
        let found = checked(&nodes);
        assert_eq!(found.separated, [false, true, false]);
        assert_eq!(found.postponed, [false; 3]);
        assert_eq!(found.sequence, [0, 2, 1]);
    }

    #[test]
    fn a_domain_keeps_its_check_unless_its_function_takes_the_domain() {
        let mut nodes = vec![
            Node::new(Kind::Domain, "s.d", 1, &[]),
            Node::new(Kind::DomainConstraint, "s.c", 2, &[0]).inline(0),
            Node::new(Kind::Function, "s.f", 3, &[0]),
        ];
        assert_eq!(checked(&nodes).separated, [false; 3]);
        nodes[1].needs.push(2);
        let found = checked(&nodes);
        assert_eq!(found.separated, [false, true, false]);
        assert_eq!(found.postponed, [false, true, false]);
    }

    #[test]
    fn a_table_that_needs_itself() {
        let nodes = [Node::new(Kind::Table, "s.t", 1, &[0])];
        let found = checked(&nodes);
        assert!(found.needs[0].is_empty() && found.unresolved.is_empty());
    }

    #[test]
    fn what_no_rule_repairs_is_cut_and_named() {
        let nodes = [
            Node::new(Kind::Domain, "s.d", 1, &[1]),
            Node::new(Kind::Function, "s.f", 2, &[0]),
            Node::new(Kind::Table, "s.t", 3, &[3]),
            Node::new(Kind::Constraint, "s.k", 4, &[]).of(2),
        ];
        let found = checked(&nodes);
        assert_eq!(found.unresolved, [vec![2, 3], vec![1, 0]]);
    }
}
