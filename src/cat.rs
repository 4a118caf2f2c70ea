//! The rows of one table of a snapshot, as COPY text, CSV or JSON lines, without a server.

mod encoding;

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};

use crate::blocks::{self, row_end};
use crate::error::{Error, Result};
use crate::object::{Object, Table};
use crate::repository::{Part, Reader};
use crate::text::Text;
use encoding::Charset;

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
    /// Encoding by PostgreSQL's name: UTF8, or that of the database, whose bytes stay as they are. Where it is `None`, COPY
    /// text is in that of the database and the others in UTF8.
    pub encoding: Option<String>,
}

/// The rows of the table with this name (`schema.table`, or `table` where only one schema has it).
///
/// # Errors
///
/// Where no table or column, or more than one table, has such a name, or the snapshot is damaged. A value that cannot be
/// written in the encoding ends the stream with an error that names its row.
pub async fn rows<'a>(reader: &'a Reader, table: &str, options: &Options) -> Result<BoxStream<'a, Result<Bytes>>> {
    let manifest = reader.manifest().await?;
    let object = find(&manifest.objects, table)?;
    let described = object.table.as_ref().ok_or_else(|| Error::usage(format!("{table} has no rows of its own")))?;
    let of_database = &reader.snapshot().snapshot.head.server.encoding;
    let mut writer = RowWriter::new(&object.name.to_string(), described, of_database, options)?;
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
    table: String,
    format: Format,
    encoding: String,
    /// How values become UTF-8; `None`: they stay as they are.
    charset: Option<Charset>,
    names: Vec<Text>,
    picked: Vec<usize>,
    left: u64,
    pending: BytesMut,
    /// Rows written.
    rows: u64,
}

