//! What can be compared by its text between servers of two major versions: all columns but those of a few types, and
//! rows without these columns.
//!
//! Under the settings that rows are read with, servers 13 to 18 print their own types alike but for those that the
//! query names. What an extension prints is its version's affair, which a snapshot does not know.

use crate::error::Result;
use crate::object::{Object, Table};
use crate::pg::{Session, sql};
use crate::text::Text;

/// Names of the columns whose text may differ though the value is the same, in the order of COPY.
pub(super) async fn doubtful(session: &mut Session, object: &Object) -> Result<Vec<Text>> {
    let Some(table) = &object.table else { return Ok(Vec::new()) };
    let statement = sql::for_version(include_str!("comparable.sql"), session.major());
    let statement = sql::with_list(&statement, "$table", &object.name.sql().literal());
    let rows = session.query(statement).await?;
    let names = rows.iter().map(|row| row.text("name")).collect::<Result<Vec<Text>>>()?;
    let columns = table.columns.iter().map(|column| &column.name);
    Ok(columns.filter(|name| names.contains(name)).cloned().collect())
}

/// A table without some of its columns; `None` where none would be left.
pub(super) fn without(object: &Object, columns: &[Text]) -> Option<Object> {
    let table = object.table.as_ref()?;
    let left: Vec<_> = table.columns.iter().filter(|column| !columns.contains(&column.name)).cloned().collect();
    (!left.is_empty()).then(|| Object { table: Some(Table { columns: left, ..table.clone() }), ..object.clone() })
}

/// Takes columns out of rows of COPY text, wherever its blocks end.
pub(super) struct Projection {
    /// Whether the columns stay, in the order of COPY.
    stays: Vec<bool>,
    /// The column that the next byte is of.
    at: usize,
    /// Whether something of the row was written.
    written: bool,
}

impl Projection {
    /// Columns of `object` that are not in `columns` stay.
    pub(super) fn new(object: &Object, columns: &[Text]) -> Self {
        let all = object.table.iter().flat_map(|table| &table.columns);
        Self { stays: all.map(|column| !columns.contains(&column.name)).collect(), at: 0, written: false }
    }

    fn stays(&self, column: usize) -> bool {
        self.stays.get(column).copied().unwrap_or(true)
    }

    /// The next bytes of rows, without the columns. Tabs and newlines inside of values are escaped in COPY text.
    pub(super) fn push(&mut self, block: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(block.len());
        for piece in block.split_inclusive(|byte| matches!(byte, b'\t' | b'\n')) {
            let (value, end) = match piece.split_last() {
                Some((end @ (b'\t' | b'\n'), value)) => (value, Some(*end)),
                _ => (piece, None),
            };
            if self.stays(self.at) {
                out.extend_from_slice(value);
                self.written = true;
            }
            match end {
                Some(b'\n') => {
                    out.push(b'\n');
                    (self.at, self.written) = (0, false);
                }
                Some(_) => {
                    self.at += 1;
                    if self.stays(self.at) && self.written {
                        out.push(b'\t');
                    }
                }
                None => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_taken_out_wherever_blocks_end() {
        let rows = b"1\t\\N\tx\\ty\tz\n\t\t\t\n2\ta\tb\tc\n";
        for (stays, expected) in [
            ([true, false, true, false], "1\tx\\ty\n\t\n2\tb\n"),
            ([false, true, false, true], "\\N\tz\n\t\na\tc\n"),
            ([false, false, true, true], "x\\ty\tz\n\t\nb\tc\n"),
            ([true, false, false, true], "1\tz\n\t\n2\tc\n"),
            ([false, false, false, true], "z\n\nc\n"),
            ([true; 4], "1\t\\N\tx\\ty\tz\n\t\t\t\n2\ta\tb\tc\n"),
        ] {
            for size in 1..rows.len() {
                let mut projection = Projection { stays: stays.to_vec(), at: 0, written: false };
                let out: Vec<u8> = rows.chunks(size).flat_map(|block| projection.push(block)).collect();
                assert_eq!(String::from_utf8_lossy(&out), expected, "{stays:?} in blocks of {size}");
            }
        }
    }
}
