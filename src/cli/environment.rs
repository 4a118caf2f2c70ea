//! The process's environment: the only file that reads variables, the home folder and the terminal's input.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use console::Term;
use pgkeep::pg::Config;
use pgkeep::pg::config::{Environment, Given};
use pgkeep::{Error, Result};

/// The value of a variable; `None` where it is not set or empty.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    match variable_os(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(_)) => Err(Error::usage(format!("the environment variable {name} is not UTF-8"))),
    }
}

fn variable_os(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The home folder of the user.
fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

/// The folder in which `init` leaves identities: `$XDG_CONFIG_HOME/pgkeep`, by default `~/.config/pgkeep`.
pub(crate) fn identity_folder() -> Result<PathBuf> {
    // The specification wants relative values ignored.
    let folder = variable_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    match folder.or_else(|| home().map(|home| home.join(".config"))) {
        Some(folder) => Ok(folder.join("pgkeep")),
        None => Err(Error::Usage {
            message: "there is no home folder to keep an identity in".into(),
            hint: Some("set HOME or XDG_CONFIG_HOME, or name the file: `--identity-out FILE`, `-i FILE`".into()),
        }),
    }
}

/// The folder in which a host remembers repositories, that of the identities; `None` where there is no home folder, as
/// for many users that services run as.
pub(crate) fn memory_folder() -> Option<PathBuf> {
    let own = variable_os("XDG_CONFIG_HOME").map(PathBuf::from).is_some_and(|folder| folder.is_absolute());
    let at_home = home().is_some_and(|home| home.is_dir());
    identity_folder().ok().filter(|_| own || at_home)
}

/// What `PGKEEP_IDENTITY` holds.
pub(crate) enum IdentityVariable {
    /// Identities themselves, as they stand in an identity file.
    Text(String),
    /// Identity files.
    Files(Vec<PathBuf>),
}

/// Reads `PGKEEP_IDENTITY`: the text of identities, or paths of identity files separated as in `PATH`.
pub(crate) fn identities() -> Result<Option<IdentityVariable>> {
    let Some(value) = variable_os("PGKEEP_IDENTITY") else { return Ok(None) };
    match value.to_str() {
        Some(text) if text.contains("AGE-SECRET-KEY-") || text.contains("-----BEGIN ") => {
            Ok(Some(IdentityVariable::Text(text.to_owned())))
        }
        _ => Ok(Some(IdentityVariable::Files(std::env::split_paths(&value).collect()))),
    }
}

/// The server that is meant, completed by libpq's variables and files.
pub(crate) fn resolve(given: &Given) -> Result<Config> {
    let environment = Environment { variable: &|name| std::env::var_os(name), home: home(), user: user() };
    Config::resolve(given, &environment)
}

/// Whether somebody sits at a terminal who can be asked.
pub(crate) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a secret on the terminal, without showing it; `None` where there is no terminal or no answer.
pub(crate) fn ask_secret(prompt: &str) -> Option<String> {
    if !has_terminal() {
        return None;
    }
    let terminal = Term::stderr();
    terminal.write_str(prompt).ok()?;
    terminal.read_secure_line().ok()
}

/// The name of the user at the operating system, which is the default role.
///
/// Looked up by number as libpq does, so that `sudo` and containers without `USER` behave.
fn user() -> Option<String> {
    let named = fs::metadata("/proc/self").ok().and_then(|itself| name_of(itself.uid()));
    named.or_else(|| variable("USER").ok().flatten())
}

fn name_of(uid: u32) -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}
