//! How the program ends: exit codes, and how an error is told. Nothing else may choose a code or exit.

use std::error::Error as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use pgkeep::{Error, ErrorKind};
use serde_json::json;

use super::screen;

/// Shown by `--help` and repeated in the README; a test compares both with [`code`].
pub(crate) const CODES: &str = "\
Exit codes:
    0  done
    1  something unexpected
    2  the command line or a setting makes no sense, or names no repository; nothing was done
    3  cannot connect to the server, or it did not let us in
    4  the server refused or failed while working
    5  the repository's location failed: full, not readable, not writable
    6  stored bytes are damaged or missing
    7  no identity at hand opens the repository
    8  not possible with this server, target or version; nothing was changed
    9  finished, but not everything went well
   10  what was compared differs
  130  cancelled";

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library said so.
    Library(Error),
    /// The library said so in the middle of its work.
    Ended {
        /// What it said.
        error: Error,
        /// What became of the work.
        consequence: &'static str,
    },
    /// The command itself found it.
    Found {
        /// For the exit code.
        kind: ErrorKind,
        /// As in the library's errors: a lower-case fragment.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// What the command printed could not be written.
    Output(io::Error),
}

impl Failure {
    /// For a request to stop, says what became of the work; other failures stay as they are.
    pub(crate) fn stopped(error: Error, consequence: &'static str) -> Self {
        match error.kind() {
            ErrorKind::Cancelled => {
                let message = format!("cancelled: {consequence}");
                Self::Found { kind: ErrorKind::Cancelled, message, hint: None }
            }
            _ => Self::Library(error),
        }
    }

    /// For every failure, says what became of the work.
    pub(crate) fn ended(error: Error, consequence: &'static str) -> Self {
        match error.kind() {
            ErrorKind::Cancelled => Self::stopped(error, consequence),
            _ => Self::Ended { error, consequence },
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Outcome of a command.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Tells what went wrong, as an event on stdout with `json` and as text on stderr without, and chooses the exit code.
pub(crate) fn conclude(outcome: Outcome, json: bool) -> ExitCode {
    let failure = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        // Whoever read our output has seen enough: `pgkeep list | head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    // Where even this cannot be written, the code still tells.
    drop(if json { write_event(&failure) } else { write_text(&failure) });
    ExitCode::from(failure.code())
}

/// Ends the process at once, for a person who asked twice.
#[expect(clippy::disallowed_methods, reason = "the one place that exits")]
pub(crate) fn now(kind: ErrorKind) -> ! {
    std::process::exit(i32::from(code(kind)))
}

fn code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Usage => 2,
        ErrorKind::Connect => 3,
        ErrorKind::Postgres => 4,
        ErrorKind::Store => 5,
        ErrorKind::Damaged => 6,
        ErrorKind::Key => 7,
        ErrorKind::Unsupported => 8,
        ErrorKind::Partial => 9,
        ErrorKind::Differs => 10,
        ErrorKind::Cancelled => 130,
        _ => 1,
    }
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Library(error) | Self::Ended { error, .. } => code(error.kind()),
            Self::Found { kind, .. } => code(*kind),
            Self::Output(_) => 1,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Library(error) | Self::Ended { error, .. } => error.to_string(),
            Self::Found { message, .. } => message.clone(),
            Self::Output(_) => "cannot write the output".into(),
        }
    }

    /// The sources, outermost first. One that repeats what was just said is left out.
    fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut source = match self {
            Self::Library(error) | Self::Ended { error, .. } => error.source(),
            Self::Found { .. } => None,
            Self::Output(error) => Some(error as &dyn std::error::Error),
        };
        while let Some(cause) = source {
            let text = cause.to_string();
            if causes.last() != Some(&text) {
                causes.push(text);
            }
            source = cause.source();
        }
        causes
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Library(error) => error.hint(),
            Self::Ended { error, consequence } => match error.hint() {
                Some(hint) if hint.contains(consequence) => Some(hint),
                Some(hint) => Some(format!("{hint}; {consequence}")),
                None => Some((*consequence).into()),
            },
            Self::Found { hint, .. } => hint.clone(),
            Self::Output(_) => None,
        }
    }
}

fn write_text(failure: &Failure) -> io::Result<()> {
    let mut out = io::stderr().lock();
    writeln!(out, "pgkeep: error: {}", screen::lines(&failure.message(), "    "))?;
    for cause in failure.causes() {
        writeln!(out, "  caused by: {}", screen::lines(&cause, "    "))?;
    }
    match failure.hint() {
        Some(hint) => writeln!(out, "hint: {}", screen::lines(&hint, "    ")),
        None => Ok(()),
    }
}

fn write_event(failure: &Failure) -> io::Result<()> {
    let sqlstate = match failure {
        Failure::Library(error) | Failure::Ended { error, .. } => error.sqlstate(),
        Failure::Found { .. } | Failure::Output(_) => None,
    };
    let event = json!({
        "event": "error",
        "message": failure.message(),
        "causes": failure.causes(),
        "hint": failure.hint(),
        "sqlstate": sqlstate,
        "exit_code": failure.code(),
    });
    writeln!(io::stdout().lock(), "{event}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_documented_code_of_its_own() {
        let kinds = [
            ErrorKind::Usage,
            ErrorKind::Connect,
            ErrorKind::Postgres,
            ErrorKind::Store,
            ErrorKind::Damaged,
            ErrorKind::Key,
            ErrorKind::Unsupported,
            ErrorKind::Partial,
            ErrorKind::Differs,
            ErrorKind::Cancelled,
        ];
        let mut codes: Vec<u8> = kinds.iter().map(|&kind| code(kind)).collect();
        codes.dedup();
        assert_eq!(codes.len(), kinds.len());
        for code in codes {
            assert!(
                CODES
                    .lines()
                    .any(|line| line.trim_start().split_once("  ").is_some_and(|(n, _)| n == code.to_string())),
                "exit code {code} is not documented"
            );
        }
    }
}
