//! What a snapshot consists of: its objects, the chunks of its parts, its sequence positions.
//!
//! Owns the three streams that a manifest is stored as. Two are content; the lists of chunks are structure, and tell
//! which chunks must live without telling whose they are.

use serde::{Deserialize, Serialize};

use super::chunk_ref::{ChunkRef, Stored};
use super::lists::{self, Line};
use crate::error::Fault;
use crate::hash::Digest;
use crate::object::{Object, ObjectId};
use crate::repository::keys::Derived;
use crate::text::Text;

/// Everything that restore needs to know before it reads rows.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Manifest {
    /// Patterns that selected, and what is missing.
    pub about: About,
    /// In the order of creation.
    pub objects: Vec<Object>,
    /// All parts with rows or without, those of a table together and in order.
    pub parts: Vec<Part>,
    /// Positions of sequences.
    pub sequences: Vec<Position>,
    /// `relfilenode` of tables, for incremental dumps.
    pub relfilenodes: Vec<(ObjectId, u32)>,
    /// Where statistics for the planner are, which are read apart; none where they were not asked for.
    pub statistics: Vec<ChunkRef>,
}

/// What a dump left out; content, because it names tables. Persisted.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct About {
    /// Options with patterns as they were given: `-n payments`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub patterns: Vec<Text>,
    /// What should be in it and is not, each with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<(Text, Text)>,
}

/// Rows of a table, or of a range of its heap blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The table.
    pub object: ObjectId,
    /// First heap block and the block after the last, open above where that is `None`. `None`: the whole table.
    pub range: Option<(u32, Option<u32>)>,
    /// Where its rows are.
    pub stored: Stored,
}

/// Where a sequence stands. Persisted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Position {
    /// The sequence.
    pub object: ObjectId,
    /// `last_value`.
    pub last_value: i64,
    /// `is_called`.
    pub is_called: bool,
}

/// First line of the contents. Persisted.
#[derive(Serialize, Deserialize)]
struct ContentsHeader {
    pgkeep: String,
    #[serde(flatten)]
    about: About,
}

const CONTENTS: &str = "contents";

/// A line of the facts. Persisted.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fact {
    Part(PartFact),
    Sequence(Position),
    Relfilenode { object: ObjectId, file: u32 },
}

