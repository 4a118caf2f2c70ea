//! From drafts to objects: joins drafts with the dependencies, has them ordered, renders the statements.
//!
//! Members of extensions come with their extension: only what was changed about their grants, and the rows of
//! configuration tables, stay of them.

use std::collections::{BTreeSet, HashMap};

use crate::catalog::dependencies::Dependencies;
use crate::catalog::draft::{Address, Draft, Piece, Template, class};
use crate::catalog::source::Source;
use crate::object::{Kind, Object, ObjectId, Section};
use crate::plan::{Node, Order, order};
use crate::text::Text;

pub(crate) fn assemble(mut drafts: Vec<Draft>, dependencies: &Dependencies, source: &Source) -> Vec<Object> {
    let addresses = Addresses::new(&drafts, dependencies);
    let references = references(&drafts, &addresses);
    strip_members(&mut drafts, &addresses, dependencies);
    load_in_order(&mut drafts, references, source);
    let settled = order(&nodes(&drafts, &addresses, dependencies));
    for cut in &settled.unresolved {
        let names: Vec<String> = cut.iter().map(|&at| drafts[at].name.to_string()).collect();
        source.warn(
            format!("objects need each other in a loop: {}", names.join(", ")),
            "restore this snapshot into an empty database to see whether the server accepts the order",
        );
    }
    adopt(&mut drafts, &addresses, &settled);
    collations(&mut drafts, &addresses, dependencies, &settled);
    render(drafts, &addresses, &settled)
}

/// Objects in the order of their drafts, which must not have pieces or loops.
pub(crate) fn as_given(drafts: Vec<Draft>) -> Vec<Object> {
    let objects = drafts.into_iter().map(|mut draft| {
        let create = draft.create.iter().map(|template| fill(template, &|_| false)).collect();
        let section = draft.kind.section();
        object(&mut draft, create, section)
    });
    (0u32..).zip(objects).map(|(id, object)| Object { id: ObjectId(id), ..object }).collect()
}

/// Where an address leads: to a draft, directly or by what brings it.
struct Addresses<'a> {
    drafts: HashMap<Address, usize>,
    dependencies: &'a Dependencies,
}

impl<'a> Addresses<'a> {
    fn new(drafts: &[Draft], dependencies: &'a Dependencies) -> Self {
        let mut known = HashMap::with_capacity(drafts.len() * 2);
        for (at, draft) in drafts.iter().enumerate() {
            known.insert(draft.address, at);
            known.extend(draft.aliases.iter().map(|alias| (*alias, at)));
        }
        Self { drafts: known, dependencies }
    }

    /// The draft of an address itself, without regard to extensions.
    fn own(&self, address: Address) -> Option<usize> {
        // An array of a multirange of a range takes three steps; no chain is longer.
        let mut address = address;
        for _ in 0..4 {
            if let Some(&at) = self.drafts.get(&address) {
                return Some(at);
            }
            address = *self.dependencies.implicit.get(&address)?;
        }
        None
    }

    /// The draft that has to exist where this address is needed: for a member of an extension, the extension.
    fn needed(&self, address: Address) -> Option<usize> {
        let mut owner = address;
        for _ in 0..4 {
            if let Some(extension) = self.dependencies.members.get(&owner) {
                return self.drafts.get(extension).copied();
            }
            match self.dependencies.implicit.get(&owner) {
                Some(brought_by) if !self.drafts.contains_key(&owner) => owner = *brought_by,
                _ => break,
            }
        }
        self.own(address)
    }

    fn extension(&self, address: Address) -> Option<Address> {
        self.dependencies.members.get(&address).copied()
    }
}

