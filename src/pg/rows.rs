//! Answers to queries, as text, read by column name.
//!
//! Values stay bytes until somebody asks for a type: a SQL_ASCII database may hold any bytes.

use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Cause, Error, Result};
use crate::text::Text;

/// The rows of one answer.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    rows: Vec<Row>,
}

/// One row; columns are found by name.
#[derive(Clone, Debug)]
pub struct Row {
    columns: Arc<[Text]>,
    values: Vec<Option<Bytes>>,
}

impl Rows {
    /// An answer with these column names; every row has as many values.
    #[must_use]
    pub fn new(columns: Vec<Text>, rows: Vec<Vec<Option<Bytes>>>) -> Self {
        let columns: Arc<[Text]> = columns.into();
        Self { rows: rows.into_iter().map(|values| Row { columns: Arc::clone(&columns), values }).collect() }
    }

    /// Bytes of memory that one row of so many columns takes beside its values.
    pub(crate) fn overhead(columns: usize) -> usize {
        size_of::<Row>() + size_of::<Vec<Option<Bytes>>>() + columns * size_of::<Option<Bytes>>()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Row> {
        self.rows.iter()
    }

    /// Keeps the rows for which `keep` says so.
    ///
    /// # Errors
    ///
    /// The first that `keep` fails with.
    pub fn retain(&mut self, mut keep: impl FnMut(&Row) -> Result<bool>) -> Result<()> {
        let mut kept = Vec::with_capacity(self.rows.len());
        for row in std::mem::take(&mut self.rows) {
            if keep(&row)? {
                kept.push(row);
            }
        }
        self.rows = kept;
        Ok(())
    }

    /// Whether there is a column of this name; false where there are no rows.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.rows.first().is_some_and(|row| row.columns.iter().any(|c| *c == column))
    }

    /// The only row.
    ///
    /// # Errors
    ///
    /// Where there is none, or more than one.
    pub fn one(&self) -> Result<&Row> {
        match self.rows.as_slice() {
            [row] => Ok(row),
            rows => Err(unexpected(format!("one row was expected, {} came", rows.len()))),
        }
    }
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;
    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = &'a Row;
    type IntoIter = std::slice::Iter<'a, Row>;
    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

fn unexpected(problem: String) -> Error {
    Error::Postgres { doing: "read the answer of a query".into(), source: Box::new(Cause::Protocol(problem)) }
}

impl Row {
    fn raw(&self, column: &str) -> Result<Option<&[u8]>> {
        match self.columns.iter().position(|c| *c == column) {
            Some(at) => Ok(self.values.get(at).and_then(|v| v.as_deref())),
            None => Err(unexpected(format!("there is no column {column}"))),
        }
    }

    fn present(&self, column: &str) -> Result<&[u8]> {
        self.raw(column)?.ok_or_else(|| unexpected(format!("column {column} is null")))
    }

    /// All values in the order of the columns.
    pub fn values(&self) -> impl Iterator<Item = Option<Text>> {
        self.values.iter().map(|value| value.as_deref().map(Text::from))
    }

    /// The value, which may be NULL.
    ///
    /// # Errors
    ///
    /// Where there is no such column; this holds for all readers of a row.
    pub fn maybe(&self, column: &str) -> Result<Option<Text>> {
        Ok(self.raw(column)?.map(Text::from))
    }

    /// The value, which must not be NULL.
    ///
    /// # Errors
    ///
    /// On NULL.
    pub fn text(&self, column: &str) -> Result<Text> {
        self.present(column).map(Text::from)
    }

    /// `t` or `f`.
    ///
    /// # Errors
    ///
    /// On anything else.
    pub fn boolean(&self, column: &str) -> Result<bool> {
        match self.present(column)? {
            b"t" => Ok(true),
            b"f" => Ok(false),
            other => Err(unexpected(format!("column {column} is not a boolean: {}", Text::from(other)))),
        }
    }

