//! Connection URLs: `postgresql://user:password@host:port,host/database?keyword=value`, percent-encoded.

use super::keywords::Settings;
use crate::error::{Error, Result};

const SOURCE: &str = "the connection URL";

/// Settings of a URL that starts with `postgresql://` or `postgres://`.
pub(super) fn parse(url: &[u8]) -> Result<Settings> {
    let mut settings = Settings::default();
    let start = url.windows(3).position(|window| window == b"://").map_or(url.len(), |at| at + 3);
    let rest = &url[start..];
    // Credentials end at the first @ unless a / comes before it: a / in a password must be written %2F.
    let rest = match rest.iter().position(|byte| matches!(byte, b'@' | b'/')) {
        Some(at) if rest[at] == b'@' => {
            credentials(&rest[..at], &mut settings)?;
            &rest[at + 1..]
        }
        _ => rest,
    };
    let (rest, query) = split(rest, b'?');
    let (hosts, database) = split(rest, b'/');
    authority(hosts, &mut settings)?;
    if let Some(database) = database.filter(|database| !database.is_empty()) {
        settings.set(b"dbname", decode(database)?, SOURCE)?;
    }
    for pair in query.unwrap_or_default().split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        parameter(pair, &mut settings)?;
    }
    Ok(settings)
}

fn split(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == at) {
        Some(position) => (&text[..position], Some(&text[position + 1..])),
        None => (text, None),
    }
}

fn credentials(text: &[u8], settings: &mut Settings) -> Result<()> {
    let (user, password) = split(text, b':');
    if !user.is_empty() {
        settings.set(b"user", decode(user)?, SOURCE)?;
    }
    match password.filter(|password| !password.is_empty()) {
        Some(password) => settings.set(b"password", decode(password)?, SOURCE),
        None => Ok(()),
    }
}

/// `host:port,[::1]:port,..` into the lists `host` and `port`.
fn authority(text: &[u8], settings: &mut Settings) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for place in text.split(|byte| *byte == b',') {
        let (host, port) = match place.strip_prefix(b"[") {
            Some(bracketed) => {
                let (host, after) = split(bracketed, b']');
                match after {
                    Some([]) => (host, None),
                    Some([b':', port @ ..]) => (host, Some(port)),
                    _ => return Err(Error::usage(format!("{SOURCE} has an IPv6 address without its ]"))),
                }
            }
            None => split(place, b':'),
        };
        hosts.push(decode(host)?);
        ports.push(decode(port.unwrap_or_default())?);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        settings.set(b"host", hosts.join(&b','), SOURCE)?;
    }
    if ports.iter().any(|port| !port.is_empty()) {
        settings.set(b"port", ports.join(&b','), SOURCE)?;
    }
    Ok(())
}

fn parameter(pair: &[u8], settings: &mut Settings) -> Result<()> {
    let (keyword, value) = split(pair, b'=');
    let keyword = decode(keyword)?;
    let Some(value) = value else {
        let keyword = String::from_utf8_lossy(&keyword).into_owned();
        return Err(Error::usage(format!("{SOURCE} has no = after {keyword:?}")));
    };
    match (keyword.as_slice(), value) {
        // What JDBC writes, and libpq accepts.
        (b"ssl", b"true") => settings.set(b"sslmode", "require", SOURCE),
        (keyword, value) => settings.set(keyword, decode(value)?, SOURCE),
    }
}

/// Undoes percent-encoding. Errors show nothing of the text, which may be a password.
fn decode(text: &[u8]) -> Result<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits: Vec<u8> = bytes.by_ref().take(2).copied().collect();
        match crate::hash::unhex(&String::from_utf8_lossy(&digits)).as_deref() {
            Some(&[byte]) if byte != 0 => decoded.push(byte),
            _ => {
                return Err(Error::Usage {
                    message: format!("{SOURCE} has a % that is not followed by two hexadecimal digits"),
                    hint: Some("in a password write %25 for %, %40 for @, %2F for /".into()),
                });
            }
        }
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(url: &str) -> Vec<Option<String>> {
        let settings = parse(url.as_bytes()).unwrap();
        let get = |keyword| settings.get(keyword).unwrap().map(str::to_owned);
        ["user", "password", "host", "port", "dbname"].map(get).to_vec()
    }

    fn some(values: [&str; 5]) -> Vec<Option<String>> {
        values.map(|value| Some(value.to_owned()).filter(|v| !v.is_empty())).to_vec()
    }

    #[test]
    fn the_forms_of_the_documentation() {
        assert_eq!(all("postgresql://"), some(["", "", "", "", ""]));
        assert_eq!(all("postgresql://localhost:5433"), some(["", "", "localhost", "5433", ""]));
        assert_eq!(all("postgres://user:secret@localhost/my%20db"), some(["user", "secret", "localhost", "", "my db"]));
        assert_eq!(all("postgresql://u@h1:123,h2:456/db?connect_timeout=9"), some(["u", "", "h1,h2", "123,456", "db"]));
        assert_eq!(all("postgresql://h1,h2:456/db"), some(["", "", "h1,h2", ",456", "db"]));
        assert_eq!(all("postgresql:///db?host=localhost&port=5433"), some(["", "", "localhost", "5433", "db"]));
        assert_eq!(all("postgresql://[2001:db8::1234]:7/db"), some(["", "", "2001:db8::1234", "7", "db"]));
        assert_eq!(all("postgresql://%2Fvar%2Flib%2Fpg/db"), some(["", "", "/var/lib/pg", "", "db"]));
        assert_eq!(all("postgresql://:p%40ss@h"), some(["", "p@ss", "h", "", ""]));
        assert_eq!(all("postgresql://h?user=a&password=b%26"), some(["a", "b&", "h", "", ""]));
    }

    #[test]
    fn ssl_as_jdbc_writes_it() {
        let settings = parse(b"postgres://h/db?ssl=true").unwrap();
        assert_eq!(settings.get("sslmode").unwrap(), Some("require"));
    }

    #[test]
    fn broken_ones_are_refused() {
        for url in [
            "postgres://u:50%@h/d",
            "postgres://u:%zz@h",
            "postgres://[::1/d",
            "postgres://[::1]x/d",
            "postgres://h/?a",
        ] {
            assert!(parse(url.as_bytes()).is_err(), "{url}");
        }
        let error = parse(b"postgres://u:s3cret%@h/d").map(drop).unwrap_err().to_string();
        assert!(!error.contains("s3cret"), "{error}");
        let error = parse(b"postgres://h/d?pgbouncer=true").map(drop).unwrap_err().to_string();
        assert!(error.contains("pgbouncer"), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused(rest in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&[b"postgres://", rest.as_slice()].concat());
        }
    }
}
