//! Who is meant by name: patterns of the switches against the names of objects.

use std::collections::HashMap;
use std::fmt;

use crate::error::{Error, Result};
use crate::object::{Kind, Name, Object};
use crate::plan::Pattern;
use crate::plan::select::{FunctionPattern, Links, Selection, TablePattern, TriggerPattern};
use crate::text::Text;

/// What names decide. Vectors are indexed by object.
pub(super) struct Named {
    /// Meant, or a piece of what is meant.
    pub(super) chosen: Vec<bool>,
    /// Named one by one, not by its schema: what it needs is no reason to leave it out.
    pub(super) explicit: Vec<bool>,
    /// Rows are not wanted.
    pub(super) without_rows: Vec<bool>,
    pub(super) unmatched: Vec<String>,
}

pub(super) fn choose(objects: &[Object], links: &Links, selection: &Selection) -> Result<Named> {
    let chooser = Chooser { objects, links, selection };
    chooser.check_databases()?;
    let unmatched = chooser.unmatched()?;
    let tables = chooser.tables(&selection.tables);
    let excluded = chooser.tables(&selection.exclude_tables);
    let without_rows = chooser.tables(&selection.exclude_table_data);
    let mut chosen: Vec<bool> = (0..objects.len()).map(|at| chooser.whole(at, &tables, &excluded)).collect();
    for at in 0..objects.len() {
        let whole = links.whole[at];
        let owned = objects[at].kind == Kind::Sequence && whole != at;
        if whole != at {
            // An owned sequence may also be meant itself.
            chosen[at] = chosen[whole] || (owned && tables[at] && chosen[at]);
        }
    }
    let mut explicit = vec![false; objects.len()];
    for at in 0..objects.len() {
        let piece = chooser.piece(at);
        chosen[at] |= piece;
        explicit[at] = piece || (tables[at] && chosen[at]);
    }
    Ok(Named { chosen, explicit, without_rows, unmatched })
}

struct Chooser<'a> {
    objects: &'a [Object],
    links: &'a Links,
    selection: &'a Selection,
}

