//! What every command is given besides its own flags.

use pgkeep::cancel::Cancellation;

use super::report::Output;

/// How a run of the program goes about it, whatever the command.
pub(crate) struct Context {
    /// How much to say, and how.
    pub(crate) output: Output,
    /// Heard by everything that takes long.
    pub(crate) cancellation: Cancellation,
}
