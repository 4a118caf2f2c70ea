//! The password file, `~/.pgpass`: `host:port:database:user:password` a line.
//!
//! Owns finding the line that fits. As with libpq a file that others can read is not used.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Address, Host, Password};
use crate::text::Text;

/// The lines of a password file, in order.
#[derive(Clone, Default)]
pub struct Passwords(Vec<Line>);

#[derive(Clone)]
struct Line {
    /// Host, port, database, user; `None` fits everything.
    fits: [Option<Text>; 4],
    password: Password,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords({} lines)", self.0.len())
    }
}

impl Passwords {
    /// Reads the file. One that is not there gives none; why one that is there is not used is said for people.
    pub(super) fn read(path: &Path) -> (Self, Option<String>) {
        let Ok(metadata) = std::fs::metadata(path) else { return (Self::default(), None) };
        if !metadata.is_file() {
            return (Self::default(), None);
        }
        let shown = path.display();
        if metadata.permissions().mode() & 0o077 != 0 {
            let why = format!("password file {shown} is ignored: others can read it; run `chmod 600 {shown}`");
            return (Self::default(), Some(why));
        }
        match std::fs::read(path) {
            Ok(content) => (Self::parse(&content), None),
            Err(error) => (Self::default(), Some(format!("password file {shown} is ignored: {error}"))),
        }
    }

    /// Lines that have not five fields fit nothing and are passed over, as are comments.
    pub(super) fn parse(content: &[u8]) -> Self {
        Self(content.split(|byte| *byte == b'\n').filter_map(line).collect())
    }

    /// The password of the first line that fits.
    pub(crate) fn find(&self, host: &Host, database: &Text, user: &Text) -> Option<&Password> {
        let name = match &host.address {
            Address::Tcp { name, ip: Some(ip) } if name.is_empty() => ip.to_string(),
            Address::Tcp { name, .. } => name.clone(),
            Address::Unix(folder) if super::resolve::SOCKET_FOLDERS.iter().any(|known| folder == Path::new(known)) => {
                "localhost".into()
            }
            Address::Unix(folder) => folder.to_string_lossy().into_owned(),
        };
        let wanted = [name.into(), host.port.to_string().into(), database.clone(), user.clone()];
        let fits = |line: &&Line| {
            line.fits.iter().zip(&wanted).all(|(field, wanted)| field.as_ref().is_none_or(|field| field == wanted))
        };
        self.0.iter().find(fits).map(|line| &line.password)
    }
}

fn line(text: &[u8]) -> Option<Line> {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.starts_with(b"#") {
        return None;
    }
    let mut fields = fields(text);
    let mut next = || fields.next().filter(|field| !field.is_empty());
    let mut pattern = || {
        let field = next()?;
        Some(if field == b"*" { None } else { Some(unescaped(field)) })
    };
    let fits = [pattern()?, pattern()?, pattern()?, pattern()?];
    Some(Line { fits: fits.map(|field| field.map(Text::from)), password: unescaped(next()?).into() })
}

/// Splits at colons that no backslash escapes.
fn fields(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let mut escaped = false;
        let end = text.iter().position(|byte| match byte {
            _ if escaped => {
                escaped = false;
                false
            }
            b'\\' => {
                escaped = true;
                false
            }
            byte => *byte == b':',
        });
        let (field, rest) = text.split_at(end.unwrap_or(text.len()));
        text = rest.get(1..).unwrap_or_default();
        (!field.is_empty() || end.is_some()).then_some(field)
    })
}

fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut bytes = field.iter();
    let mut plain = Vec::with_capacity(field.len());
    while let Some(&byte) = bytes.next() {
        plain.push(if byte == b'\\' { *bytes.next().unwrap_or(&byte) } else { byte });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(file: &str, host: Host, database: &str, user: &str) -> Option<Password> {
        Passwords::parse(file.as_bytes()).find(&host, &database.into(), &user.into()).cloned()
    }

    #[test]
    fn the_first_line_that_fits() {
        let file = "# db1:5432:*:*:comment\nbroken\ndb1:5432:shop:ann:one\r\ndb1:*:*:ann:t\\:w\\\\o\n*:*:*:*:rest\n";
        let host = |port| Host::tcp("db1", port);
        assert_eq!(find(file, host(5432), "shop", "ann"), Some("one".into()));
        assert_eq!(find(file, host(5433), "shop", "ann"), Some(r"t:w\o".into()));
        assert_eq!(find(file, host(5432), "shop", "bob"), Some("rest".into()));
        assert_eq!(find("db1:5432:shop:ann:one\n", host(1), "shop", "ann"), None);
    }

    #[test]
    fn sockets_in_the_usual_folder_are_localhost() {
        let file = "localhost:5432:*:*:usual\n/srv/pg:5432:*:*:other";
        assert_eq!(find(file, Host::unix("/var/run/postgresql", 5432), "d", "u"), Some("usual".into()));
        assert_eq!(find(file, Host::unix("/srv/pg", 5432), "d", "u"), Some("other".into()));
    }

    #[test]
    fn names_with_colons() {
        assert_eq!(find("\\:\\:1:5432:*:*:six", Host::tcp("::1", 5432), "d", "u"), Some("six".into()));
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, "*:*:*:*:secret").unwrap();
        for (mode, used) in [(0o600, true), (0o640, false), (0o604, false), (0o400, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let (passwords, why) = Passwords::read(&path);
            assert_eq!((passwords.0.len() == 1, why.is_none()), (used, used), "{mode:o}");
        }
        assert!(Passwords::read(&folder.path().join("none")).1.is_none());
    }
}
