//! What databases report that are dumped at the same time: whose it is, and totals over all of them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::progress::{Event, Events, Step};
use crate::text::Text;

/// Says of everything which database it is about.
pub(super) struct Telling {
    events: Events,
    together: bool,
    planned: Arc<Mutex<Planned>>,
}

/// Sums over all databases so far.
#[derive(Default)]
struct Planned {
    tables: u64,
    parts: u64,
    bytes: u64,
    objects: u64,
}

impl Telling {
    /// Where databases run `together`, their steps would come in no order: it is one step.
    pub(super) fn new(events: &Events, together: bool) -> Self {
        if together {
            events(Event::Step { step: Step::DumpDatabases });
        }
        Self { events: Events::clone(events), together, planned: Arc::default() }
    }

    /// The events of one database.
    pub(super) fn of(&self, database: &Text) -> Events {
        let (events, together, planned) = (Events::clone(&self.events), self.together, Arc::clone(&self.planned));
        let database = database.lossy().into_owned();
        Arc::new(move |event| {
            if let Some(event) = told(event, &database, together, &planned) {
                events(event);
            }
        })
    }
}

fn told(event: Event, database: &str, together: bool, planned: &Mutex<Planned>) -> Option<Event> {
    let of = |name: String| if together { format!("{database}: {name}") } else { name };
    Some(match event {
        Event::Warning { message, hint } => Event::Warning { message: format!("database {database}: {message}"), hint },
        Event::Step { .. } if together => return None,
        Event::Planned { tables, parts, bytes, objects, .. } if together => {
            let mut sum = planned.lock().unwrap_or_else(PoisonError::into_inner);
            sum.tables += tables;
            sum.parts += parts;
            sum.bytes += bytes;
            sum.objects += objects;
            let Planned { tables, parts, bytes, objects } = *sum;
            Event::Planned { tables, parts, bytes, rows: None, objects }
        }
        Event::ServerSnapshot { name } => Event::ServerSnapshot { name: of(name) },
        Event::PartStarted { table, part, of: parts } => Event::PartStarted { table: of(table), part, of: parts },
        Event::Moved { table, part, bytes, rows } => Event::Moved { table: of(table), part, bytes, rows },
        Event::PartDone { table, part, of: parts, rows, bytes, took } => {
            Event::PartDone { table: of(table), part, of: parts, rows, bytes, took }
        }
        other => other,
    })
}
