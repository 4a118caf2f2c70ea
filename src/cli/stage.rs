//! What the target of a restore holds after it failed or was stopped, in words.

use pgkeep::restore::Reached;

/// What became of the target.
pub(super) fn consequence(reached: Reached) -> &'static str {
    match reached {
        Reached::Unchanged => "nothing was changed",
        Reached::PerhapsEmptyDatabase => "nothing was restored; the target database may have been created and is empty",
        Reached::EmptyDatabase => "nothing was restored; the target database was created and is empty",
        Reached::SomeRoles => "what was restored so far stays; the same command goes over all of it again",
        Reached::SomeSteps => "the target holds what was restored so far; the same command with --resume continues",
        Reached::AllOrNothing => "whether the restore was committed is not known: look whether the target has it",
        Reached::Everything => "everything was restored; reading it back was not finished",
    }
}
