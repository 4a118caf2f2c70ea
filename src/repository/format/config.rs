//! The object `config`: says that this is a repository, of which format and which one. Trusted for nothing: the id in it
//! is checked against the keys.

use crate::error::{Error, Fault, Result};
use crate::hash::RepositoryId;

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

const MAGIC: &str = "pgkeep repository";
/// Longer ones are not ours.
pub(crate) const CONFIG_BYTES_MAX: u64 = 4096;

/// Bytes of `config`.
#[must_use]
pub(crate) fn encode(id: RepositoryId) -> String {
    format!("{MAGIC}\nformat {FORMAT}\nid {id}\n")
}

/// The id in `config`.
///
/// # Errors
///
/// [`Error::Usage`] where it is not one of pgkeep, [`Error::Unsupported`] where the format is newer, otherwise
/// [`Error::Damaged`].
pub(crate) fn decode(bytes: &[u8], place: &str) -> Result<RepositoryId> {
    let damaged = || Fault::damaged("it is not what init wrote").of("config");
    let Some(rest) = bytes.strip_prefix(MAGIC.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n")) else {
        return Err(Error::Usage {
            message: format!("{place} is not a pgkeep repository: its config belongs to something else"),
            hint: Some("name the folder that `pgkeep init` made".into()),
        });
    };
    let text = std::str::from_utf8(rest).map_err(|_| damaged())?;
    let mut lines = text.split('\n');
    let format = lines.next().and_then(|line| line.strip_prefix("format ")).ok_or_else(damaged)?;
    let format: u32 = format.parse().map_err(|_| damaged())?;
    if format > FORMAT {
        return Err(Error::unsupported(
            format!("the repository in {place} has format {format}, this version reads up to {FORMAT}"),
            "use a newer version of pgkeep",
        ));
    }
    let text = lines.next().and_then(|line| line.strip_prefix("id "));
    let id = text.and_then(|text| text.parse().ok().filter(|id: &RepositoryId| id.to_string() == text));
    let end = (lines.next(), lines.next());
    id.filter(|_| format == FORMAT && end == (Some(""), None)).ok_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn round_trip_and_faults() {
        let id = RepositoryId([7; 32]);
        let good = encode(id);
        assert_eq!(decode(good.as_bytes(), "x").unwrap(), id);
        let kind = |text: &str| decode(text.as_bytes(), "x").unwrap_err().kind();
        assert_eq!(kind("[core]\n\tbare = true\n"), ErrorKind::Usage);
        assert_eq!(kind(""), ErrorKind::Usage);
        assert_eq!(kind(&good.replace("format 1", "format 2")), ErrorKind::Unsupported);
        assert_eq!(kind("pgkeep repository\nformat 999\nwhatever"), ErrorKind::Unsupported);
        assert_eq!(kind(&good.replace("id 0", "id x")), ErrorKind::Damaged);
        assert_eq!(kind(&good[..good.len() - 1]), ErrorKind::Damaged);
        let shouted = encode(RepositoryId([0xab; 32])).replace("ab", "AB");
        assert_eq!(kind(&shouted), ErrorKind::Damaged);
        assert_eq!(kind(&format!("{good}more\n")), ErrorKind::Damaged);
    }
}
