//! What all of a restore that runs have in common.

use crate::error::Result;
use crate::object::Object;
use crate::pg::Session;
use crate::repository::{Part, Reader};
use crate::restore::prepare::plan::Plan;
use crate::restore::run::conflict_counts::Conflicts;
use crate::restore::run::failures::Failures;
use crate::restore::run::sessions::{Sessions, Work, run_all};
use crate::text::Text;

/// Everything a worker needs; shared by all.
pub(crate) struct Restoring {
    pub(crate) sessions: Sessions,
    pub(crate) reader: Reader,
    pub(crate) plan: Plan,
    /// Those of the plan whose rows are loaded.
    pub(crate) parts: Vec<Part>,
    pub(crate) failures: Failures,
    /// How many rows were added, where those that are there are kept.
    pub(crate) conflicts: Option<Conflicts>,
}

impl Restoring {
    /// All objects of the snapshot.
    pub(crate) fn objects(&self) -> &[Object] {
        &self.plan.manifest.objects
    }
}

/// Statements that stand or fall together.
pub(crate) struct Statements<'a> {
    pub(crate) statements: &'a [Text],
    pub(crate) doing: &'a str,
}

impl Work for Statements<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        run_all(session, self.statements, self.doing).await
    }
}