impl Fact {
    fn object(&self) -> ObjectId {
        match self {
            Self::Part(fact) => fact.object,
            Self::Sequence(position) => position.object,
            Self::Relfilenode { object, .. } => *object,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct PartFact {
    object: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    range: Option<(u32, Option<u32>)>,
    /// Lines of the chunk lists that belong to it; they follow those of the part before.
    chunks: u32,
    #[serde(flatten)]
    digest: Digest,
}

/// The three streams as text, each a sequence of lines.
pub(crate) struct Encoded {
    pub(crate) contents: Vec<u8>,
    pub(crate) facts: Vec<u8>,
    pub(crate) lists: Vec<u8>,
}

fn push_line(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(&mut *out, value).expect("these types serialize and memory does not fail");
    out.push(b'\n');
}

impl Manifest {
    /// The object with an id.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(id.0 as usize)
    }

    /// Every chunk of every part.
    pub fn chunks(&self) -> impl Iterator<Item = &ChunkRef> {
        self.parts.iter().flat_map(|part| &part.stored.chunks)
    }

    pub(crate) fn encode(&self, keys: &Derived) -> Encoded {
        let (mut contents, mut facts, mut all_lists) = (Vec::new(), Vec::new(), Vec::new());
        push_line(&mut contents, &ContentsHeader { pgkeep: CONTENTS.into(), about: self.about.clone() });
        self.objects.iter().for_each(|object| push_line(&mut contents, object));
        for part in &self.parts {
            let Stored { chunks, digest } = &part.stored;
            let count = u32::try_from(chunks.len()).expect("a part of 2^32 chunks does not fit into memory");
            let fact = PartFact { object: part.object, range: part.range, chunks: count, digest: *digest };
            push_line(&mut facts, &Fact::Part(fact));
            let tag = self.tag(part.object, keys);
            let line = |chunk: &ChunkRef| Line { tag, range: part.range, chunk: *chunk };
            chunks.iter().map(line).for_each(|line| line.write(&mut all_lists));
        }
        self.sequences.iter().for_each(|position| push_line(&mut facts, &Fact::Sequence(*position)));
        for (object, file) in &self.relfilenodes {
            push_line(&mut facts, &Fact::Relfilenode { object: *object, file: *file });
        }
        Encoded { contents, facts, lists: all_lists }
    }

    fn tag(&self, object: ObjectId, keys: &Derived) -> lists::Tag {
        let name = self.object(object).map(|object| &object.name);
        lists::tag(&keys.tags, name.and_then(|name| name.schema.as_ref()), name.map(|name| &name.name))
    }

    pub(crate) fn decode(encoded: &Encoded, keys: &Derived) -> Result<Self, Fault> {
        let mut manifest = Self::default();
        let mut lines = lines(&encoded.contents);
        let header: ContentsHeader = parse(lines.next().unwrap_or_default())?;
        if header.pgkeep != CONTENTS {
            return Err(Fault::damaged("its contents are something else"));
        }
        manifest.about = header.about;
        manifest.objects = lines.map(parse).collect::<Result<_, _>>()?;
        check_ids(&manifest.objects)?;
        let mut listed = lists::read(&encoded.lists);
        for line in self::lines(&encoded.facts) {
            let fact: Fact = parse(line)?;
            if manifest.object(fact.object()).is_none() {
                return Err(Fault::damaged("its facts are those of an object that it does not have"));
            }
            match fact {
                Fact::Part(fact) => {
                    let part = manifest.part(fact, &mut listed, keys)?;
                    manifest.parts.push(part);
                }
                Fact::Sequence(position) => manifest.sequences.push(position),
                Fact::Relfilenode { object, file } => manifest.relfilenodes.push((object, file)),
            }
        }
        match listed.next() {
            None => Ok(manifest),
            Some(_) => Err(Fault::damaged("its chunk lists have more chunks than its parts")),
        }
    }

    fn part(
        &self,
        fact: PartFact,
        listed: &mut impl Iterator<Item = Result<Line, Fault>>,
        keys: &Derived,
    ) -> Result<Part, Fault> {
        let tag = self.tag(fact.object, keys);
        let chunks = listed.take(fact.chunks as usize).map(|line| match line? {
            line if line.tag == tag && line.range == fact.range => Ok(line.chunk),
            _ => Err(Fault::damaged("its chunk lists are those of other tables")),
        });
        let chunks = chunks.collect::<Result<Vec<_>, Fault>>()?;
        let rows: u64 = chunks.iter().map(|chunk| u64::from(chunk.rows)).sum();
        let bytes: u64 = chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum();
        if chunks.len() != fact.chunks as usize || (rows, bytes) != (fact.digest.rows, fact.digest.bytes) {
            return Err(Fault::damaged("its chunk lists and its parts do not agree"));
        }
        let stored = Stored { chunks, digest: fact.digest };
        Ok(Part { object: fact.object, range: fact.range, stored })
    }
}

/// Ids are positions, and everything that reads objects follows them without looking.
fn check_ids(objects: &[Object]) -> Result<(), Fault> {
    for (at, object) in objects.iter().enumerate() {
        let mut others = object.needs.iter().chain(&object.part_of).chain(&object.inherits);
        if object.id.0 as usize != at || !others.all(|id| (id.0 as usize) < objects.len()) {
            return Err(Fault::damaged("its objects are not numbered from 0, or name others that it does not have"));
        }
    }
    Ok(())
}

fn lines(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    stream.split_inclusive(|byte| *byte == b'\n')
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(line).map_err(|e| Fault::damaged(format!("a line of its manifest does not parse: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(contents: &str, facts: &str) -> Result<Manifest, Fault> {
        let contents = format!("{{\"pgkeep\":\"contents\"}}\n{contents}").into_bytes();
        let encoded = Encoded { contents, facts: facts.as_bytes().to_vec(), lists: Vec::new() };
        Manifest::decode(&encoded, &Derived::from_master(&[7; 32].into()))
    }

    fn table(id: u32, more: &str) -> String {
        format!(
            "{{\"id\":{id},\"kind\":\"table\",\"section\":\"pre-data\",\"name\":{{\"name\":\"t\"}},\"oid\":1{more}}}\n"
        )
    }

    #[test]
    fn ids_that_lead_nowhere_are_damage() {
        let position = "{\"sequence\":{\"object\":1,\"last_value\":1,\"is_called\":true}}\n";
        assert!(decoded(&[table(0, ""), table(1, ",\"needs\":[0]")].concat(), position).is_ok());
        assert!(decoded(&table(0, ""), position).is_err(), "a position of no object");
        assert!(decoded(&table(1, ""), "").is_err(), "numbered from 1");
        for field in ["\"needs\":[0,7]", "\"part_of\":7", "\"inherits\":[4294967295]"] {
            assert!(decoded(&table(0, &format!(",{field}")), "").is_err(), "{field}");
        }
    }
}
