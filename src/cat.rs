//! The rows of one table of a snapshot, as COPY text, CSV or JSON lines, without a server.

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};

use crate::blocks::{self, row_end};
use crate::error::{Error, Result};
use crate::object::{Object, Table};
use crate::repository::{Part, Reader};
use crate::text::Text;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As COPY writes text: tabs between values, `\N` for NULL, backslash escapes.
    Copy,
    /// RFC 4180 with a header; NULL is empty, the empty string is `""`, as COPY writes CSV.
    Csv,
    /// One JSON object a row; every value is a string or null, as the server printed it.
    JsonLines,
}

/// What to write of a table.
#[derive(Clone, Debug)]
pub struct Options {
    /// How.
    pub format: Format,
    /// Columns in this order; all of them where it is empty.
    pub columns: Vec<Text>,
    /// At most this many rows.
    pub limit: Option<u64>,
}

/// The rows of the table with this name (`schema.table`, or `table` where only one schema has it).
///
/// # Errors
///
/// Where no table or column, or more than one table, has such a name, or the snapshot is damaged.
pub async fn rows<'a>(reader: &'a Reader, table: &str, options: &Options) -> Result<BoxStream<'a, Result<Bytes>>> {
    let manifest = reader.manifest().await?;
    let object = find(&manifest.objects, table)?;
    let described = object.table.as_ref().ok_or_else(|| Error::usage(format!("{table} has no rows of its own")))?;
    let mut writer = RowWriter::new(described, options)?;
    let parts: Vec<Part> = manifest.parts.iter().filter(|part| part.object == object.id).cloned().collect();
    let header = stream::iter(writer.header().map(Ok));
    let blocks =
        stream::iter(parts).flat_map(move |part| stream::once(async move { reader.blocks(&part.stored) }).flatten());
    let written = blocks.scan(false, move |over, block| {
        let next = if *over { None } else { Some(block.and_then(|block| writer.push(&block))) };
        *over = writer.is_full() || next.as_ref().is_some_and(Result::is_err);
        std::future::ready(next)
    });
    Ok(header.chain(written).boxed())
}

fn find<'a>(objects: &'a [Object], name: &str) -> Result<&'a Object> {
    let named =
        |object: &&Object| object.table.is_some() && (object.name.to_string() == name || object.name.name == name);
    let found: Vec<&Object> = objects.iter().filter(named).collect();
    let exact = found.iter().find(|object| object.name.to_string() == name).copied();
    match (exact, found.as_slice()) {
        (Some(object), _) => Ok(object),
        (None, [object]) => Ok(*object),
        (None, []) => Err(Error::Usage {
            message: format!("this snapshot has no table {name}"),
            hint: Some("`pgkeep show` lists its tables".into()),
        }),
        (None, many) => Err(Error::Usage {
            message: format!("{} tables are named {name}", many.len()),
            hint: Some(many.iter().map(|object| object.name.to_string()).collect::<Vec<_>>().join(", ")),
        }),
    }
}

/// Rewrites rows; keeps the beginning of a row whose end is in the next block.
struct RowWriter {
    format: Format,
    names: Vec<Text>,
    picked: Vec<usize>,
    left: u64,
    pending: BytesMut,
}

impl RowWriter {
    fn new(table: &Table, options: &Options) -> Result<Self> {
        let position = |name: &Text| {
            table.columns.iter().position(|column| column.name == *name).ok_or_else(|| Error::Usage {
                message: format!("there is no column {name}"),
                hint: Some(table.columns.iter().map(|c| c.name.to_string()).collect::<Vec<_>>().join(", ")),
            })
        };
        let picked: Vec<usize> = match options.columns.as_slice() {
            [] => (0..table.columns.len()).collect(),
            some => some.iter().map(position).collect::<Result<_>>()?,
        };
        let names = picked.iter().map(|&at| table.columns[at].name.clone()).collect();
        let left = options.limit.unwrap_or(u64::MAX);
        Ok(Self { format: options.format, names, picked, left, pending: BytesMut::new() })
    }

    fn header(&self) -> Option<Bytes> {
        let mut line = Vec::new();
        for (at, name) in self.names.iter().enumerate().filter(|_| self.format == Format::Csv) {
            if at > 0 {
                line.push(b',');
            }
            csv(&mut line, name.as_bytes());
        }
        line.push(b'\n');
        (self.format == Format::Csv).then(|| line.into())
    }

