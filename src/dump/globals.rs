//! What the whole cluster has and no database, as a snapshot of its own: roles, memberships, tablespaces, settings.

use std::sync::Arc;
use std::time::Instant;

use crate::catalog::{self, GlobalOptions};
use crate::dump::facts;
use crate::dump::options::Options;
use crate::dump::summary::Summary;
use crate::error::Result;
use crate::object::Object;
use crate::pg::{Connector, Session, snapshot};
use crate::progress::{Event, Events, Step};
use crate::repository::{About, Head, Manifest, Repository};
use crate::text::Text;

/// Dumps what belongs to the cluster, seen from the database of `options`, whose selection plays no part.
///
/// # Errors
///
/// Whatever fails; the repository then lists nothing new.
pub async fn run(
    repository: &Repository,
    options: &Options,
    which: &GlobalOptions,
    events: &Events,
) -> Result<Summary> {
    let connector = Arc::new(Connector::new(options.source.clone()));
    connector.work(&options.cancellation, dump(repository, options, which, &connector, events)).await
}

async fn dump(
    repository: &Repository,
    options: &Options,
    which: &GlobalOptions,
    connector: &Connector,
    events: &Events,
) -> Result<Summary> {
    let started = Instant::now();
    events(Event::Step { step: Step::OpenRepository });
    let writer = match &options.among {
        Some(among) => repository.writer_with(&among.opening, options.writing),
        None => repository.writer(options.writing).await?,
    };
    events(Event::Step { step: Step::Connect });
    let mut session = connector.connect().await?;
    let since = Instant::now();
    events(Event::Step { step: Step::ReadCluster });
    let (objects, head, missing) = read(&mut session, options, which, events).await?;
    session.run("COMMIT").await.map_err(|e| e.while_doing("end the server snapshot"))?;
    let held = since.elapsed();
    session.close().await;
    events(Event::Step { step: Step::Commit });
    let shown = missing.iter().map(|(what, reason)| format!("{what}: {reason}")).collect();
    let about = About { patterns: Vec::new(), missing };
    let manifest = Manifest { about, objects, ..Manifest::default() };
    let (finished, relied) = super::finish(writer, options, &manifest, head).await?;
    Ok(Summary {
        snapshot: finished.id,
        database: finished.snapshot.head.source.database.lossy().into_owned(),
        totals: finished.snapshot.totals,
        missing: shown,
        left_out: 0,
        source: finished.snapshot.head.source.clone(),
        without_rows: Vec::new(),
        relied,
        held,
        took: started.elapsed(),
    })
}

type Found = (Vec<Object>, Head, Vec<(Text, Text)>);

async fn read(session: &mut Session, options: &Options, which: &GlobalOptions, events: &Events) -> Result<Found> {
    let name = snapshot::lead(session, &options.snapshot, &[]).await?;
    events(Event::ServerSnapshot { name });
    let facts = facts::read(session).await?;
    let objects = catalog::globals(session, which, events).await?;
    let question = "select pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') as readable";
    let mut missing = Vec::new();
    if which.passwords && !session.query(question).await?.one()?.boolean("readable")? {
        missing.push(("passwords of roles".into(), "only superusers may read them".into()));
    }
    let head = facts.head(options, missing.len()).of_globals();
    Ok((objects, head, missing))
}
