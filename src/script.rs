//! A snapshot as a plain SQL script that `psql` runs: the way out that needs no pgkeep.
//!
//! Names, comments, definitions and rows of a database are hostile input to psql: nothing that it could take for a command
//! of its own is ever written ([`psql`]), headings lose their line breaks (CVE-2025-8714), and a script that ends in the
//! middle is no script that ends ([`frame`]).

mod frame;
mod psql;

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use crate::error::{Error, Result};
use crate::object::{Kind, Object, ObjectId, Pass, Section};
use crate::plan::Rendering;
use crate::plan::load_order;
use crate::plan::planner_statistics::Calls;
use crate::plan::select::{Selected, Selection, select};
use crate::progress::{Event, Events};
use crate::repository::{Manifest, Part, Reader};
use crate::text;
use crate::text::Text;

pub use frame::RestrictKey;

/// What to write, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of the snapshot.
    pub selection: Selection,
    /// What to leave out of definitions.
    pub rendering: Rendering,
    /// Keeps psql from commands of its own.
    pub restrict_key: RestrictKey,
}

/// The script, piece by piece. Where it ends with an error, what it wrote last makes psql fail; a script that is given up
/// in the middle needs [`BROKEN_OFF`] at its end.
///
/// # Errors
///
/// Where the snapshot cannot be read, a pattern matches nothing, or psql could take a definition for a command of its own.
pub async fn write<'a>(
    reader: &'a Reader,
    options: &'a Options,
    events: &Events,
) -> Result<impl Stream<Item = Result<Bytes>> + 'a> {
    let manifest = reader.manifest().await?;
    let selected = select(&manifest.objects, &options.selection)?;
    let encoding = reader.snapshot().snapshot.head.server.encoding.clone();
    let Selected { keep, data, statistics, order, rows_first, .. } = selected;
    let script = Script { manifest, keep, data, statistics, order, rows_first, options, encoding };
    let pieces = script.pieces(events)?;
    let written = stream::iter(pieces).flat_map(move |piece| match piece {
        Piece::Text(text) => stream::once(async move { Ok(Bytes::from(text.as_bytes().to_vec())) }).boxed(),
        Piece::Rows(part, table) => rows_of(reader, part, table).boxed(),
        Piece::Statistics(calls) => calls_of(reader, calls).boxed(),
    });
    Ok(written
        .flat_map(|piece| match piece {
            Err(error) => stream::iter([Some(Ok(Bytes::from(BROKEN_OFF))), Some(Err(error))]),
            piece => stream::iter([Some(piece), None]),
        })
        .filter_map(std::future::ready))
}

/// The last words of a script that is given up: rows that are being read are refused, and so is what follows.
pub const BROKEN_OFF: &str = frame::BROKEN_OFF;

fn rows_of(reader: &Reader, part: Part, table: String) -> impl Stream<Item = Result<Bytes>> + '_ {
    let blocks = stream::once(async move { reader.blocks(&part.stored) }).flatten();
    blocks.map(Some).chain(stream::once(std::future::ready(None))).scan(psql::Rows::new(), move |rows, block| {
        let checked = match block {
            Some(Err(error)) => return std::future::ready(Some(Err(error))),
            Some(Ok(block)) => rows.push(&block).map(|()| block),
            None => rows.end().map(|()| Bytes::new()),
        };
        std::future::ready(Some(checked.map_err(|problem| refused(&format!("rows of {table}"), problem))))
    })
}

fn refused(what: &str, problem: &str) -> Error {
    let message = format!("psql could read {what} as something else than they are: {problem}");
    Error::unsupported(message, "what a server writes is never like this; `pgkeep restore` does not go through psql")
}

/// The calls that set statistics, each on its own.
fn calls_of(reader: &Reader, calls: Calls) -> impl Stream<Item = Result<Bytes>> + use<> {
    stream::try_unfold((reader.statistics(), calls), |(mut blocks, mut calls)| async move {
        let Some(block) = blocks.try_next().await? else { return Ok(None) };
        let all: Vec<Text> = calls.push(&block)?.into_iter().map(|call| call.statement).collect();
        let written = statements(&all).map_err(|problem| refused("statistics", problem))?;
        Ok(Some((Bytes::from(written.as_bytes().to_vec()), (blocks, calls))))
    })
}

enum Piece {
    Text(Text),
    /// A part, and what has these rows.
    Rows(Part, String),
    Statistics(Calls),
}

struct Script<'a> {
    manifest: Manifest,
    keep: Vec<bool>,
    data: Vec<bool>,
    statistics: Vec<bool>,
    order: Vec<usize>,
    rows_first: Vec<ObjectId>,
    options: &'a Options,
    encoding: String,
}

