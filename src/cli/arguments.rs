//! The whole command line as clap sees it: commands, global flags, help.

use clap::{ArgAction, Parser, Subcommand};

use super::Context;
use super::cat::Cat;
use super::completions::Completions;
use super::diff::Diff;
use super::drill::Drill;
use super::dump::Dump;
use super::exit::{CODES, Outcome};
use super::init::Init;
use super::list::List;
use super::report::Output;
use super::restore::Restore;
use super::show::Show;
use super::sql::Sql;
use super::trust::Trust;
use super::verify::Verify;

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

#[derive(Subcommand, Debug)]
enum Command {
    Init(Init),
    Dump(Dump),
    List(List),
    Show(Show),
    Verify(Verify),
    Restore(Restore),
    Drill(Drill),
    Sql(Sql),
    Cat(Cat),
    Diff(Diff),
    Trust(Trust),
    Completions(Completions),
}

impl Arguments {
    /// Runs the command.
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        match self.command {
            Command::Init(command) => command.run(context).await,
            Command::Dump(command) => command.run(context).await,
            Command::List(command) => command.run(context).await,
            Command::Verify(command) => command.run(context).await,
            Command::Restore(command) => command.run(context).await,
            Command::Show(command) => command.run(context).await,
            Command::Drill(command) => command.run(context).await,
            Command::Sql(command) => command.run(context).await,
            Command::Cat(command) => command.run(context).await,
            Command::Diff(command) => command.run(context).await,
            Command::Trust(command) => command.run(context).await,
            Command::Completions(command) => command.run(),
        }
    }
}
