//! A snapshot as a plain SQL script that `psql` runs: the way out that needs no pgkeep.
//!
//! Names and comments of a database are hostile input to psql: nothing from it is ever written outside quotes except
//! statements that the server itself deparsed, and headings lose their line breaks (CVE-2025-8714).

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use crate::error::Result;
use crate::object::{Kind, Object, ObjectId, Pass, Section};
use crate::plan::select::{Selected, Selection, select};
use crate::repository::{Manifest, Part, Reader};
use crate::restore::{Calls, Definitions};
use crate::text;
use crate::text::Text;

/// Settings of a script; what pgkeep makes sure of on its own sessions.
const PREAMBLE: &str = "\
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = 'postgres';
SET lc_monetary = 'C';
SET array_nulls = on;
SET transform_null_equals = off;
";

/// The script, piece by piece.
///
/// # Errors
///
/// Where the snapshot cannot be read or a pattern matches nothing; damage ends the stream with an error, never with a
/// script that looks complete.
pub async fn write<'a>(
    reader: &'a Reader,
    selection: &Selection,
    definitions: &'a Definitions,
) -> Result<impl Stream<Item = Result<Bytes>> + 'a> {
    let manifest = reader.manifest().await?;
    let selected = select(&manifest.objects, selection)?;
    let encoding = reader.snapshot().snapshot.head.server.encoding.clone();
    let Selected { keep, data, statistics, .. } = selected;
    let script = Script { manifest, keep, data, statistics, definitions, encoding };
    let pieces = script.pieces();
    Ok(stream::iter(pieces).flat_map(move |piece| match piece {
        Piece::Text(text) => stream::once(async move { Ok(Bytes::from(text.as_bytes().to_vec())) }).boxed(),
        Piece::Rows(part) => {
            let blocks = stream::once(async move { reader.blocks(&part.stored) }).flatten();
            blocks.boxed()
        }
        Piece::Statistics(calls) => calls_of(reader, calls).boxed(),
    }))
}

/// The calls that set statistics, each on its own.
fn calls_of(reader: &Reader, calls: Calls) -> impl Stream<Item = Result<Bytes>> + use<> {
    stream::try_unfold((reader.statistics(), calls), |(mut blocks, mut calls)| async move {
        let Some(block) = blocks.try_next().await? else { return Ok(None) };
        let all: Vec<Text> = calls.push(&block)?.into_iter().map(|call| call.statement).collect();
        Ok(Some((Bytes::from(statements(&all).as_bytes().to_vec()), (blocks, calls))))
    })
}

enum Piece {
    Text(Text),
    Rows(Part),
    Statistics(Calls),
}

struct Script<'a> {
    manifest: Manifest,
    keep: Vec<bool>,
    data: Vec<bool>,
    statistics: Vec<bool>,
    definitions: &'a Definitions,
    encoding: String,
}

impl Script<'_> {
    fn pieces(&self) -> Vec<Piece> {
        let mut all = vec![Piece::Text(self.head())];
        all.extend(self.definitions_of(|object| object.section != Section::PostData));
        for (object, parts) in self.loads() {
            all.extend(self.rows(object, parts));
        }
        all.push(Piece::Text(self.sequences()));
        all.extend(self.definitions_of(|o| o.section == Section::PostData && o.kind.pass() == Pass::Main));
        for object in self.kept() {
            let grants = self.definitions.grants(object);
            if !grants.is_empty() {
                all.push(Piece::Text(text![heading("grants", object), statements(&grants)]));
            }
        }
        if !self.definitions.omit.grants {
            all.extend(self.definitions_of(|object| object.kind.pass() == Pass::Grants));
        }
        all.extend(self.definitions_of(|object| object.kind.pass() == Pass::Last));
        if self.statistics.contains(&true) && !self.manifest.statistics.is_empty() {
            all.push(Piece::Text(Text::from("-- statistics for the planner\n")));
            all.push(Piece::Statistics(Calls::new(&self.manifest.objects, &self.statistics)));
        }
        all
    }

    fn head(&self) -> Text {
        let encoding = Text::from(if self.encoding == "SQL_ASCII" { "SQL_ASCII" } else { "UTF8" });
        text!["-- written by pgkeep\n\n", "SET client_encoding = ", encoding.literal(), ";\n", PREAMBLE]
    }

    fn kept(&self) -> impl Iterator<Item = &Object> {
        let objects = self.manifest.objects.iter().zip(&self.keep);
        objects.filter(|(object, keep)| **keep && object.kind != Kind::Database).map(|(object, _)| object)
    }

    fn definitions_of(&self, wanted: impl Fn(&Object) -> bool) -> Vec<Piece> {
        self.kept()
            .filter(|object| wanted(object))
            .map(|object| (object, self.definitions.create(object)))
            .filter(|(_, create)| !create.is_empty())
            .map(|(object, create)| Piece::Text(text![heading("", object), statements(&create)]))
            .collect()
    }

    /// Objects with rows, each with its parts in order.
    fn loads(&self) -> Vec<(&Object, Vec<&Part>)> {
        let mut by_object: HashMap<ObjectId, Vec<&Part>> = HashMap::new();
        for part in self.manifest.parts.iter().filter(|part| self.data[part.object.0 as usize]) {
            by_object.entry(part.object).or_default().push(part);
        }
        let objects = self.manifest.objects.iter();
        objects.filter_map(|object| Some((object, by_object.remove(&object.id)?))).collect()
    }

    fn rows(&self, object: &Object, parts: Vec<&Part>) -> Vec<Piece> {
        let Some(table) = &object.table else { return Vec::new() };
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
        start.push(text!["COPY ", into, columns, " FROM STDIN WITH (ENCODING ", encoding, ");\n"]);
        let mut all = vec![Piece::Text(start)];
        all.extend(parts.into_iter().map(|part| Piece::Rows(part.clone())));
        let mut end = Text::from("\\.\n\n");
        if large {
            let page = crate::limits::LARGE_OBJECT_PAGE_BYTES.to_string();
            end.push(text!["SELECT pg_catalog.lo_put(oid, page * ", page, ", data) FROM pg_temp.pgkeep_pages;\n"]);
            end.push("DROP TABLE pg_temp.pgkeep_pages;\n\n");
        }
        all.push(Piece::Text(end));
        all
    }

    fn sequences(&self) -> Text {
        let mut all = Text::new();
        for position in self.manifest.sequences.iter().filter(|position| self.data[position.object.0 as usize]) {
            let name = self.manifest.objects[position.object.0 as usize].name.sql().literal();
            let value = format!(", {}, {});\n", position.last_value, position.is_called);
            all.push(text!["SELECT pg_catalog.setval(", name, value]);
        }
        all
    }
}

fn statements(all: &[Text]) -> Text {
    let mut script = Text::new();
    for statement in all {
        // `SET LOCAL` means nothing outside a transaction.
        let set = statement.as_bytes().strip_prefix(b"SET LOCAL ").filter(|rest| rest.starts_with(b"default_"));
        match set {
            Some(setting) => script.push(text!["SET ", setting, ";\n"]),
            None => script.push(text![statement, ";\n"]),
        }
    }
    script.push("\n");
    script
}

/// A comment that no name can break out of.
fn heading(what: &str, object: &Object) -> Text {
    let name: String = object.name.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let what = if what.is_empty() { String::new() } else { format!("{what} of ") };
    Text::from(format!("-- {what}{} {name}\n", object.kind.noun()))
}