impl Script<'_> {
    fn pieces(&self, events: &Events) -> Result<Vec<Piece>> {
        let rendering = &self.options.rendering;
        let mut all = vec![Piece::Text(self.options.restrict_key.head(&self.encoding))];
        all.extend(self.definitions_of(|object| object.section != Section::PostData)?);
        for (object, parts) in self.loads(events) {
            all.extend(self.rows(object, parts)?);
        }
        all.push(Piece::Text(self.sequences()?));
        all.extend(self.definitions_of(|o| o.section == Section::PostData && o.kind.pass() == Pass::Main)?);
        for object in self.kept() {
            all.extend(piece("grants", object, &rendering.grants(object))?);
        }
        if !rendering.omit.grants {
            all.extend(self.definitions_of(|object| object.kind.pass() == Pass::Grants)?);
        }
        all.extend(self.definitions_of(|object| object.kind.pass() == Pass::Last)?);
        if self.statistics.contains(&true) && !self.manifest.statistics.is_empty() {
            all.push(Piece::Text(Text::from("-- statistics for the planner\n")));
            all.push(Piece::Statistics(Calls::new(&self.manifest.objects, &self.statistics)));
        }
        all.push(Piece::Text(self.options.restrict_key.end()));
        Ok(all)
    }

    fn kept(&self) -> impl Iterator<Item = &Object> {
        let kept = self.order.iter().filter(|at| self.keep[**at]).map(|at| &self.manifest.objects[*at]);
        kept.filter(|object| object.kind != Kind::Database)
    }

    fn definitions_of(&self, wanted: impl Fn(&Object) -> bool) -> Result<Vec<Piece>> {
        let objects = self.kept().filter(|object| wanted(object));
        let pieces = objects.map(|object| piece("", object, &self.options.rendering.create_in_script(object)));
        Ok(pieces.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Objects with rows, each with its parts in order, as far as foreign keys of tables that the script does not make let
    /// them in.
    fn loads(&self, events: &Events) -> Vec<(&Object, Vec<&Part>)> {
        let mut by_object: HashMap<ObjectId, Vec<&Part>> = HashMap::new();
        for part in self.manifest.parts.iter().filter(|part| self.data[part.object.0 as usize]) {
            by_object.entry(part.object).or_default().push(part);
        }
        let objects = &self.manifest.objects;
        let filled: Vec<ObjectId> = objects.iter().map(|o| o.id).filter(|id| by_object.contains_key(id)).collect();
        let stands = |id: ObjectId| by_object.contains_key(&id) && objects[id.0 as usize].create.is_empty();
        let mut after = load_order::by_keys_of(objects);
        after.retain(|child, _| stands(*child) || !self.keep[child.0 as usize]);
        let circle = load_order::circle(
            after
                .iter()
                .filter(|(id, _)| by_object.contains_key(id))
                .map(|(id, parents)| {
                    (*id, parents.iter().copied().filter(|parent| by_object.contains_key(parent)).collect())
                })
                .collect(),
        );
        if !circle.is_empty() {
            let names: Vec<String> = circle.iter().map(|id| objects[id.0 as usize].name.to_string()).collect();
            events(Event::Warning {
                message: format!("foreign keys let none of these tables be filled first: {}", names.join(", ")),
                hint: Some(
                    "put `SET session_replication_role = replica;` before the script, or use `pgkeep restore`".into(),
                ),
            });
        }
        // Who has a list knows best.
        let listed = !self.rows_first.is_empty();
        let order = if listed { self.rows_first.clone() } else { load_order::sorted(&filled, &after) };
        order.into_iter().filter_map(|id| Some((&objects[id.0 as usize], by_object.remove(&id)?))).collect()
    }

    fn rows(&self, object: &Object, parts: Vec<&Part>) -> Result<Vec<Piece>> {
        let Some(table) = &object.table else { return Ok(Vec::new()) };
        let large = object.kind == Kind::LargeObjects;
        let mut start = heading("rows", object);
        let into = match (&table.root, large) {
            (_, true) => {
                start.push("CREATE TEMPORARY TABLE pgkeep_pages (oid pg_catalog.oid, page pg_catalog.int8, ");
                start.push("data pg_catalog.bytea);\n");
                Text::from("pg_temp.pgkeep_pages")
            }
            (Some(root), _) => root.clone(),
            (None, _) => object.name.sql(),
        };
        let columns = if large { Text::new() } else { table.column_list() };
        let encoding = Text::from(self.encoding.as_str()).literal();
        let copy = text![into, columns, " FROM STDIN WITH (ENCODING ", encoding, ")"];
        let what = format!("rows of {} {}", object.kind.noun(), object.name);
        let copy = psql::statement(&copy).map_err(|problem| refused(&what, problem))?;
        start.push(text!["COPY ", copy, ";\n"]);
        let mut all = vec![Piece::Text(start)];
        all.extend(parts.into_iter().map(|part| Piece::Rows(part.clone(), object.name.to_string())));
        let mut end = Text::from("\\.\n\n");
        if large {
            let page = crate::limits::LARGE_OBJECT_PAGE_BYTES.to_string();
            end.push(text!["SELECT pg_catalog.lo_put(oid, page * ", page, ", data) FROM pg_temp.pgkeep_pages;\n"]);
            end.push("DROP TABLE pg_temp.pgkeep_pages;\n\n");
        }
        all.push(Piece::Text(end));
        Ok(all)
    }

    fn sequences(&self) -> Result<Text> {
        let mut all = Vec::new();
        for position in self.manifest.sequences.iter().filter(|position| self.data[position.object.0 as usize]) {
            let name = self.manifest.objects[position.object.0 as usize].name.sql().literal();
            let value = format!(", {}, {})", position.last_value, position.is_called);
            all.push(text!["SELECT pg_catalog.setval(", name, value]);
        }
        statements(&all).map_err(|problem| refused("positions of sequences", problem))
    }
}

/// Statements of an object, where there are any.
fn piece(what: &str, object: &Object, all: &[Text]) -> Result<Option<Piece>> {
    if all.is_empty() {
        return Ok(None);
    }
    let named = format!("statements of {} {}", object.kind.noun(), object.name);
    let written = statements(all).map_err(|problem| refused(&named, problem))?;
    Ok(Some(Piece::Text(text![heading(what, object), written])))
}

fn statements(all: &[Text]) -> Result<Text, &'static str> {
    let mut script = Text::new();
    for statement in all {
        script.push(text![psql::statement(statement)?, ";\n"]);
    }
    script.push("\n");
    Ok(script)
}

/// A comment that no name can break out of.
fn heading(what: &str, object: &Object) -> Text {
    let name: String = object.name.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let what = if what.is_empty() { String::new() } else { format!("{what} of ") };
    Text::from(format!("-- {what}{} {name}\n", object.kind.noun()))
}
