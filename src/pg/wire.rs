//! Bytes of the protocol, version 3.0: messages of the server taken apart, and those of ours that carry bytes.
//!
//! Pure: no socket, no state. Everything that is read here may come from a hostile server: a body that is shorter than
//! it says is an error, and nothing is allocated for a length that was only announced. Layout: "Message Formats" of the
//! PostgreSQL documentation.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::error::{Cause, ServerReport};
use crate::limits::{COLUMNS_MAX, MESSAGE_BYTES_MAX};
use crate::text::Text;

/// First bytes of the messages of a server.
pub(crate) mod tag {
    pub(crate) const AUTHENTICATION: u8 = b'R';
    pub(crate) const BACKEND_KEY: u8 = b'K';
    pub(crate) const COMMAND_COMPLETE: u8 = b'C';
    pub(crate) const COPY_DATA: u8 = b'd';
    pub(crate) const COPY_DONE: u8 = b'c';
    pub(crate) const COPY_IN: u8 = b'G';
    pub(crate) const COPY_OUT: u8 = b'H';
    pub(crate) const DATA_ROW: u8 = b'D';
    pub(crate) const ERROR: u8 = b'E';
    pub(crate) const NOTICE: u8 = b'N';
    pub(crate) const NOTIFICATION: u8 = b'A';
    pub(crate) const PARAMETER: u8 = b'S';
    pub(crate) const READY: u8 = b'Z';
    pub(crate) const ROW_DESCRIPTION: u8 = b'T';

    /// These and the EmptyQueryResponse, which says nothing.
    pub(super) const ALL: &[u8] = b"RKCdcGHDENASZTI";
}

/// Bytes before the body of a message: its tag and its length.
pub(crate) const HEADER_BYTES: usize = 5;

/// Most bytes of a message that says little: the end of a statement, what is asked of whoever wants in, what COPY brings.
const SHORT_BYTES_MAX: usize = 64 << 10;
/// Most bytes of the names and types of all columns.
const DESCRIPTION_BYTES_MAX: usize = 1 << 20;
/// Bytes of an error that are kept; the rest is passed over.
const ERROR_BYTES_KEPT: usize = 64 << 10;
/// Bytes of a notice or a parameter that are kept, since many of them are.
const NOTICE_BYTES_KEPT: usize = 8 << 10;

/// How long a message of this kind may be.
fn longest(tag: u8) -> usize {
    match tag {
        tag::DATA_ROW | tag::COPY_DATA => MESSAGE_BYTES_MAX,
        // What is not kept of them is passed over. A parameter may be as long as somebody's `search_path`.
        tag::ERROR | tag::NOTICE | tag::NOTIFICATION | tag::PARAMETER => MESSAGE_BYTES_MAX,
        tag::ROW_DESCRIPTION => DESCRIPTION_BYTES_MAX,
        _ => SHORT_BYTES_MAX,
    }
}

/// How many bytes of the body of a message of this kind are kept, whatever its length.
pub(crate) fn kept(tag: u8) -> usize {
    match tag {
        tag::ERROR => ERROR_BYTES_KEPT,
        tag::NOTICE | tag::NOTIFICATION | tag::PARAMETER => NOTICE_BYTES_KEPT,
        _ => usize::MAX,
    }
}

/// A message of the server, whole unless it is longer than what is [`kept`].
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) tag: u8,
    pub(crate) body: Bytes,
}

pub(crate) fn violation(problem: impl Into<String>) -> Cause {
    Cause::Protocol(problem.into())
}

/// Tag and length of the body of the message that begins here; `None` where its header is not complete.
#[inline]
pub(crate) fn header(bytes: &[u8]) -> Result<Option<(u8, usize)>, Cause> {
    let Some(&[tag, a, b, c, d]) = bytes.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if !(4..=longest(tag)).contains(&length) || !tag::ALL.contains(&tag) {
        return Err(violation(format!(
            "what the server sent is not the PostgreSQL protocol: a message {tag:#04x} of {length} bytes"
        )));
    }
    Ok(Some((tag, length - 4)))
}

fn short() -> Cause {
    violation("a message of the server ends before its content")
}

