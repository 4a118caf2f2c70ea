//! What an address means. The one place that knows how addresses look.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// What an address means.
pub(super) enum Address {
    Folder(PathBuf),
}

pub(super) fn parse(address: &str) -> Result<Address> {
    let Some((scheme, rest)) = address.split_once("://") else {
        return match address {
            "" => Err(Error::usage("the address of the repository is empty")),
            path => Ok(Address::Folder(path.into())),
        };
    };
    match scheme {
        "file" if rest.starts_with('/') => Ok(Address::Folder(rest.into())),
        "file" => Err(Error::Usage {
            message: format!("{address} is not the address of a folder"),
            hint: Some("write file:///absolute/path, or the path alone".into()),
        }),
        "s3" | "gs" | "az" | "azure" => Err(Error::unsupported(
            format!("this version keeps repositories in folders only, not in {scheme}://"),
            "name a folder; copy it to the bucket with the provider's own program",
        )),
        _ => Err(Error::Usage {
            message: format!("unknown kind of address {scheme}://"),
            hint: Some("name a folder".into()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn addresses() {
        for path in ["backups", "/var/backups", "./a b", "C:\\backups"] {
            assert!(matches!(parse(path), Ok(Address::Folder(p)) if p == Path::new(path)), "{path}");
        }
        assert!(matches!(parse("file:///srv/b"), Ok(Address::Folder(p)) if p == Path::new("/srv/b")));
        assert!(matches!(parse("s3://bucket/x"), Err(Error::Unsupported { .. })));
        for wrong in ["", "file://srv", "ftp://x"] {
            assert!(matches!(parse(wrong), Err(Error::Usage { .. })), "{wrong}");
        }
    }
}