    /// A number.
    ///
    /// # Errors
    ///
    /// On anything else and out of range.
    pub fn number<T: FromStr>(&self, column: &str) -> Result<T> {
        self.maybe_number(column)?.ok_or_else(|| unexpected(format!("column {column} is null")))
    }

    /// A number that may be NULL.
    ///
    /// # Errors
    ///
    /// On anything else and out of range.
    pub fn maybe_number<T: FromStr>(&self, column: &str) -> Result<Option<T>> {
        self.raw(column)?.map(|value| parse(value, column)).transpose()
    }

    /// The first letter of a `"char"` column; NUL where it is empty.
    ///
    /// # Errors
    ///
    /// On NULL.
    pub fn letter(&self, column: &str) -> Result<char> {
        Ok(self.present(column)?.first().map_or('\0', |b| char::from(*b)))
    }

    /// The elements of a one-dimensional array; NULL elements are not expected. NULL gives no elements.
    ///
    /// # Errors
    ///
    /// Where it is not the text of an array.
    pub fn texts(&self, column: &str) -> Result<Vec<Text>> {
        Ok(self.maybe_texts(column)?.unwrap_or_default())
    }

    /// The elements of a one-dimensional array that may be NULL itself.
    ///
    /// # Errors
    ///
    /// Where it is not the text of an array.
    pub fn maybe_texts(&self, column: &str) -> Result<Option<Vec<Text>>> {
        let Some(value) = self.raw(column)? else { return Ok(None) };
        array(value).map(Some).ok_or_else(|| unexpected(format!("column {column} is not an array")))
    }

    /// The elements of an array of numbers, or of an `oidvector` or `int2vector`. NULL gives no elements.
    ///
    /// # Errors
    ///
    /// On anything else.
    pub fn numbers<T: FromStr>(&self, column: &str) -> Result<Vec<T>> {
        let Some(value) = self.raw(column)? else { return Ok(Vec::new()) };
        let inner = value.strip_prefix(b"{").and_then(|v| v.strip_suffix(b"}")).unwrap_or(value);
        inner
            .split(|b| matches!(b, b',' | b' '))
            .filter(|element| !element.is_empty())
            .map(|element| parse(element, column))
            .collect()
    }
}

fn parse<T: FromStr>(value: &[u8], column: &str) -> Result<T> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| unexpected(format!("column {column} is not a number: {}", Text::from(value))))
}

/// Elements of the text form of a one-dimensional array, as `array_out` prints it with the delimiter `,`.
fn array(value: &[u8]) -> Option<Vec<Text>> {
    let inner = value.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let mut elements = Vec::new();
    let mut element = Vec::new();
    let mut bytes = inner.iter();
    let mut quoted = false;
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => element.push(*bytes.next()?),
            b'"' => quoted = !quoted,
            b',' if !quoted => elements.push(Text::from(std::mem::take(&mut element))),
            _ => element.push(byte),
        }
    }
    if quoted {
        return None;
    }
    if !inner.is_empty() {
        elements.push(Text::from(element));
    }
    Some(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: &'static [u8]) -> Row {
        let rows = Rows::new(vec!["v".into()], vec![vec![Some(Bytes::from_static(value))]]);
        rows.one().expect("there is one row").clone()
    }

    #[test]
    fn arrays_of_text() {
        assert_eq!(row(b"{}").texts("v").unwrap(), Vec::<Text>::new());
        assert_eq!(row(br#"{a,"b,\"c",""}"#).texts("v").unwrap(), ["a", "b,\"c", ""].map(Text::from));
        assert!(row(b"{\"a}").texts("v").is_err());
        assert!(row(b"a").texts("v").is_err());
    }

    #[test]
    fn vectors_and_arrays_of_numbers() {
        assert_eq!(row(b"1 2").numbers::<i16>("v").unwrap(), [1, 2]);
        assert_eq!(row(b"{3,4}").numbers::<u32>("v").unwrap(), [3, 4]);
        assert!(row(b"{x}").numbers::<u32>("v").is_err());
    }
}
