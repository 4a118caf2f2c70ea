//! What surrounds the program, passed in by whoever may read it: variables, home directory, name of the user.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::keywords::{KEYWORDS, Settings};
use crate::error::Result;

/// What surrounds the program. The library itself never looks.
pub struct Environment<'a> {
    /// Looks a variable up.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// Home directory, for `~/.pgpass`, `~/.pg_service.conf` and `~/.postgresql`.
    pub home: Option<PathBuf>,
    /// Name of the user at the operating system: the default role.
    pub user: Option<String>,
}

impl Environment<'static> {
    /// An environment with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self { variable: &|_| None, home: None, user: None }
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("home", &self.home).field("user", &self.user).finish_non_exhaustive()
    }
}

impl Environment<'_> {
    /// A variable; an empty one counts as not set.
    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        (self.variable)(name).filter(|value| !value.is_empty()).map(OsString::into_vec)
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// What libpq's variables say.
    pub(super) fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        for (keyword, variable) in KEYWORDS.iter().filter(|(_, variable)| !variable.is_empty()) {
            if let Some(value) = self.bytes(variable) {
                settings.set(keyword.as_bytes(), value, variable)?;
            }
        }
        Ok(settings)
    }
}