impl RowWriter {
    fn new(name: &str, table: &Table, encoding: &str, options: &Options) -> Result<Self> {
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
        let charset = charset(name, encoding, options)?;
        let names = picked.iter().map(|&at| column_name(&table.columns[at].name, encoding, charset));
        Ok(Self {
            table: name.to_owned(),
            format: options.format,
            encoding: encoding.to_owned(),
            charset,
            names: names.collect::<Result<_>>()?,
            picked,
            left: options.limit.unwrap_or(u64::MAX),
            pending: BytesMut::new(),
            rows: 0,
        })
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
            self.rows += 1;
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
                    out.extend_from_slice(&self.converted(field, at)?);
                }
                Format::Csv => {
                    out.extend_from_slice(if at > 0 { b"," } else { b"" });
                    if let Some(value) = blocks::value(field) {
                        csv(out, &self.converted(&value, at)?);
                    }
                }
                Format::JsonLines => {
                    out.extend_from_slice(if at > 0 { b"," } else { b"{" });
                    json(out, self.names[at].as_bytes());
                    out.push(b':');
                    match blocks::value(field) {
                        Some(value) => json(out, &self.converted(&value, at)?),
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

impl RowWriter {
    /// The value of a picked column in the encoding that is written.
    fn converted<'a>(&self, value: &'a [u8], picked: usize) -> Result<Cow<'a, [u8]>> {
        let Some(charset) = self.charset else { return Ok(Cow::Borrowed(value)) };
        match charset.utf8(value) {
            Some(Cow::Borrowed(text)) => Ok(Cow::Borrowed(text.as_bytes())),
            Some(Cow::Owned(text)) => Ok(Cow::Owned(text.into_bytes())),
            None => Err(Error::unsupported(
                format!(
                    "row {} of {}: bytes of column {} are no text in {}",
                    self.rows,
                    self.table,
                    self.names[picked],
                    if self.encoding == "SQL_ASCII" { "UTF-8" } else { &self.encoding }
                ),
                as_they_are(&self.encoding),
            )),
        }
    }
}

fn as_they_are(encoding: &str) -> String {
    format!("`--encoding {encoding}` writes the bytes of the database as they are, with --format copy or csv")
}

/// How values are converted to what was asked for.
fn charset(table: &str, encoding: &str, options: &Options) -> Result<Option<Charset>> {
    let as_is = match &options.encoding {
        None => options.format == Format::Copy,
        Some(wanted) if encoding::is_same(wanted, encoding) => true,
        Some(wanted) if encoding::is_same(wanted, "UTF8") => false,
        Some(wanted) => {
            return Err(Error::Usage {
                message: format!("rows of {table} are in {encoding} and cannot be written in {wanted}"),
                hint: Some(format!("UTF8 and {encoding} are possible; other programs convert from UTF8")),
            });
        }
    };
    if options.format == Format::JsonLines && as_is && encoding != "UTF8" {
        return Err(Error::usage(format!("JSON is UTF-8 and cannot be in {encoding}")));
    }
    // The server has checked what is UTF8 there; JSON is checked once more.
    if as_is && options.format != Format::JsonLines {
        return Ok(None);
    }
    let unknown = || {
        Error::unsupported(
            format!("rows of {table} are in {encoding}, which cannot be converted"),
            as_they_are(encoding),
        )
    };
    Charset::of(encoding).map(Some).ok_or_else(unknown)
}

/// The name of a column, which snapshots have in UTF-8 but of SQL_ASCII, in the encoding that is written.
fn column_name(name: &Text, encoding: &str, charset: Option<Charset>) -> Result<Text> {
    let problem = |wanted: &str| {
        Error::unsupported(format!("the name of column {name} is no text in {wanted}"), as_they_are(encoding))
    };
    match (charset, encoding) {
        (Some(_), _) => name.as_str().map(Text::from).ok_or_else(|| problem("UTF-8")),
        (None, "SQL_ASCII" | "UTF8") => Ok(name.clone()),
        (None, _) => match (Charset::of(encoding), name.as_str()) {
            (Some(charset), Some(text)) => charset.bytes(text).map(Text::from).ok_or_else(|| problem(encoding)),
            _ if name.as_bytes().is_ascii() => Ok(name.clone()),
            _ => Err(problem(encoding)),
        },
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

/// A string of JSON; values are UTF-8 by now.
fn json(out: &mut Vec<u8>, value: &[u8]) {
    let text = String::from_utf8_lossy(value);
    serde_json::to_writer(out, &text).expect("a string always serializes, and memory takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Column;

    fn options(format: Format) -> Options {
        Options { format, columns: Vec::new(), limit: None, encoding: None }
    }

    fn written(format: Format, columns: &[&str], limit: Option<u64>, blocks: &[&[u8]]) -> String {
        let column = |name: &str| Column { name: name.into(), type_name: "text".into() };
        let table = Table {
            columns: vec![column("a"), column("b \"x\"")],
            unlogged: false,
            root: None,
            condition: None,
            server: None,
        };
        let columns = columns.iter().map(|c| Text::from(*c)).collect();
        let options = Options { columns, limit, ..options(format) };
        let mut writer = RowWriter::new("t", &table, "UTF8", &options).expect("the columns exist");
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
        let mut writer = RowWriter::new("t", &table, "UTF8", &options(Format::Copy)).expect("the columns exist");
        assert!(writer.push(b"1\n").is_err());
    }

    #[test]
    fn what_is_no_text_is_an_error_that_names_its_row() {
        let table = Table { columns: vec![Column { name: "a".into(), type_name: "text".into() }], ..empty() };
        let mut writer = RowWriter::new("s.t", &table, "SQL_ASCII", &options(Format::Csv)).expect("known");
        let refused = writer.push(b"\xc3\xa9\nx\\t\xe9\n").expect_err("LATIN1 is not UTF-8");
        assert_eq!(refused.to_string(), "row 2 of s.t: bytes of column a are no text in UTF-8");
        for (encoding, wanted, format) in [
            ("LATIN1", "LATIN2", Format::Csv),
            ("LATIN1", "LATIN1", Format::JsonLines),
            ("EUC_TW", "UTF8", Format::Csv),
        ] {
            let options = Options { encoding: Some(wanted.into()), ..options(format) };
            assert!(RowWriter::new("t", &table, encoding, &options).is_err(), "{encoding} {wanted}");
        }
    }

    fn empty() -> Table {
        Table { columns: Vec::new(), unlogged: false, root: None, condition: None, server: None }
    }
}
