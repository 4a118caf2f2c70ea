//! The objects of a dump, and whose rows go with it.

use std::collections::{HashMap, HashSet};

use crate::catalog::{Lockable, Position};
use crate::dump::options::Options;
use crate::dump::unreadable::Unreadable;
use crate::error::{Error, Result};
use crate::object::{Kind, Lack, Object, ObjectId};
use crate::plan::select::{Selected, select};
use crate::progress::{Event, Events};
use crate::text;
use crate::text::Text;

/// What was chosen of a catalog, renumbered.
#[derive(Default)]
pub(super) struct Chosen {
    pub(super) objects: Vec<Object>,
    /// By object.
    pub(super) data: Vec<bool>,
    /// By object: whether what the planner knows of it is copied.
    pub(super) statistics: Vec<bool>,
    /// Tables and sequences whose rows or positions should be there and are not, each with the reason.
    pub(super) missing: Vec<(Text, Text)>,
    /// How many of these nobody agreed to, and nothing but the moment of this dump is the reason.
    pub(super) left_out: usize,
}

impl Chosen {
    /// Chooses by what was asked for and by what this role may read.
    pub(super) fn new(
        objects: Vec<Object>,
        listed: &[Lockable],
        unreadable: &Unreadable,
        standby: bool,
        options: &Options,
        events: &Events,
    ) -> Result<Self> {
        let mut selected = select(&objects, &options.selection)?;
        for pattern in &selected.unmatched {
            let message = format!("no object matches {pattern}");
            events(Event::Warning { message, hint: None });
        }
        let mut data = selected.data.clone();
        let mut missing = hidden(&objects, &mut data, listed, unreadable, standby, options)?;
        // Empty ones would look as if that were all of them.
        let large = |object: &Object| object.kind == Kind::LargeObjects && unreadable.has(object);
        for (at, _) in objects.iter().enumerate().filter(|(at, object)| !data[*at] && large(object)) {
            selected.keep[at] = false;
        }
        if options.selection.includes_everything() && !options.selection.no_subscriptions {
            let reason = "only a superuser may read a subscription";
            let names = unreadable.subscriptions.iter();
            missing.extend(names.map(|name| (text!["subscription ", name], Text::from(reason))));
        }
        Ok(Self::renumbered(objects, &selected, &data, missing, options))
    }

    fn renumbered(
        objects: Vec<Object>,
        selected: &Selected,
        data: &[bool],
        missing: Vec<(Text, Text)>,
        options: &Options,
    ) -> Self {
        let wanted = |at: usize| selected.keep[at] || data[at] || selected.statistics[at];
        let lacking = |object: &Object, need: &ObjectId| {
            let needed = &objects[need.0 as usize];
            !wanted(need.0 as usize)
                && needed.kind != Kind::Schema
                && !options.selection.leaves_to_target(needed)
                && !options.selection.does_without(object, needed)
        };
        let lack = |of: &Object, id: &ObjectId| {
            let object = &objects[id.0 as usize];
            let tables = of.kind == Kind::Table && matches!(object.kind, Kind::Table | Kind::ForeignTable);
            Lack {
                kind: object.kind,
                name: object.name.clone(),
                inherited: tables.then(|| of.inherits.contains(id)),
                installed_in: object.installed_in.clone(),
            }
        };
        let lacks_of =
            |object: &Object| object.needs.iter().filter(|id| lacking(object, id)).map(|id| lack(object, id)).collect();
        let lacks: Vec<Vec<Lack>> = objects.iter().map(lacks_of).collect();
        let roots = if options.selection.via_root { roots(&objects) } else { HashMap::new() };
        let mut numbers = (0u32..).map(ObjectId);
        let ids: Vec<Option<ObjectId>> =
            (0..objects.len()).map(|at| if wanted(at) { numbers.next() } else { None }).collect();
        let id_of = |id: &ObjectId| ids[id.0 as usize];
        let mut kept = Vec::with_capacity(objects.len());
        for ((at, mut object), lacks) in objects.into_iter().enumerate().zip(lacks) {
            let Some(id) = ids[at] else { continue };
            object.needs = object.needs.iter().filter_map(id_of).collect();
            object.part_of = object.part_of.as_ref().and_then(id_of);
            object.inherits = object.inherits.iter().filter_map(id_of).collect();
            (object.id, object.lacks) = (id, lacks);
            if !selected.keep[at] {
                only_rows(&mut object);
            }
            options.selection.omissions.trim(&mut object);
            if let (Some(root), Some(table)) = (roots.get(&object.oid), &mut object.table)
                && object.kind == Kind::Table
            {
                table.root = Some(root.clone());
            }
            kept.push(object);
        }
        let of_kept = |all: &[bool]| (0..ids.len()).filter(|at| wanted(*at)).map(|at| all[at]).collect();
        Self { data: of_kept(data), statistics: of_kept(&selected.statistics), objects: kept, missing, left_out: 0 }
    }

