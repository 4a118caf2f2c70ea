//! Rust source, read just well enough to check its shape: without comments and literals, by function, without tests.

use std::ops::Range;

/// The code with every comment, string and character replaced by blanks; lines stay where they are.
pub(crate) fn bare(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => at + find(&bytes[at..], b"\n"),
            b'/' if bytes[at..].starts_with(b"/*") => block_comment_end(bytes, at),
            b'r' if !continues_word(bytes, at) && raw_hashes(&bytes[at + 1..]).is_some() => raw_string_end(bytes, at),
            b'"' => quoted_end(bytes, at),
            b'\'' => character_end(bytes, at),
            _ => at,
        };
        out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end.max(at + 1);
    }
    String::from_utf8(out).expect("whole literals were blanked")
}

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).position(|window| window == needle).unwrap_or(haystack.len())
}

fn continues_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'b' || bytes[at - 1] == b'_')
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// Number of `#` before the quote of a raw string that starts here, after its `r`.
fn raw_hashes(rest: &[u8]) -> Option<usize> {
    let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
    (rest.get(hashes) == Some(&b'"')).then_some(hashes)
}

fn raw_string_end(bytes: &[u8], start: usize) -> usize {
    let hashes = raw_hashes(&bytes[start + 1..]).unwrap_or(0);
    let body = start + hashes + 2;
    let end = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    (body + find(&bytes[body..], &end) + end.len()).min(bytes.len())
}

fn quoted_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// End of a character literal; a lifetime has none.
fn character_end(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start + 1..];
    let length = match rest.first() {
        Some(b'\\') => 2 + find(rest.get(2..).unwrap_or_default(), b"'"),
        Some(_) => rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()).map_or(1, char::len_utf8),
        None => return start,
    };
    if rest.get(length) == Some(&b'\'') { start + length + 2 } else { start }
}

/// Bare code without what is compiled for tests only.
pub(crate) fn without_tests(bare: &str) -> String {
    let mut out = bare.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let item = start + "#[cfg(test)]".len();
        let end = out[item..].find([';', '{']).map_or(out.len(), |open| braces(&out, item + open).end);
        let blank: String = out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// From this brace to the one that closes it; a semicolon closes itself.
fn braces(bare: &str, open: usize) -> Range<usize> {
    let mut depth = 0;
    for (offset, byte) in bare.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open..offset + 1;
        }
    }
    open..bare.len()
}

/// Name, first line and number of lines of each function.
pub(crate) fn functions(bare: &str) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for start in words(bare, "fn") {
        let name: String = bare[start + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(open) = bare[start..].find(['{', ';']) else { continue };
        let body = braces(bare, start + open);
        let line = bare[..start].matches('\n').count() + 1;
        found.push((name, line, bare[start..body.end].matches('\n').count() + 1));
    }
    found
}

/// Where this word stands by itself.
pub(crate) fn words<'a>(bare: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    bare.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| !part(bare[..*at].chars().next_back()) && !part(bare[at + word.len()..].chars().next()))
}

/// What is named directly below this root: `error` and `pg` in `crate::{error::Error, pg::{Rows, Session}}`.
pub(crate) fn named_below(bare: &str, root: &str) -> Vec<String> {
    let mut found = Vec::new();
    for at in words(bare, root) {
        let Some(rest) = bare[at + root.len()..].trim_start().strip_prefix("::") else { continue };
        let rest = rest.trim_start();
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut first = true;
            for word in group.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_')) {
                let (name, end) = word.split_at(word.len() - word.chars().next_back().map_or(0, char::len_utf8));
                if depth == 1 && first && !name.is_empty() {
                    found.push(name.to_owned());
                    first = false;
                }
                match end {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    "," if depth == 1 => first = true,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}