impl Chooser<'_> {
    fn check_databases(&self) -> Result<()> {
        let s = self.selection;
        let tables = [&s.tables, &s.exclude_tables, &s.exclude_table_data];
        let tables = tables.into_iter().flatten().map(|table| &table.pattern);
        let others = [&s.schemas, &s.exclude_schemas, &s.indexes].into_iter().flatten();
        let triggers = s.triggers.iter().flat_map(|trigger| trigger.table.iter().chain([&trigger.name]));
        let functions = s.functions.iter().map(|function| &function.name);
        for pattern in tables.chain(others).chain(triggers).chain(functions) {
            if pattern.database().is_some_and(|database| s.database.as_ref() != Some(database)) {
                return Err(Error::usage(format!("the pattern {pattern} names another database")));
            }
        }
        Ok(())
    }

    /// Patterns that mean nothing; an error where all of one switch do, or all must mean something.
    fn unmatched(&self) -> Result<Vec<String>> {
        let s = self.selection;
        let tables: Vec<&Pattern> = s.tables.iter().map(|table| &table.pattern).collect();
        let [extensions, indexes, schemas] =
            [&s.extensions, &s.indexes, &s.schemas].map(|patterns| patterns.iter().collect::<Vec<_>>());
        let triggers: Vec<&TriggerPattern> = s.triggers.iter().collect();
        let of = |object: &Object, pattern: &Pattern| pattern.matches(object.name.schema.as_ref(), &object.name.name);
        let mut unmatched = Vec::new();
        self.report("tables", &tables, |o, p| o.kind.is_relation() && of(o, p), &mut unmatched)?;
        self.report("extensions", &extensions, |o, p| o.kind == Kind::Extension && of(o, p), &mut unmatched)?;
        self.report("indexes", &indexes, |o, p| o.kind == Kind::Index && of(o, p), &mut unmatched)?;
        self.report("triggers", &triggers, |o, p| p.matches(o), &mut unmatched)?;
        let is_schema = |o: &Object, p: &Pattern| schema_of(o).is_some_and(|schema| p.matches(None, schema));
        let public = Text::from("public");
        let others: Vec<&Pattern> =
            schemas.into_iter().filter(|pattern| !(s.public && pattern.matches(None, &public))).collect();
        if others.len() == s.schemas.len() || s.strict_names {
            self.report("schemas", &others, is_schema, &mut unmatched)?;
        } else {
            let means_nothing = |p: &&&Pattern| !self.objects.iter().any(|object| is_schema(object, p));
            unmatched.extend(others.iter().filter(means_nothing).map(ToString::to_string));
        }
        let functions: Vec<&FunctionPattern> = s.functions.iter().collect();
        self.report("functions", &functions, |o, p| function_matches(p, o), &mut unmatched)?;
        self.check_foreign_servers()?;
        Ok(unmatched)
    }

    /// As in pg_dump each of these must mean something, strict or not.
    fn check_foreign_servers(&self) -> Result<()> {
        let servers = || self.objects.iter().filter(|object| object.kind == Kind::ForeignServer);
        let means_nothing = |pattern: &&Pattern| !servers().any(|server| pattern.matches(None, &server.name.name));
        match self.selection.foreign_data.iter().find(means_nothing) {
            Some(pattern) if !self.selection.restores() => {
                Err(Error::usage(format!("no matching foreign servers were found for {pattern}")))
            }
            _ => Ok(()),
        }
    }

    fn report<P: fmt::Display>(
        &self,
        noun: &str,
        patterns: &[&P],
        matches: impl Fn(&Object, &P) -> bool,
        unmatched: &mut Vec<String>,
    ) -> Result<()> {
        let means_nothing = |pattern: &&&P| !self.objects.iter().any(|object| matches(object, pattern));
        let missing: Vec<String> = patterns.iter().filter(means_nothing).map(ToString::to_string).collect();
        if !missing.is_empty() && (self.selection.strict_names || missing.len() == patterns.len()) {
            return Err(Error::Usage {
                message: format!("no matching {noun} were found for {}", missing.join(", ")),
                hint: Some("letters are folded to lower case unless they stand in double quotes".into()),
            });
        }
        unmatched.extend(missing);
        Ok(())
    }

    /// Which relations these patterns mean.
    fn tables(&self, patterns: &[TablePattern]) -> Vec<bool> {
        let mut meant = vec![false; self.objects.len()];
        if patterns.is_empty() {
            return meant;
        }
        let visible = self.visible();
        for wanted in patterns {
            let mut found: Vec<usize> = (0..self.objects.len())
                .filter(|&at| {
                    let object = &self.objects[at];
                    object.kind.is_relation()
                        && wanted.pattern.matches(object.name.schema.as_ref(), &object.name.name)
                        && (wanted.pattern.is_qualified() || self.is_visible(at, &visible))
                })
                .collect();
            // A partitioned table has its rows in its partitions: from a snapshot it comes back with them.
            if wanted.children || self.selection.restores() {
                found = self.with_children(found, !wanted.children);
            }
            for at in found {
                meant[at] = true;
            }
        }
        meant
    }

    fn with_children(&self, mut found: Vec<usize>, partitions_only: bool) -> Vec<usize> {
        let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
        for (parent, child) in self.links.children(self.objects, partitions_only) {
            children.entry(parent).or_default().push(child);
        }
        let mut next = 0;
        while let Some(&at) = found.get(next) {
            // Taken out, so that a manifest with a circle ends.
            found.extend(children.remove(&at).unwrap_or_default());
            next += 1;
        }
        found
    }

    /// Where the search path finds a relation of each name, as the place of the schema in it.
    fn visible(&self) -> HashMap<&Text, usize> {
        let mut places = HashMap::new();
        for object in self.objects.iter().filter(|object| object.kind.is_relation()) {
            if let Some(place) = self.place(object) {
                let first = places.entry(&object.name.name).or_insert(place);
                *first = place.min(*first);
            }
        }
        places
    }

    fn place(&self, object: &Object) -> Option<usize> {
        self.selection.search_path.iter().position(|schema| Some(schema) == object.name.schema.as_ref())
    }

    fn is_visible(&self, at: usize, visible: &HashMap<&Text, usize>) -> bool {
        let object = &self.objects[at];
        self.selection.search_path.is_empty()
            || self.place(object).is_some_and(|place| visible.get(&object.name.name) == Some(&place))
    }

    /// Whether an object is meant that is no piece of another.
    fn whole(&self, at: usize, tables: &[bool], excluded: &[bool]) -> bool {
        let (object, s) = (&self.objects[at], self.selection);
        let config = object.table.as_ref().is_some_and(|table| table.condition.is_some());
        match (object.kind, self.links.extension[at]) {
            (_, Some(extension)) if config => {
                (self.whole(extension, tables, excluded) || tables[at] || !s.schemas.is_empty() && self.in_schemas(at))
                    && !excluded[at]
                    && !self.in_excluded_schema(at)
            }
            (_, Some(extension)) => self.whole(extension, tables, excluded),
            (Kind::Extension, _) => {
                let meant = |patterns: &[Pattern]| patterns.iter().any(|p| p.matches(None, &object.name.name));
                let included = if s.extensions.is_empty() { s.includes_everything() } else { meant(&s.extensions) };
                included && !meant(&s.exclude_extensions)
            }
            (Kind::LargeObjects, _) => s.large_objects || s.includes_everything() && !s.no_large_objects,
            (kind, _) if kind.is_relation() && !s.tables.is_empty() => {
                tables[at] && !excluded[at] && (!s.restores() || self.in_schemas(at))
            }
            _ if !s.tables.is_empty() || s.names_pieces() => false,
            _ if schema_of(object).is_none() => s.includes_everything(),
            _ => self.in_schemas(at) && !excluded[at],
        }
    }

    fn in_schemas(&self, at: usize) -> bool {
        let schema = schema_of(&self.objects[at]);
        let included = &self.selection.schemas;
        schema.is_some_and(|s| included.is_empty() || included.iter().any(|p| p.matches(None, s)))
            && !self.in_excluded_schema(at)
    }

    fn in_excluded_schema(&self, at: usize) -> bool {
        let schema = schema_of(&self.objects[at]);
        schema.is_some_and(|s| self.selection.exclude_schemas.iter().any(|p| p.matches(None, s)))
    }

    /// Whether an index, routine or trigger is meant itself.
    fn piece(&self, at: usize) -> bool {
        let (object, s) = (&self.objects[at], self.selection);
        let meant =
            |patterns: &[Pattern]| patterns.iter().any(|p| p.matches(object.name.schema.as_ref(), &object.name.name));
        let named = match object.kind {
            Kind::Index => meant(&s.indexes),
            Kind::Trigger => s.triggers.iter().any(|wanted| wanted.matches(object)),
            Kind::Function | Kind::Procedure | Kind::Aggregate => {
                s.functions.iter().any(|wanted| function_matches(wanted, object))
            }
            _ => false,
        };
        named && self.in_schemas(at)
    }
}

