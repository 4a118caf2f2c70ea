//! The whole command line as clap sees it: commands, global flags, help.

use clap::{ArgAction, Parser};

use super::Context;
use super::command::Command;
use super::exit::{CODES, Outcome};
use super::report::Output;

/// Keep PostgreSQL databases
#[derive(Parser, Debug)]
#[command(
    name = "pgkeep",
    version,
    disable_help_flag = true,
    disable_help_subcommand = true,
    long_about = "Keep PostgreSQL databases\n\n\
        Dump databases into an encrypted, deduplicated repository, verify what is stored, and restore a database, a \
        schema or a table with proof that what comes back is what was there.",
    after_help = "See `pgkeep COMMAND --help` for the flags and examples of each command.",
    after_long_help = CODES
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Print help (-? for a summary; -h is the host, as in pg_dump)
    #[arg(long, short = '?', global = true, action = ArgAction::Help, help_heading = "Output")]
    help: Option<bool>,
}

impl Arguments {
    /// Runs the command.
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        self.command.run(context).await
    }
}
