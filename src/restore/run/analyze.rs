//! Statistics for the planner, at the end. They are no part of the snapshot: what cannot be analyzed is told and stops
//! nothing.

use crate::error::{Error, Result, sqlstate};
use crate::object::Object;
use crate::pg::Session;
use crate::progress::{Event, Step};
use crate::restore::run::context::Restoring;
use crate::restore::run::sessions::{Slot, Work};
use crate::text;
use crate::text::Text;

/// The analysis of these tables, without those below them; nothing where there are none.
pub(super) fn statement(tables: &[&Object]) -> Text {
    let names: Vec<Text> = tables.iter().map(|table| text!["ONLY ", table.name.sql()]).collect();
    if names.is_empty() { Text::new() } else { text!["ANALYZE ", Text::join(names, ", ")] }
}

/// Analyzes all; where that fails, each table alone.
pub(super) async fn run(
    restoring: &Restoring,
    main: &mut Slot,
    all: Text,
    tables: &[&Object],
    role: bool,
) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    (restoring.sessions.events)(Event::Step { step: Step::Analyze });
    let Err(_) = attempt(restoring, main, &all, role).await? else { return Ok(()) };
    for table in tables {
        let statement = text!["ANALYZE ", table.name.sql()];
        if let Err(error) = attempt(restoring, main, &statement, role).await? {
            tell(restoring, table, &error);
        }
    }
    Ok(())
}

/// Runs it; what the server has against it is the inner error.
async fn attempt(restoring: &Restoring, main: &mut Slot, analyze: &Text, role: bool) -> Result<Result<()>> {
    // A role of its own has to be taken again; without one no transaction keeps the locks of all tables.
    let statement = if role { restoring.sessions.transaction(analyze) } else { analyze.clone() };
    let attempt = Attempt { statement, inside: restoring.sessions.single, begun: role };
    match restoring.sessions.run_in_own_transaction(main, "analyze", &attempt).await {
        Ok(()) => Ok(Ok(())),
        Err(error) if error.is_disconnect() => Err(error),
        Err(error) if error.sqlstate().is_none_or(|code| sqlstate::OPERATOR_INTERVENTION.has(code)) => Err(error),
        Err(error) => Ok(Err(error)),
    }
}

fn tell(restoring: &Restoring, table: &Object, error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    (restoring.sessions.events)(Event::Warning {
        message: format!("cannot analyze {} {}: {cause}", table.kind.noun(), table.name),
        hint: Some("its rows are there; queries on it are planned without statistics".into()),
    });
}

/// A statement that leaves no failed transaction behind.
struct Attempt {
    statement: Text,
    /// Whether it runs inside the one transaction of the restore.
    inside: bool,
    /// Whether it makes a transaction of its own.
    begun: bool,
}

impl Work for Attempt {
    async fn run(&self, session: &mut Session) -> Result<()> {
        if self.inside {
            session.run("SAVEPOINT pgkeep_analyze").await?;
        }
        // Through a pooler it must bring its settings along.
        let alone = !self.inside && !self.begun && session.settle().await?;
        let done = if alone { session.run_alone(&self.statement).await } else { session.run(&self.statement).await };
        let done = done.map_err(|e| e.while_doing("analyze"));
        match &done {
            Err(error) if error.is_disconnect() => return done,
            Err(_) if self.inside => session.run("ROLLBACK TO SAVEPOINT pgkeep_analyze").await?,
            Err(_) if self.begun => session.run("ROLLBACK").await?,
            _ => (),
        }
        done
    }
}
