//! The commands of `pgkeep`, one file each: its flags, what they ask of the library, and how the answer is shown.
//!
//! A command decides nothing that the library could decide, and reads no environment. Flags that several share are in
//! [`crate::cli::flags`], [`crate::cli::selection`] and [`crate::cli::rendering`].

mod cat;
mod completions;
mod diff;
mod drill;
mod dump;
mod init;
mod list;
mod restore;
mod show;
mod sql;
mod trust;
mod verify;

use clap::Subcommand;

use crate::cli::Context;
use crate::cli::exit::Outcome;
use cat::Cat;
use completions::Completions;
use diff::Diff;
use drill::Drill;
use dump::Dump;
use init::Init;
use list::List;
use restore::Restore;
use show::Show;
use sql::Sql;
use trust::Trust;
use verify::Verify;

/// What can be asked for.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
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

impl Command {
    /// Runs the command.
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Init(command) => command.run(context).await,
            Self::Dump(command) => command.run(context).await,
            Self::List(command) => command.run(context).await,
            Self::Verify(command) => command.run(context).await,
            Self::Restore(command) => command.run(context).await,
            Self::Show(command) => command.run(context).await,
            Self::Drill(command) => command.run(context).await,
            Self::Sql(command) => command.run(context).await,
            Self::Cat(command) => command.run(context).await,
            Self::Diff(command) => command.run(context).await,
            Self::Trust(command) => command.run(context).await,
            Self::Completions(command) => command.run(),
        }
    }
}
