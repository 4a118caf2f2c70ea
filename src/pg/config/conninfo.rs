//! Connection strings of keywords: `host=db1 dbname='my db'`.

use super::keywords::Settings;
use crate::error::{Error, Result};

/// Whether a database name is really a connection string, by libpq's rule.
pub(super) fn is_connection_string(text: &[u8]) -> bool {
    is_url(text) || text.contains(&b'=')
}

/// Whether a connection string is a URL.
pub(super) fn is_url(text: &[u8]) -> bool {
    text.starts_with(b"postgresql://") || text.starts_with(b"postgres://")
}

/// Settings of a connection string of either form.
pub(super) fn parse(text: &[u8]) -> Result<Settings> {
    if is_url(text) { super::url::parse(text) } else { keywords(text) }
}

/// Whether a connection string holds a password; of one that cannot be read nobody can say so.
pub(crate) fn names_password(text: &[u8]) -> bool {
    parse(text).is_ok_and(|settings| settings.names("password"))
}

const SOURCE: &str = "the connection string";

fn keywords(text: &[u8]) -> Result<Settings> {
    let mut settings = Settings::default();
    let mut rest = text.trim_ascii_start();
    let mut previous: &[u8] = b"";
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'=' || byte.is_ascii_whitespace()).unwrap_or(rest.len());
        let keyword = &rest[..end];
        let Some(after) = rest[end..].trim_ascii_start().strip_prefix(b"=") else {
            // The word itself may be the rest of a password.
            let after = if previous.is_empty() { keyword } else { previous };
            let after = String::from_utf8_lossy(after).into_owned();
            return Err(Error::Usage {
                message: format!("{SOURCE} has a word without =, near {after:?}"),
                hint: Some("a value with spaces goes between single quotes".into()),
            });
        };
        let (value, after) = value(after.trim_ascii_start(), keyword)?;
        settings.set(keyword, value, SOURCE)?;
        previous = keyword;
        rest = after.trim_ascii_start();
    }
    Ok(settings)
}

/// A value at the start of the text, and what follows it.
fn value<'a>(text: &'a [u8], keyword: &[u8]) -> Result<(Vec<u8>, &'a [u8])> {
    let (quoted, text) = match text.strip_prefix(b"'") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'\\' => {
                // A lone backslash at the end stands for nothing, as in libpq.
                value.extend(text.get(at));
                at += 1;
            }
            b'\'' if quoted => return Ok((value, &text[at..])),
            byte if !quoted && byte.is_ascii_whitespace() => return Ok((value, &text[at..])),
            byte => value.push(byte),
        }
    }
    if quoted {
        let keyword = String::from_utf8_lossy(keyword).into_owned();
        return Err(Error::usage(format!("{SOURCE} has a quoted value without end after {keyword:?}")));
    }
    Ok((value, &[]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(text: &str, keyword: &str) -> Option<String> {
        parse(text.as_bytes()).unwrap().get(keyword).unwrap().map(str::to_owned)
    }

    #[test]
    fn values_with_quotes_and_backslashes() {
        let text = r"  host = db1 dbname='my \'quoted\' \\ db'user=a\ b password= ";
        assert_eq!(get(text, "host").as_deref(), Some("db1"));
        assert_eq!(get(text, "dbname").as_deref(), Some(r"my 'quoted' \ db"));
        assert_eq!(get(text, "user").as_deref(), Some("a b"));
        assert_eq!(get(text, "password"), None);
        assert_eq!(get("dbname='' host=x", "host").as_deref(), Some("x"));
    }

    #[test]
    fn errors_name_what_is_wrong_and_no_password() {
        for (text, named) in
            [("host", "host"), ("host='x", "host"), ("hots=x", "hots"), ("password='s3cret", "password")]
        {
            let error = parse(text.as_bytes()).map(drop).unwrap_err().to_string();
            assert!(error.contains(named) && !error.contains("s3cret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_quoted_comes_back(value in "[ -~]{0,20}") {
            let quoted = value.replace('\\', r"\\").replace('\'', r"\'");
            let expected = Some(value).filter(|v| !v.is_empty());
            prop_assert_eq!(get(&format!("host=a dbname='{quoted}' user=b"), "dbname"), expected);
        }
    }
}