    /// Adds to what is missing the sequences whose positions no privilege brings: unlogged ones on a standby.
    pub(super) fn without_positions(&mut self, positions: &[Position]) {
        let known: HashSet<u32> = positions.iter().map(|position| position.oid).collect();
        let wanted = self.objects.iter().zip(&self.data).filter(|(o, data)| **data && o.kind == Kind::Sequence);
        let unread: Vec<Text> =
            wanted.filter(|(o, _)| !known.contains(&o.oid)).map(|(o, _)| Text::from(o.name.to_string())).collect();
        let reason = Text::from("the position of the sequence cannot be read");
        self.missing.extend(unread.into_iter().map(|name| (name, reason.clone())));
    }

    /// Oids of the tables that have to be locked.
    pub(super) fn tables(&self) -> HashSet<u32> {
        let wanted = self.objects.iter().zip(&self.data).filter(|(object, data)| is_read(object, **data));
        wanted.map(|(object, _)| object.oid).collect()
    }
}

/// The roots of the trees that partitions belong to, quoted, by the oid of the partition, whatever of the tree is dumped.
fn roots(objects: &[Object]) -> HashMap<u32, Text> {
    let object = |id: ObjectId| &objects[id.0 as usize];
    let mut parents: HashMap<u32, &Object> = HashMap::new();
    for attach in objects.iter().filter(|object| object.kind == Kind::TableAttach) {
        let Some(child) = attach.part_of else { continue };
        let is_parent = |id: &&ObjectId| **id != child && object(**id).kind == Kind::Table;
        if let Some(parent) = attach.needs.iter().find(is_parent) {
            parents.insert(object(child).oid, object(*parent));
        }
    }
    let root = |partition: &u32| {
        let mut root = parents[partition];
        while let Some(above) = parents.get(&root.oid) {
            root = above;
        }
        (*partition, root.name.sql())
    };
    parents.keys().map(root).collect()
}

/// Takes from an object all that defines it. Its rows and statistics need nothing but the relation itself, wherever that
/// comes from.
fn only_rows(object: &mut Object) {
    let Object { create, partition_method, compression, finish, comments, labels, grants, roles, grantees, .. } =
        object;
    for statements in [create, partition_method, compression, finish, comments, labels, roles, grantees] {
        statements.clear();
    }
    grants.clear();
    object.lacks.clear();
    object.owner = None;
}

/// Whether a dump reads more of a table than its grants and comments.
fn is_read(object: &Object, data: bool) -> bool {
    object.kind == Kind::Table && (data || !object.create.is_empty())
}

/// Takes from `data` what cannot be read, or fails with all of it where that was not allowed.
fn hidden(
    objects: &[Object],
    data: &mut [bool],
    listed: &[Lockable],
    unreadable: &Unreadable,
    standby: bool,
    options: &Options,
) -> Result<Vec<(Text, Text)>> {
    let tables: HashMap<u32, &Lockable> = listed.iter().map(|table| (table.oid, table)).collect();
    let (mut missing, mut forbidden) = (Vec::new(), Vec::new());
    for (object, data) in
        objects.iter().zip(data.iter_mut()).filter(|(object, data)| **data && object.kind == Kind::Table)
    {
        let Some(table) = tables.get(&object.oid) else { continue };
        let reason = match (table.readable, table.filtered, table.unlogged && standby) {
            (_, _, true) => "unlogged tables cannot be read on a standby",
            (false, ..) => "the role has no SELECT privilege",
            (true, true, _) if options.enable_row_security => {
                missing.push((Text::from(table.name.to_string()), "only those that row security shows".into()));
                continue;
            }
            (true, true, _) => "row security hides rows from the role",
            (true, false, false) => continue,
        };
        *data = false;
        if !(table.unlogged && standby) {
            forbidden.push(format!("\n  {}: {reason}", table.name));
        }
        missing.push((Text::from(table.name.to_string()), Text::from(reason)));
    }
    for (object, data) in objects.iter().zip(data).filter(|(object, data)| **data && unreadable.has(object)) {
        *data = false;
        let noun = if object.kind == Kind::LargeObjects { "large objects" } else { "the position of sequence" };
        let (name, reason) = (format!("{noun} {}", object.name), "the role has no SELECT privilege");
        forbidden.push(format!("\n  {name}: {reason}"));
        missing.push((Text::from(name), Text::from(reason)));
    }
    if forbidden.is_empty() || options.skip_unreadable {
        return Ok(missing);
    }
    Err(Error::unsupported(
        format!("the role may not read all that is to be dumped:{}", forbidden.concat()),
        "grant SELECT on them (or pg_read_all_data, 14+), and BYPASSRLS where row security is on; or dump all else with \
         --skip-unreadable",
    ))
}