/// The schema that an object is, or is in.
fn schema_of(object: &Object) -> Option<&Text> {
    if object.kind == Kind::Schema { Some(&object.name.name) } else { object.name.schema.as_ref() }
}

fn function_matches(wanted: &FunctionPattern, object: &Object) -> bool {
    let spaceless = |text: &Text| text.as_bytes().iter().copied().filter(|b| *b != b' ').collect::<Vec<u8>>();
    let arguments = object.name.arguments.as_ref().map(spaceless).unwrap_or_default();
    object.kind.is_routine()
        && wanted.name.matches(object.name.schema.as_ref(), &object.name.name)
        && wanted.arguments.as_ref().is_none_or(|wanted| spaceless(wanted) == arguments)
}

/// Where this byte first stands outside double quotes.
fn outside_quotes(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut quoted = false;
    bytes.iter().position(|&byte| {
        quoted ^= byte == b'"';
        byte == wanted && !quoted
    })
}

impl FunctionPattern {
    /// `name`, or `name(types)` as pg_restore takes it.
    ///
    /// # Errors
    ///
    /// As [`Pattern::of_relation`].
    pub fn new(written: &Text) -> Result<Self> {
        let bytes = written.as_bytes();
        let (name, arguments) = match outside_quotes(bytes, b'(').map(|at| bytes.split_at(at)) {
            Some((name, [b'(', arguments @ .., b')'])) => (name, Some(Text::from(arguments))),
            _ => (bytes, None),
        };
        Ok(Self { name: Pattern::of_relation(name)?, arguments })
    }
}

impl TriggerPattern {
    /// `[schema.]name`, or `[schema.]table name` as pg_restore lists triggers.
    ///
    /// # Errors
    ///
    /// As [`Pattern::of_relation`].
    pub fn new(written: &Text) -> Result<Self> {
        let bytes = written.as_bytes();
        let blank = outside_quotes(bytes, b' ');
        match blank {
            Some(at) => Ok(Self {
                table: Some(Pattern::of_relation(&bytes[..at])?),
                name: Pattern::of_plain(&bytes[at + 1..])?,
            }),
            None => Ok(Self { table: None, name: Pattern::of_relation(bytes)? }),
        }
    }

    fn matches(&self, object: &Object) -> bool {
        let Name { schema, table, name, .. } = &object.name;
        let on = |wanted: &Pattern| table.as_ref().is_some_and(|table| wanted.matches(schema.as_ref(), table));
        object.kind == Kind::Trigger && self.name.matches(schema.as_ref(), name) && self.table.as_ref().is_none_or(on)
    }
}

impl fmt::Display for TriggerPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "{table} {}", self.name),
            None => fmt::Display::fmt(&self.name, f),
        }
    }
}

impl fmt::Display for FunctionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.arguments {
            Some(arguments) => write!(f, "{}({arguments})", self.name),
            None => fmt::Display::fmt(&self.name, f),
        }
    }
}
