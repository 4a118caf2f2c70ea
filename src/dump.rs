//! From a database to the repository.
//!
//! A lead session locks the tables, takes the server snapshot and reads the catalog; workers join the server snapshot
//! and copy parts. The snapshot in the repository is put last: a dump that dies before leaves nothing that is listed,
//! and what it had stored is found again by the next one.

pub mod all;
mod chosen;
mod copy;
mod facts;
mod globals;
mod lead;
mod options;
mod parts;
mod planner_statistics;
mod summary;
mod unreadable;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::catalog;
use crate::error::Result;
use crate::object::{Kind, ObjectId};
use crate::pg::{Connector, snapshot};
use crate::progress::{Event, Events, Step};
use crate::repository::{self, About, Finished, Head, Manifest, Part, Relied, Repository, Writer};
use chosen::Chosen;
use copy::Copying;
use lead::Lead;

pub use globals::run as globals;
pub use options::{Among, Options};
pub use summary::Summary;

/// A transaction that only reads fails so on a standby alone.
const STANDBY: &str = "what the primary changed was in the way of this dump on a standby: set hot_standby_feedback = on \
                       there, or a longer max_standby_streaming_delay, or dump from the primary";

/// Dumps a database.
///
/// # Errors
///
/// Whatever fails; the repository then lists nothing new, and what was stored so far is found by the next dump.
pub async fn run(repository: &Repository, options: &Options, events: &Events) -> Result<Summary> {
    let connector = Arc::new(Connector::new(options.source.clone()));
    let dumped = connector.work(&options.cancellation, Box::pin(dump(repository, options, &connector, events))).await;
    dumped.map_err(|error| if error.is_serialization_failure() { error.advised(STANDBY) } else { error })
}

async fn dump(
    repository: &Repository,
    options: &Options,
    connector: &Arc<Connector>,
    events: &Events,
) -> Result<Summary> {
    let started = Instant::now();
    events(Event::Step { step: Step::OpenRepository });
    let writer = match &options.among {
        Some(among) => repository.writer_with(&among.opening, options.writing),
        None => repository.writer(options.writing).await?,
    };
    // Its parts are large: on the heap, so that a thread with a small stack can run a dump.
    let mut lead = Box::pin(Lead::begin(connector, options, events)).await?;
    let positions = catalog::positions(&mut lead.session).await?;
    lead.chosen.without_positions(&positions);
    let parts = parts::split(&lead.chosen.objects, &lead.chosen.data, &lead.sizes, lead.session.major());
    announce(lead.chosen.objects.len(), &parts, events);
    let copying = Copying {
        connector: Arc::clone(connector),
        writer: writer.clone(),
        events: Events::clone(events),
        server_snapshot: lead.server_snapshot.clone(),
        settings: options.settings(),
        workers: options.among.as_ref().map(|among| Arc::clone(&among.workers)),
        copy_options: format!(" WITH (ENCODING '{}')", snapshot::encoding(&lead.session)),
    };
    let copied = Box::pin(copying.run(&mut lead.session, parts, options.jobs)).await?;
    let statistics = planner_statistics::copy(&mut lead.session, &writer, &lead.chosen, events).await?;
    let (facts, chosen, sizes) =
        (lead.facts.clone(), std::mem::take(&mut lead.chosen), std::mem::take(&mut lead.sizes));
    let held = lead.end().await?;
    events(Event::Step { step: Step::Commit });
    let (head, left_out) = (facts.head(options, chosen.missing.len()), chosen.left_out);
    let missing = chosen.missing.iter().map(|(table, reason)| format!("{table}: {reason}")).collect();
    let manifest = Manifest { statistics, ..manifest(chosen, copied, &positions, &sizes, options) };
    let (finished, relied) = finish(writer, options, &manifest, head).await?;
    for pack in &finished.damaged {
        let message = format!("pack {pack} of the repository is damaged; what this dump needs of it was stored again");
        events(Event::Warning { message, hint: Some("`pgkeep verify` tells what else it costs".into()) });
    }
    Ok(Summary {
        snapshot: finished.id,
        database: facts.name.lossy().into_owned(),
        totals: finished.snapshot.totals,
        missing,
        left_out,
        source: finished.snapshot.head.source.clone(),
        without_rows: without_rows(&manifest),
        relied,
        held,
        took: started.elapsed(),
    })
}

/// Commits, with what dumps of one run know together.
async fn finish(writer: Writer, options: &Options, manifest: &Manifest, head: Head) -> Result<(Finished, Relied)> {
    match &options.among {
        Some(among) => Box::pin(writer.finish_among(&among.opening, manifest, head)).await,
        None => Ok((Box::pin(writer.finish(manifest, head)).await?, Relied::default())),
    }
}

fn announce(objects: usize, parts: &[parts::Part], events: &Events) {
    events(Event::Planned {
        tables: parts.iter().filter(|part| part.number == 0).count() as u64,
        parts: parts.len() as u64,
        bytes: parts.iter().map(|part| part.bytes).sum(),
        rows: None,
        objects: objects as u64,
    });
    events(Event::Step { step: Step::Copy });
}

/// Tables of which there are parts, and no row in any of them.
fn without_rows(manifest: &Manifest) -> Vec<String> {
    let mut rows: HashMap<ObjectId, u64> = HashMap::new();
    for part in &manifest.parts {
        *rows.entry(part.object).or_default() += part.stored.digest.rows;
    }
    let tables = manifest.objects.iter().filter(|object| object.kind == Kind::Table);
    tables.filter(|table| rows.get(&table.id) == Some(&0)).map(|table| table.name.to_string()).collect()
}

fn manifest(
    chosen: Chosen,
    copied: Vec<copy::Copied>,
    positions: &[catalog::Position],
    sizes: &HashMap<u32, catalog::Size>,
    options: &Options,
) -> Manifest {
    let mut copied = copied;
    copied.sort_by_key(|(part, _)| (part.object, part.number));
    let parts = copied.into_iter().map(|(part, stored)| Part { object: part.object, range: part.range, stored });
    let sequences: HashMap<u32, ObjectId> = chosen
        .objects
        .iter()
        .zip(&chosen.data)
        .filter(|(object, data)| object.kind == Kind::Sequence && **data)
        .map(|(object, _)| (object.oid, object.id))
        .collect();
    let position = |position: &catalog::Position| {
        let (last_value, is_called) = (position.last_value, position.is_called);
        Some(repository::Position { object: *sequences.get(&position.oid)?, last_value, is_called })
    };
    let tables = chosen.objects.iter().filter(|object| object.table.is_some());
    Manifest {
        about: About { patterns: options.patterns.clone(), missing: chosen.missing.clone() },
        parts: parts.collect(),
        sequences: positions.iter().filter_map(position).collect(),
        relfilenodes: tables.filter_map(|object| Some((object.id, sizes.get(&object.oid)?.file))).collect(),
        objects: chosen.objects,
        ..Manifest::default()
    }
}
