//! Chunk lists: which chunks a part has, a line of COPY text each. Structure data: tables are tags here, not names.

use super::chunk_ref::ChunkRef;
use crate::error::Fault;
use crate::hash::{hex, unhex};
use crate::repository::keys::Secret;
use crate::text::Text;

/// The same for the same table in every snapshot of a repository; tells nothing to who lacks the key.
pub(crate) type Tag = [u8; 16];

/// First 16 bytes of BLAKE3 keyed for tags over schema, a zero byte, and name.
pub(crate) fn tag(key: &Secret, schema: Option<&Text>, name: Option<&Text>) -> Tag {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(schema.map(Text::as_bytes).unwrap_or_default());
    hasher.update(&[0]).update(name.map(Text::as_bytes).unwrap_or_default());
    let mut tag = Tag::default();
    hasher.finalize_xof().fill(&mut tag);
    tag
}

/// One chunk of one part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub(crate) tag: Tag,
    pub(crate) range: Option<(u32, Option<u32>)>,
    pub(crate) chunk: ChunkRef,
}

/// How COPY writes NULL.
const NULL: &str = "\\N";

impl Line {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let number = |number: Option<u32>| number.map_or_else(|| NULL.to_owned(), |number| number.to_string());
        let (first, end) = (self.range.map(|range| range.0), self.range.and_then(|range| range.1));
        let ChunkRef { id, rows, bytes } = self.chunk;
        let line = format!("{}\t{}\t{}\t{id}\t{rows}\t{bytes}\n", hex(&self.tag), number(first), number(end));
        out.extend_from_slice(line.as_bytes());
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.strip_suffix('\n')?.split('\t');
        let tag = unhex(fields.next()?)?.try_into().ok()?;
        let mut optional = || match fields.next()? {
            NULL => Some(None),
            digits => digits.parse::<u32>().ok().map(Some),
        };
        let (first, end) = (optional()?, optional()?);
        let id = fields.next()?.parse().ok()?;
        let (rows, bytes) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let range = first.map(|first| (first, end));
        let consistent = fields.next().is_none() && (range.is_some() || end.is_none());
        consistent.then_some(Self { tag, range, chunk: ChunkRef { id, rows, bytes } })
    }
}

/// All lines of the stream.
pub(crate) fn read(stream: &[u8]) -> impl Iterator<Item = Result<Line, Fault>> {
    let lines = stream.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| {
        let parsed = std::str::from_utf8(line).ok().and_then(Line::parse);
        parsed.ok_or_else(|| Fault::damaged("a line of its chunk lists does not parse"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::ChunkId;

    #[test]
    fn lines_round_trip() {
        let mut all = Vec::new();
        let chunk = ChunkRef { id: ChunkId([0xcd; 32]), rows: 0, bytes: u32::MAX };
        let ranges = [None, Some((0, Some(4096))), Some((4096, None))];
        let lines = ranges.map(|range| Line { tag: [0xab; 16], range, chunk });
        lines.iter().for_each(|line| line.write(&mut all));
        assert!(all.starts_with(b"abababababababababababababababab\t\\N\t\\N\tcdcd"));
        assert_eq!(read(&all).collect::<Result<Vec<_>, _>>().unwrap(), lines);
        assert!(read(&all[..all.len() - 1]).any(|line| line.is_err()));
        assert!(read(b"x\n").any(|line| line.is_err()));
    }

    #[test]
    fn tags_know_schema_and_name() {
        let key = Secret::new([1; 32]);
        let tag = |schema: &str, name: &str| tag(&key, Some(&schema.into()), Some(&name.into()));
        assert_eq!(tag("a", "b"), tag("a", "b"));
        assert_ne!(tag("a", "bc"), tag("ab", "c"));
    }
}
