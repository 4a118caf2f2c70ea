//! The command line: turns what was typed into calls of the library, and what it answers into text and exit codes.
//!
//! Each command of [`command`] has its flags and a `run`; the flags that several share are in [`flags`]. Sees only the
//! public API of the library. Only [`environment`] reads the environment, only [`exit`] chooses exit codes, only
//! [`report`] shows progress.

mod arguments;
mod cancel;
mod command;
mod context;
mod environment;
mod exit;
mod flags;
mod identity;
mod known;
mod opening;
mod outline;
mod rendering;
mod report;
mod screen;
mod selection;
mod stage;
mod table;
mod units;

use std::process::ExitCode;

use clap::Parser as _;

use pgkeep::cancel::Cancellation;

use arguments::Arguments;
use exit::Outcome;

pub(crate) use context::Context;

/// Runs what the command line asks for.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to clap; they go to stdout with code 0, the others to stderr with 2.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let context = Context { output: arguments.output, cancellation: Cancellation::default() };
    exit::conclude(run(arguments, &context), context.output.json)
}

fn run(arguments: Arguments, context: &Context) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        cancel::listen(&context.cancellation)?;
        arguments.run(context).await
    })
}
