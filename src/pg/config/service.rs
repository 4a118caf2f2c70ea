//! Service files: named groups of connection settings in `~/.pg_service.conf` and the system's `pg_service.conf`.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::keywords::Settings;
use crate::error::{Error, Result};

/// Where the system's file may be if `PGSYSCONFDIR` does not say: Debian's folder, then that of the PGDG packages for RPM.
const SYSTEM_FOLDERS: [&str; 2] = ["/etc/postgresql-common", "/etc/sysconfig/pgsql"];

/// The settings of a service.
pub(super) fn find(service: &str, file: Option<&str>, environment: &Environment<'_>) -> Result<Settings> {
    for (path, required) in places(file, environment) {
        let content = match std::fs::read(&path) {
            Ok(content) => content,
            Err(error) if required => {
                return Err(Error::usage(format!("cannot read service file {}: {error}", path.display())));
            }
            Err(_) => continue,
        };
        if let Some(settings) = parse(&content, service, &path)? {
            return Ok(settings);
        }
    }
    Err(Error::Usage {
        message: format!("there is no definition of service {service:?}"),
        hint: Some("services are defined in ~/.pg_service.conf, or the file that PGSERVICEFILE names".into()),
    })
}

fn places(file: Option<&str>, environment: &Environment<'_>) -> Vec<(PathBuf, bool)> {
    let mut places = Vec::new();
    match (file.map(PathBuf::from).or_else(|| environment.path("PGSERVICEFILE")), &environment.home) {
        (Some(path), _) => places.push((path, true)),
        (None, Some(home)) => places.push((home.join(".pg_service.conf"), false)),
        (None, None) => {}
    }
    match environment.path("PGSYSCONFDIR") {
        Some(folder) => places.push((folder.join("pg_service.conf"), false)),
        None => places.extend(SYSTEM_FOLDERS.map(|folder| (Path::new(folder).join("pg_service.conf"), false))),
    }
    places
}

fn parse(content: &[u8], service: &str, path: &Path) -> Result<Option<Settings>> {
    let mut found: Option<Settings> = None;
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        if let Some(name) = line.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]")) {
            if found.is_some() {
                break;
            }
            found = (name == service.as_bytes()).then(Settings::default);
            continue;
        }
        let Some(settings) = &mut found else { continue };
        let place = format!("line {} of service file {}", number + 1, path.display());
        if line.starts_with(b"ldap") {
            return Err(Error::unsupported(format!("{place} asks LDAP"), "write the parameters into the file itself"));
        }
        let Some(at) = line.iter().position(|byte| *byte == b'=') else {
            return Err(Error::usage(format!("{place} has no =")));
        };
        let (keyword, value) = (line[..at].trim_ascii(), &line[at + 1..]);
        if keyword == b"service" || keyword == b"servicefile" {
            return Err(Error::usage(format!("{place} refers to another service")));
        }
        // As in libpq the first line of a keyword counts.
        if !std::str::from_utf8(keyword).is_ok_and(|keyword| settings.names(keyword)) {
            settings.set(keyword, value, &place)?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] =
        b"# ours\n[other]\nhost=wrong\n\n[shop]\nhost=db1\n port=5433 \nhost=later\ndbname=my shop\n[last]\nhots=x\n";

    #[test]
    fn a_section_is_read_alone() {
        let settings = parse(FILE, "shop", Path::new("f")).unwrap().expect("the section is there");
        let get = |keyword| settings.get(keyword).unwrap();
        assert_eq!((get("host"), get("port"), get("dbname")), (Some("db1"), Some("5433"), Some("my shop")));
        assert!(parse(FILE, "none", Path::new("f")).unwrap().is_none());
    }

    #[test]
    fn errors_name_the_line() {
        let error = parse(FILE, "last", Path::new("f")).map(drop).unwrap_err().to_string();
        assert!(error.contains("line 11") && error.contains("hots"), "{error}");
        assert!(parse(b"[a]\nldap://x", "a", Path::new("f")).is_err());
        assert!(parse(b"[a]\nservice=b", "a", Path::new("f")).is_err());
    }
}