fn cstring(body: &mut Bytes) -> Result<Bytes, Cause> {
    let end = memchr::memchr(0, body).ok_or_else(short)?;
    let string = body.split_to(end);
    body.advance(1);
    Ok(string)
}

/// The fields of an ErrorResponse or NoticeResponse; what is missing stays empty.
pub(crate) fn report(mut body: Bytes) -> ServerReport {
    let mut report = ServerReport::default();
    let mut translated = String::new();
    while let Some((&field, _)) = body.split_first().filter(|(field, _)| **field != 0) {
        body.advance(1);
        // The rest of a long one was passed over.
        let value = cstring(&mut body).unwrap_or_else(|_| std::mem::take(&mut body));
        let value = String::from_utf8_lossy(&value).into_owned();
        match field {
            b'S' => translated = value,
            b'V' => report.severity = value,
            b'C' => report.sqlstate = value,
            b'M' => report.message = value,
            b'D' => report.detail = Some(value),
            b'H' => report.hint = Some(value),
            b'W' => report.context = Some(value),
            _ => {}
        }
    }
    // Poolers and servers older than 9.6 send only the severity that may be translated.
    if report.severity.is_empty() {
        report.severity = translated;
    }
    report
}

/// Name and value of a ParameterStatus; the end of a long value was passed over.
pub(crate) fn parameter(mut body: Bytes) -> Result<(Text, Text), Cause> {
    let name = cstring(&mut body)?;
    let value = cstring(&mut body).unwrap_or_else(|_| std::mem::take(&mut body));
    Ok((name.as_ref().into(), value.as_ref().into()))
}

/// The names of the columns in a RowDescription.
pub(crate) fn columns(mut body: Bytes) -> Result<Vec<Text>, Cause> {
    /// Table, column number, type, length, modifier, format.
    const REST_BYTES: usize = 4 + 2 + 4 + 2 + 4 + 2;
    let count = body.try_get_u16().map_err(|_| short())?;
    if usize::from(count) > COLUMNS_MAX {
        return Err(violation(format!("an answer has {count} columns, {COLUMNS_MAX} at most")));
    }
    let mut names = Vec::new();
    for _ in 0..count {
        names.push(cstring(&mut body)?.as_ref().into());
        if body.len() < REST_BYTES {
            return Err(short());
        }
        body.advance(REST_BYTES);
    }
    Ok(names)
}

/// The values of a DataRow, which must be as many as the columns.
pub(crate) fn values(mut body: Bytes, columns: usize) -> Result<Vec<Option<Bytes>>, Cause> {
    let count = usize::from(body.try_get_u16().map_err(|_| short())?);
    if count != columns {
        return Err(violation(format!("a row of {count} values came for {columns} columns")));
    }
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        let length = body.try_get_i32().map_err(|_| short())?;
        values.push(match usize::try_from(length) {
            Err(_) if length == -1 => None,
            Ok(length) if length <= body.len() => Some(body.split_to(length)),
            _ => return Err(short()),
        });
    }
    Ok(values)
}

