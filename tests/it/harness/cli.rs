//! Runs the built `pgkeep`, as a user would, in an environment that holds nothing but what the test says.

use std::path::PathBuf;
use std::process::{Command, Output};

/// The built binary.
pub(crate) fn pgkeep() -> PathBuf {
    // Not set for the quickstart, which shares this harness but goes through the library.
    PathBuf::from(option_env!("CARGO_BIN_EXE_pgkeep").unwrap_or("not built"))
}

/// `pgkeep` with these arguments and variables, to be changed further or spawned.
pub(crate) fn cli<S: AsRef<std::ffi::OsStr>>(args: &[S], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(pgkeep());
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent");
    command.envs(env.iter().copied());
    command
}

/// Runs `pgkeep` to its end.
pub(crate) fn run_cli<S: AsRef<std::ffi::OsStr>>(args: &[S], env: &[(&str, &str)]) -> Output {
    cli(args, env).output().expect("the built binary can be run")
}