    fn is_full(&self) -> bool {
        self.left == 0
    }

    fn push(&mut self, block: &[u8]) -> Result<Bytes> {
        self.pending.extend_from_slice(block);
        let mut out = Vec::with_capacity(block.len());
        while let Some(end) = row_end(&self.pending).filter(|_| self.left > 0) {
            let row = self.pending.split_to(end + 1);
            self.row(&row[..end], &mut out)?;
            self.left -= 1;
        }
        Ok(out.into())
    }

    fn row(&self, row: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let fields: Vec<&[u8]> = row.split(|byte| *byte == b'\t').collect();
        for (at, &column) in self.picked.iter().enumerate() {
            let field = fields
                .get(column)
                .ok_or_else(|| Error::damaged("a row", format!("it has {} columns only", fields.len())))?;
            match self.format {
                Format::Copy => {
                    out.extend_from_slice(if at > 0 { b"\t" } else { b"" });
                    out.extend_from_slice(field);
                }
                Format::Csv => {
                    out.extend_from_slice(if at > 0 { b"," } else { b"" });
                    if let Some(value) = blocks::value(field) {
                        csv(out, &value);
                    }
                }
                Format::JsonLines => {
                    out.extend_from_slice(if at > 0 { b"," } else { b"{" });
                    json(out, self.names[at].as_bytes());
                    out.push(b':');
                    match blocks::value(field) {
                        Some(value) => json(out, &value),
                        None => out.extend_from_slice(b"null"),
                    }
                }
            }
        }
        out.extend_from_slice(match (self.format, self.picked.is_empty()) {
            (Format::JsonLines, true) => b"{}\n",
            (Format::JsonLines, false) => b"}\n",
            _ => b"\n",
        });
        Ok(())
    }
}

fn csv(out: &mut Vec<u8>, value: &[u8]) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !value.is_empty() && !value.iter().any(special) && value != b"\\." {
        return out.extend_from_slice(value);
    }
    out.push(b'"');
    for &byte in value {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Bytes that are not UTF-8 are replaced: JSON cannot hold them.
fn json(out: &mut Vec<u8>, value: &[u8]) {
    let text = String::from_utf8_lossy(value);
    serde_json::to_writer(out, &text).expect("a string always serializes, and memory takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Column;

    fn written(format: Format, columns: &[&str], limit: Option<u64>, blocks: &[&[u8]]) -> String {
        let column = |name: &str| Column { name: name.into(), type_name: "text".into() };
        let table = Table {
            columns: vec![column("a"), column("b \"x\"")],
            unlogged: false,
            root: None,
            condition: None,
            server: None,
        };
        let options = Options { format, columns: columns.iter().map(|c| Text::from(*c)).collect(), limit };
        let mut writer = RowWriter::new(&table, &options).expect("the columns exist");
        let mut all = writer.header().map(|header| header.to_vec()).unwrap_or_default();
        for block in blocks {
            all.extend_from_slice(&writer.push(block).expect("the rows are whole"));
        }
        String::from_utf8(all).expect("the test writes UTF-8")
    }

    #[test]
    fn formats() {
        let rows: &[&[u8]] = &[b"1\t\\N\n2\tx\\", b"ty\\\\\n3\t\n"];
        assert_eq!(written(Format::Copy, &[], None, rows), "1\t\\N\n2\tx\\ty\\\\\n3\t\n");
        assert_eq!(written(Format::Csv, &[], None, rows), "a,\"b \"\"x\"\"\"\n1,\n2,x\ty\\\n3,\"\"\n");
        assert_eq!(
            written(Format::JsonLines, &["b \"x\""], Some(2), rows),
            "{\"b \\\"x\\\"\":null}\n{\"b \\\"x\\\"\":\"x\\ty\\\\\"}\n"
        );
    }

    #[test]
    fn a_row_that_is_too_short_is_damage() {
        let table = Table { columns: vec![Column { name: "a".into(), type_name: "text".into() }; 2], ..empty() };
        let options = Options { format: Format::Copy, columns: Vec::new(), limit: None };
        let mut writer = RowWriter::new(&table, &options).expect("the columns exist");
        assert!(writer.push(b"1\n").is_err());
    }

    fn empty() -> Table {
        Table { columns: Vec::new(), unlogged: false, root: None, condition: None, server: None }
    }
}
