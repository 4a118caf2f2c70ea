//! `pgkeep completions`: completion scripts for shells.

use std::io;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::arguments::Arguments;
use crate::cli::exit::Outcome;

/// Print a completion script for a shell
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  pgkeep completions bash > ~/.local/share/bash-completion/completions/pgkeep
  pgkeep completions zsh > ~/.zfunc/_pgkeep
  pgkeep completions fish > ~/.config/fish/completions/pgkeep.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "pgkeep", &mut script);
        io::Write::write_all(&mut io::stdout().lock(), &script)?;
        Ok(())
    }
}
