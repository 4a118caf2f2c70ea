//! Creates the target database, where the plan says so, and gives it its properties.

use crate::error::Result;
use crate::pg::{Connector, maintenance};
use crate::progress::{Event, Events, Step};
use crate::restore::prepare::plan::Plan;
use crate::restore::run::context::Restoring;
use crate::restore::run::sessions::Slot;
use crate::text;

/// Creates it.
pub(super) async fn create(plan: &Plan, connector: &Connector, events: &Events) -> Result<()> {
    let Some(statement) = &plan.creation else { return Ok(()) };
    events(Event::Step { step: Step::CreateDatabase });
    let mut session = maintenance::connect(connector.config()).await?;
    if let Some(role) = &plan.role {
        let take = text!["SET ROLE ", role.ident()];
        session.run(take).await.map_err(|e| e.while_doing(format!("take role {role}")))?;
    }
    session.run_alone(statement).await.map_err(|e| e.while_doing(format!("create database {}", plan.database)))
}

/// What comes last, since it could break a restore.
pub(super) async fn properties(restoring: &Restoring, main: &mut Slot) -> Result<()> {
    let doing = format!("set properties of database {}", restoring.plan.database);
    for statement in &restoring.plan.properties {
        restoring.sessions.run_idempotent(main, statement.clone(), &doing).await?;
    }
    Ok(())
}