/// Leaves of extension members only their grants and the rows of configuration tables.
fn strip_members(drafts: &mut [Draft], addresses: &Addresses<'_>, dependencies: &Dependencies) {
    for draft in drafts.iter_mut() {
        let whole = draft.part_of.filter(|_| draft.kind != Kind::LargeObjects).unwrap_or(draft.address);
        let member = addresses.extension(draft.address).or_else(|| addresses.extension(whole));
        let Some(extension) = member else { continue };
        if draft.address.class == extension.class || !dependencies.members.contains_key(&whole) {
            continue;
        }
        let grants = std::mem::take(&mut draft.grants);
        // Whoever lives in a schema wants to know where it comes from.
        let configuration = draft.configuration || draft.kind == Kind::Schema;
        let table = draft.table.take().filter(|table| table.condition.is_some());
        let mut bare = Draft::new(
            draft.address.class,
            draft.address.oid,
            draft.kind,
            draft.name.clone(),
            std::mem::take(&mut draft.identity),
        );
        bare.aliases = std::mem::take(&mut draft.aliases);
        bare.needs = vec![extension];
        bare.inherits = std::mem::take(&mut draft.inherits);
        bare.grants = grants;
        bare.grantees = std::mem::take(&mut draft.grantees);
        bare.table = table;
        bare.configuration = configuration;
        *draft = bare;
    }
}

/// Configuration tables, by position, with those that their foreign keys lead to.
fn references(drafts: &[Draft], addresses: &Addresses<'_>) -> Vec<(usize, usize)> {
    let configuration = |address: &Address| {
        let at = addresses.own(*address)?;
        let table = drafts[at].table.as_ref().filter(|_| addresses.extension(drafts[at].address).is_some())?;
        (drafts[at].kind == Kind::Table && table.condition.is_some()).then_some(at)
    };
    let mut found = Vec::new();
    for key in drafts.iter().filter(|draft| draft.kind == Kind::ForeignKey) {
        if let Some(from) = key.part_of.as_ref().and_then(configuration) {
            let tables = key.needs.iter().filter(|need| need.class == class::CLASS).filter_map(configuration);
            found.extend(tables.filter(|to| *to != from).map(|to| (from, to)));
        }
    }
    found
}

/// Rows of configuration tables go into tables that have their foreign keys: those that others refer to come first.
fn load_in_order(drafts: &mut [Draft], references: Vec<(usize, usize)>, source: &Source) {
    let mut settled: HashMap<usize, Vec<usize>> = HashMap::new();
    for (from, to) in references {
        if leads_to(&settled, to, from) {
            source.warn(
                format!("foreign keys of tables {} and {} lead round in a circle", drafts[from].name, drafts[to].name),
                "their rows may take a superuser and --disable-triggers to be restored",
            );
            continue;
        }
        settled.entry(from).or_default().push(to);
        let address = drafts[to].address;
        drafts[from].needs.push(address);
    }
}

/// Whether one table refers to another, directly or not.
fn leads_to(references: &HashMap<usize, Vec<usize>>, start: usize, end: usize) -> bool {
    let (mut open, mut seen) = (vec![start], BTreeSet::new());
    while let Some(at) = open.pop() {
        if at == end {
            return true;
        }
        if seen.insert(at) {
            open.extend(references.get(&at).into_iter().flatten());
        }
    }
    false
}

fn nodes(drafts: &[Draft], addresses: &Addresses<'_>, dependencies: &Dependencies) -> Vec<Node> {
    let mut needs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); drafts.len()];
    let mut edge = |from: usize, to: Option<usize>| {
        if let Some(to) = to.filter(|&to| to != from) {
            needs[from].insert(to);
        }
    };
    for (object, needed) in &dependencies.edges {
        if let Some(from) = addresses.own(*object) {
            edge(from, addresses.needed(*needed));
        }
    }
    for (at, draft) in drafts.iter().enumerate() {
        let configuration = draft.create.is_empty() && draft.table.is_some();
        for needed in &draft.needs {
            // Of a member of an extension its rows are meant, not the extension.
            let rows = addresses.own(*needed).filter(|_| configuration && needed.class == class::CLASS);
            edge(at, rows.or_else(|| addresses.needed(*needed)));
        }
        // A table needs its inline pieces, a view its query.
        let inside = draft.part_of.filter(|_| draft.inline && draft.kind != Kind::ShellType);
        if let Some(whole) = inside.and_then(|whole| addresses.own(whole)) {
            edge(whole, Some(at));
            edge(at, Some(whole));
        }
    }
    drafts
        .iter()
        .zip(needs)
        .map(|(draft, needs)| Node {
            kind: draft.kind,
            name: draft.name.clone(),
            oid: draft.address.oid,
            tie: draft.tie.clone(),
            part_of: draft.part_of.and_then(|whole| addresses.own(whole)),
            inline: draft.inline,
            needs: needs.into_iter().collect(),
        })
        .collect()
}