/// The number of rows at the end of a command tag: 3 in `COPY 3`.
pub(crate) fn affected(mut body: Bytes) -> Option<u64> {
    let command = cstring(&mut body).ok()?;
    let number = command.rsplit(|byte| *byte == b' ').next()?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Writes a Query that begins with `pins`, statements that each end in a semicolon.
pub(crate) fn query(pins: &str, sql: &[u8], out: &mut BytesMut) -> Result<(), Cause> {
    framed(Some(b'Q'), out, |out| {
        out.put_slice(pins.as_bytes());
        put_cstring(sql, out)
    })
}

/// Whether a ReadyForQuery says that a transaction is open, sound or failed.
pub(crate) fn is_open(ready: &[u8]) -> bool {
    matches!(ready, [b'T' | b'E', ..])
}

/// Writes a StartupMessage with these parameters.
pub(crate) fn startup(parameters: &[(&str, &[u8])], out: &mut BytesMut) -> Result<(), Cause> {
    framed(None, out, |out| {
        out.put_u32(0x0003_0000);
        for (name, value) in parameters {
            put_cstring(name.as_bytes(), out)?;
            put_cstring(value, out)?;
        }
        out.put_u8(0);
        Ok(())
    })
}

/// Writes a CopyFail.
pub(crate) fn copy_fail(reason: &str, out: &mut BytesMut) {
    let reason: String = reason.chars().filter(|c| *c != '\0').collect();
    framed(Some(b'f'), out, |out| put_cstring(reason.as_bytes(), out)).expect("a short reason without NUL fits");
}

/// The header of a CopyData whose body follows.
pub(crate) fn copy_data(body: usize) -> Result<[u8; HEADER_BYTES], Cause> {
    let length = body.checked_add(4).and_then(|length| i32::try_from(length).ok());
    let [a, b, c, d] = length.ok_or_else(|| violation("a block of rows is longer than a message"))?.to_be_bytes();
    Ok([b'd', a, b, c, d])
}

fn framed(
    tag: Option<u8>,
    out: &mut BytesMut,
    body: impl FnOnce(&mut BytesMut) -> Result<(), Cause>,
) -> Result<(), Cause> {
    out.extend(tag);
    let start = out.len();
    out.put_u32(0);
    body(out)?;
    let length = i32::try_from(out.len() - start).map_err(|_| violation("a statement is longer than a message"))?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn put_cstring(bytes: &[u8], out: &mut BytesMut) -> Result<(), Cause> {
    if memchr::memchr(0, bytes).is_some() {
        return Err(violation("text for the server contains a NUL byte"));
    }
    out.put_slice(bytes);
    out.put_u8(0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_are_bounded() {
        assert_eq!(header(b"Z\0\0\0").unwrap(), None);
        assert_eq!(header(b"Z\0\0\0\x05I").unwrap(), Some((b'Z', 1)));
        assert!(header(b"Z\0\0\0\x03").is_err(), "a length counts itself");
        assert!(header(b"Z\xff\xff\xff\xff").is_err());
        assert!(header(b"HTTP/1.1 400").is_err());
        for (tag, longest) in [(b'C', SHORT_BYTES_MAX), (b'T', DESCRIPTION_BYTES_MAX), (b'd', MESSAGE_BYTES_MAX)] {
            let written = |length: usize| {
                let [a, b, c, d] = u32::try_from(length).unwrap().to_be_bytes();
                header(&[tag, a, b, c, d])
            };
            assert_eq!(written(longest).unwrap(), Some((tag, longest - 4)));
            assert!(written(longest + 1).is_err(), "{}", char::from(tag));
        }
    }

    #[test]
    fn fields_of_a_report() {
        let body = Bytes::from_static(b"SFEHLER\0VERROR\0C42P01\0Mno \xe9\0Hlook\0\0");
        let report = report(body);
        assert_eq!((report.severity.as_str(), report.sqlstate.as_str()), ("ERROR", "42P01"));
        assert_eq!((report.message.as_str(), report.hint.as_deref()), ("no \u{fffd}", Some("look")));
    }

    #[test]
    fn rows_must_have_their_columns() {
        let row = Bytes::from_static(b"\0\x02\0\0\0\x01a\xff\xff\xff\xff");
        assert_eq!(values(row.clone(), 2).unwrap(), [Some(Bytes::from_static(b"a")), None]);
        assert!(values(row.clone(), 3).is_err());
        assert!(values(row.slice(..6), 2).is_err());
        assert!(values(Bytes::from_static(b"\0\x01\xff\xff\xff\xfe"), 1).is_err());
    }

    #[test]
    fn statements_hold_no_nul() {
        assert!(query("", b"SELECT '\0'", &mut BytesMut::new()).is_err());
        let mut out = BytesMut::new();
        query("A; ", b"SELECT '\xe9'", &mut out).unwrap();
        assert_eq!(&out[..], b"Q\0\0\0\x12A; SELECT '\xe9'\0");
    }

    #[test]
    fn command_tags() {
        assert_eq!(affected(Bytes::from_static(b"COPY 12\0")), Some(12));
        assert_eq!(affected(Bytes::from_static(b"COPY\0")), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), columns in 0usize..4) {
            let bytes = Bytes::from(bytes);
            let _ = header(&bytes);
            let _ = report(bytes.clone());
            let _ = parameter(bytes.clone());
            let _ = super::columns(bytes.clone());
            let _ = values(bytes.clone(), columns);
            let _ = affected(bytes);
        }
    }
}
