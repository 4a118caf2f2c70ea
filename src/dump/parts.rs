//! Splits the rows of a database into parts, each one COPY.
//!
//! A part is a table or a fixed range of its heap blocks, never a share by the number of jobs, so that the same table
//! gives the same parts on every run and deduplicates against itself.

use std::collections::HashMap;

use crate::catalog::{self, Size};
use crate::limits::PART_BYTES;
use crate::object::{Kind, Object, ObjectId, Table};
use crate::text;
use crate::text::Text;

/// One COPY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) object: ObjectId,
    /// As people write it.
    pub(crate) table: String,
    pub(crate) number: u32,
    pub(crate) of: u32,
    /// First block and the block after the last; none is the whole table, an open end the last part.
    pub(crate) range: Option<(u32, Option<u32>)>,
    /// `COPY .. TO STDOUT`, without options.
    pub(crate) copy: Text,
    /// The table to lock before it is read, quoted.
    pub(crate) lock: Option<Text>,
    /// Whether the rows are those of a foreign table.
    pub(crate) foreign: bool,
    /// Bytes on disk, for order and progress.
    pub(crate) bytes: u64,
}

/// The parts of all objects whose rows are wanted, the largest first.
pub(crate) fn split(objects: &[Object], wanted: &[bool], sizes: &HashMap<u32, Size>, major: u32) -> Vec<Part> {
    let mut parts: Vec<Part> = objects
        .iter()
        .zip(wanted)
        .filter_map(|(object, wanted)| object.table.as_ref().filter(|_| *wanted).map(|table| (object, table)))
        .flat_map(|(object, table)| parts_of(object, table, sizes.get(&object.oid), major))
        .collect();
    parts.sort_by_key(|part| (std::cmp::Reverse(part.bytes), part.object, part.number));
    parts
}

fn parts_of(object: &Object, table: &Table, size: Option<&Size>, major: u32) -> Vec<Part> {
    let bytes = size.map_or(0, |size| size.bytes);
    let ranges = match size {
        // Servers before 14 have no TID range scan: every part would read the whole table.
        Some(size) if size.heap && major >= 14 && is_plain(object, table) => ranges(*size),
        _ => vec![None],
    };
    let of = u32::try_from(ranges.len()).expect("a table has at most 2^32 blocks");
    let lock = (object.kind == Kind::Table).then(|| object.name.sql());
    (0..of)
        .zip(ranges)
        .map(|(number, range)| Part {
            object: object.id,
            table: object.name.to_string(),
            number,
            of,
            range,
            copy: copy(object, table, range),
            lock: lock.clone(),
            foreign: object.kind == Kind::ForeignTable,
            bytes: bytes / u64::from(of),
        })
        .collect()
}

fn is_plain(object: &Object, table: &Table) -> bool {
    object.kind == Kind::Table && table.condition.is_none() && !table.columns.is_empty()
}

/// Ranges of a power of two of blocks, so that boundaries nest when the number changes with the size of rows in TOAST.
fn ranges(size: Size) -> Vec<Option<(u32, Option<u32>)>> {
    let bytes_per_block = (size.bytes / u64::from(size.blocks.max(1))).max(1);
    let fitting = (PART_BYTES / bytes_per_block).max(1);
    let step = 1u32 << fitting.ilog2().min(31);
    if size.blocks <= step {
        return vec![None];
    }
    let starts = (0..size.blocks).step_by(step as usize);
    starts.map(|from| Some((from, from.checked_add(step).filter(|to| *to < size.blocks)))).collect()
}

fn copy(object: &Object, table: &Table, range: Option<(u32, Option<u32>)>) -> Text {
    let name = object.name.sql();
    let columns = Text::join(table.columns.iter().map(|c| c.name.ident()), ", ");
    if object.kind == Kind::LargeObjects {
        return catalog::copy_pages(&table.condition.clone().unwrap_or_default());
    }
    match (&table.condition, range) {
        (None, None) if object.kind == Kind::ForeignTable => {
            text!["COPY (SELECT ", columns, " FROM ", name, ") TO STDOUT"]
        }
        (None, None) => text!["COPY ", name, table.column_list(), " TO STDOUT"],
        // Children have their rows themselves.
        (Some(condition), _) => text!["COPY (SELECT ", columns, " FROM ONLY ", name, " ", condition, ") TO STDOUT"],
        (None, Some(range)) => {
            text!["COPY (SELECT ", columns, " FROM ONLY ", name, blocks(range), ") TO STDOUT"]
        }
    }
}

/// The first part is open below and the last above, so that no row can fall between parts.
fn blocks((from, to): (u32, Option<u32>)) -> Text {
    let mut condition = Text::new();
    if from > 0 {
        condition.push(format!(" WHERE ctid >= '({from},0)'::pg_catalog.tid"));
    }
    if let Some(to) = to {
        condition.push(if from > 0 { " AND" } else { " WHERE" });
        condition.push(format!(" ctid < '({to},0)'::pg_catalog.tid"));
    }
    condition
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(blocks: u32, bytes: u64) -> Size {
        Size { heap: true, blocks, bytes, file: 1, file_now: Some(1) }
    }

    #[test]
    fn ranges_cover_all_blocks_and_nest() {
        assert_eq!(ranges(size(0, 0)), [None]);
        assert_eq!(ranges(size(1000, 1000 * 8192)), [None]);
        let many = ranges(size(100_000, 100_000 * 8192));
        assert_eq!(many.len(), 4);
        assert_eq!(many[0], Some((0, Some(32_768))));
        assert_eq!(many[3], Some((98_304, None)));
        // Rows that live in TOAST: fewer blocks a part, at the same boundaries.
        let wide = ranges(size(100_000, 100_000 * 80_000));
        assert!(wide.iter().all(|range| range.is_some_and(|(from, _)| from % 2048 == 0)));
        assert!(wide.len() > many.len());
    }

    #[test]
    fn one_block_can_be_a_part() {
        let huge = ranges(size(3, 3 << 30));
        assert_eq!(huge, [Some((0, Some(1))), Some((1, Some(2))), Some((2, None))]);
        assert_eq!(blocks((0, Some(1))), " WHERE ctid < '(1,0)'::pg_catalog.tid");
        assert_eq!(blocks((2, None)), " WHERE ctid >= '(2,0)'::pg_catalog.tid");
    }
}