/// Comments and labels of a piece that stays inside its table go where the table goes.
fn adopt(drafts: &mut [Draft], addresses: &Addresses<'_>, settled: &Order) {
    for at in 0..drafts.len() {
        if !drafts[at].inline || settled.separated[at] {
            continue;
        }
        let comments = std::mem::take(&mut drafts[at].comments);
        let labels = std::mem::take(&mut drafts[at].labels);
        if let Some(whole) = drafts[at].part_of.and_then(|whole| addresses.own(whole)) {
            drafts[whole].comments.extend(comments);
            drafts[whole].labels.extend(labels);
        }
    }
}

/// Says of each draft which collations of the system it names; of a piece that stays inside its table, of the table.
fn collations(drafts: &mut [Draft], addresses: &Addresses<'_>, dependencies: &Dependencies, settled: &Order) {
    for (object, needed) in &dependencies.edges {
        let Some(name) = dependencies.collations.get(needed) else { continue };
        let Some(own) = addresses.own(*object) else { continue };
        let whole = drafts[own].part_of.filter(|_| drafts[own].inline && !settled.separated[own]);
        let draft = &mut drafts[whole.and_then(|whole| addresses.own(whole)).unwrap_or(own)];
        if !draft.create.is_empty() && !draft.collations.contains(name) {
            draft.collations.push(name.clone());
        }
    }
}

fn render(mut drafts: Vec<Draft>, addresses: &Addresses<'_>, settled: &Order) -> Vec<Object> {
    let inline: Vec<bool> =
        drafts.iter().zip(&settled.separated).map(|(draft, apart)| draft.inline && !apart).collect();
    let stays_inline = |address: Address| addresses.own(address).is_some_and(|at| inline[at]);
    let (mut objects, mut origins) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
    for &at in &settled.sequence {
        let draft = &mut drafts[at];
        let separated = settled.separated[at];
        let create = if draft.inline && !separated {
            Vec::new()
        } else if separated && !draft.inline {
            std::mem::take(&mut draft.dummy)
        } else {
            draft.create.iter().map(|template| fill(template, &stays_inline)).collect()
        };
        let section = if settled.advanced[at] {
            Section::PreData
        } else if settled.postponed[at] || (draft.inline && separated && goes_last(draft.kind)) {
            Section::PostData
        } else {
            draft.kind.section()
        };
        let object = object(draft, create, section);
        let kept = draft.configuration || !is_empty(&object);
        if kept {
            let grants_only = object.kind == Kind::Sequence && object.create.is_empty() && !draft.configuration;
            objects.push(Object { grants_only, ..object });
            origins.push(at);
        }
    }
    number(&mut objects, &origins, &drafts, addresses, settled);
    objects
}

/// Pieces that a loop forces out and that are added after the rows (pg-objects 9.6); defaults stay before them.
fn goes_last(kind: Kind) -> bool {
    matches!(kind, Kind::Check | Kind::DomainConstraint | Kind::Rule)
}

