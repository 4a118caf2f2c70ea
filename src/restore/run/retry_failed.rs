//! What failed in a run that kept going, tried again by the run that continues it.
//!
//! Objects before the rows, positions and grants are restored many in a transaction, and what failed in it was recorded
//! beside the batch that is done. Each is tried again in a transaction of its own; all else that failed is not in the
//! ledger and so comes again by itself.

use crate::error::Result;
use crate::object::{Object, Pass};
use crate::plan::granted;
use crate::repository::Position;
use crate::restore::ledger::Item;
use crate::restore::run::context::{Restoring, Statements};
use crate::restore::run::sessions::Slot;

/// Creates the objects before the rows that could not be created.
pub(super) async fn creations(restoring: &Restoring, main: &mut Slot, objects: &[&Object]) -> Result<()> {
    for object in objects.iter().filter(|object| restoring.sessions.done.has(Item::Lost(object.id))) {
        restoring.create_alone(main, object).await?;
    }
    Ok(())
}

/// Sets the sequences among them.
pub(super) async fn positions(restoring: &Restoring, main: &mut Slot, positions: &[&Position]) -> Result<()> {
    for position in positions.iter().filter(|at| restoring.sessions.done.has(Item::Lost(at.object))) {
        let statements = restoring.position(position);
        let set = Statements { statements: &statements, doing: "set the positions of sequences" };
        restoring
            .sessions
            .run_recorded(main, Item::Position(position.object), "the setting of a sequence", &set)
            .await?;
    }
    Ok(())
}

/// Grants what could not be granted.
pub(super) async fn grants(restoring: &Restoring, main: &mut Slot) -> Result<()> {
    let (done, rendering) = (&restoring.sessions.done, &restoring.plan.rendering);
    for object in restoring.plan.objects().filter(|object| granted(object, rendering)) {
        if !done.has(Item::Ungranted(object.id)) || restoring.failures.blocks(restoring.objects(), object) {
            continue;
        }
        let doing = format!("grant on {} {}", object.kind.noun(), object.name);
        let mut statements = rendering.grants(object);
        if object.kind.pass() == Pass::Grants {
            statements = [rendering.create(object), statements].concat();
        }
        let again = Statements { statements: &statements, doing: &doing };
        if let Err(error) = restoring.sessions.run_recorded(main, Item::Grant(object.id), &doing, &again).await {
            restoring.failures.grants(object, error)?;
        }
    }
    Ok(())
}