/// Takes from the draft what is not needed any more: there may be very many.
fn object(draft: &mut Draft, create: Vec<Text>, section: Section) -> Object {
    use std::mem::take;
    Object {
        id: ObjectId(0),
        kind: draft.kind,
        section,
        name: take(&mut draft.name),
        oid: draft.address.oid,
        needs: Vec::new(),
        lacks: Vec::new(),
        part_of: None,
        inherits: Vec::new(),
        installed_in: draft.installed_in.take(),
        identity: take(&mut draft.identity),
        create,
        drop: take(&mut draft.drop),
        owner: draft.owner.take(),
        finish: take(&mut draft.finish),
        tablespace: draft.tablespace.take(),
        access_method: draft.access_method.take(),
        partition_method: take(&mut draft.partition_method),
        superuser: draft.superuser,
        grants_only: false,
        compression: take(&mut draft.compression),
        comments: take(&mut draft.comments),
        labels: take(&mut draft.labels),
        grants: take(&mut draft.grants),
        roles: take(&mut draft.roles),
        grantees: take(&mut draft.grantees),
        collations: take(&mut draft.collations),
        settings: take(&mut draft.settings),
        compressed_by: take(&mut draft.compressed_by),
        partitioned: draft.partitioned,
        cascades: draft.cascades,
        key: draft.key,
        table: draft.table.take(),
    }
}

/// Whether a restore would do nothing for it.
fn is_empty(object: &Object) -> bool {
    object.create.is_empty()
        && object.owner.is_none()
        && object.finish.is_empty()
        && object.comments.is_empty()
        && object.labels.is_empty()
        && object.grants.is_empty()
        && object.table.is_none()
}

/// Gives ids in order and translates what each object needs, through pieces that are not objects of their own.
/// `origins` are the drafts of the objects.
fn number(objects: &mut [Object], origins: &[usize], drafts: &[Draft], addresses: &Addresses<'_>, settled: &Order) {
    let mut ids: Vec<Option<ObjectId>> = vec![None; drafts.len()];
    for (id, at) in (0u32..).zip(origins) {
        ids[*at] = Some(ObjectId(id));
    }
    let id_of = |address: &Address| addresses.own(*address).and_then(|at| ids[at]);
    for ((id, object), &at) in (0u32..).zip(objects).zip(origins) {
        object.id = ObjectId(id);
        object.needs = reach(at, &ids, &settled.needs);
        object.part_of = drafts[at].part_of.as_ref().and_then(id_of);
        object.inherits = drafts[at].inherits.iter().filter_map(id_of).collect();
    }
}

/// Objects that `start` needs, seen through drafts without an id.
fn reach(start: usize, ids: &[Option<ObjectId>], needs: &[Vec<usize>]) -> Vec<ObjectId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([start]);
    let mut open = needs[start].clone();
    while let Some(at) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        match ids[at] {
            Some(id) => drop(found.insert(id)),
            None => open.extend(&needs[at]),
        }
    }
    found.into_iter().collect()
}

/// The statement with the pieces that stay inside it.
fn fill(template: &Template, stays_inline: &dyn Fn(Address) -> bool) -> Text {
    let mut statement = Text::new();
    for piece in template {
        match piece {
            Piece::Text(text) => statement.push(text),
            Piece::Inline(address, text) if stays_inline(*address) => statement.push(text),
            Piece::Inline(..) => (),
            Piece::List(items) => {
                let items = items.iter().map(|item| fill(item, stays_inline)).filter(|item| !item.is_empty());
                statement.push(Text::join(items, ",\n    "));
            }
        }
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_that_left_take_their_comma_along() {
        let gone = Address { class: 1, oid: 1 };
        let kept = Address { class: 1, oid: 2 };
        let template = vec![
            "CREATE TABLE t (".into(),
            Piece::List(vec![
                vec!["a integer".into(), Piece::Inline(gone, " DEFAULT 1".into())],
                vec![Piece::Inline(gone, "CHECK (true)".into())],
                vec![Piece::Inline(kept, "CHECK (a > 0)".into())],
            ]),
            ")".into(),
        ];
        let statement = fill(&template, &|address| address == kept);
        assert_eq!(statement, "CREATE TABLE t (a integer,\n    CHECK (a > 0))");
    }
}
