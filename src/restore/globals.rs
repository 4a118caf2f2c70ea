//! Brings back what belongs to a whole cluster: roles, memberships, tablespaces, settings.
//!
//! A server has roles already, at least the one that restores. What exists is not created again but gets the properties
//! of the snapshot. An object that fails is reported and does not stop the others: roles of managed servers cannot all
//! be changed.

use std::collections::HashSet;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::object::{Kind, Object};
use crate::pg::{Connector, Session, settings};
use crate::progress::{Event, Events};
use crate::repository::Reader;
use crate::restore::crew::run_all;
use crate::restore::{Options, Summary};
use crate::text::Text;

/// Runs the statements of the snapshot on the server of the target.
///
/// # Errors
///
/// [`Error::Partial`] where objects could not be restored; otherwise whatever fails.
pub(super) async fn run(reader: &Reader, options: &Options, events: &Events) -> Result<Summary> {
    let started = Instant::now();
    if options.create_database {
        return Err(Error::usage("this snapshot holds roles and tablespaces, and no database to create"));
    }
    events(Event::Step { step: "read snapshot" });
    let manifest = reader.manifest().await?;
    let mut session = Connector::new(options.target.clone()).connect().await?;
    let mut cluster = Cluster {
        existing: existing(&mut session).await?,
        settings: settings::loading(session.version(), "UTF8"),
        session,
        options,
    };
    events(Event::Step { step: "create" });
    let mut failed = 0u64;
    for object in &manifest.objects {
        match cluster.restore(object).await {
            Ok(()) => events(Event::ObjectDone { kind: object.kind, name: object.name.to_string() }),
            Err(error) if error.is_disconnect() => return Err(error),
            Err(error) => {
                failed += 1;
                events(Event::Warning { message: told(&error), hint: error.hint() });
            }
        }
    }
    cluster.session.close().await;
    let objects = manifest.objects.len() as u64;
    if failed > 0 {
        return Err(Error::Partial { message: format!("{failed} of {objects} objects could not be restored") });
    }
    let database = reader.snapshot().snapshot.head.source.database.lossy().into_owned();
    let took = started.elapsed();
    Ok(Summary { database, objects, tables: 0, rows: 0, bytes: 0, left_out: Vec::new(), took })
}

/// An error with what the server said.
fn told(error: &Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

struct Cluster<'a> {
    session: Session,
    settings: String,
    existing: HashSet<(Kind, Text)>,
    options: &'a Options,
}

impl Cluster<'_> {
    async fn restore(&mut self, object: &Object) -> Result<()> {
        let mut object = object.clone();
        let doing = format!("restore {} {}", object.kind.noun(), object.name);
        if self.existing.contains(&(object.kind, object.name.name.clone())) {
            object.create.clear();
        }
        if object.kind == Kind::Tablespace {
            // Not possible in a transaction.
            run_all(&mut self.session, &std::mem::take(&mut object.create), &doing).await?;
        }
        self.session.run("BEGIN").await?;
        let done = self.inside(&object, &doing).await;
        if done.is_err() {
            drop(self.session.run("ROLLBACK").await);
        }
        done
    }

    async fn inside(&mut self, object: &Object, doing: &str) -> Result<()> {
        self.session.run(&self.settings).await.map_err(|e| e.while_doing("make the settings of a restore"))?;
        let definitions = &self.options.definitions;
        run_all(&mut self.session, &definitions.create(object), doing).await?;
        run_all(&mut self.session, &definitions.grants(object), doing).await?;
        self.session.run("COMMIT").await.map_err(|e| e.while_doing("commit"))
    }
}

/// Roles and tablespaces that the server has.
async fn existing(session: &mut Session) -> Result<HashSet<(Kind, Text)>> {
    let mut all = HashSet::new();
    for (kind, question) in [
        (Kind::Role, "select rolname as name from pg_catalog.pg_roles"),
        (Kind::Tablespace, "select spcname as name from pg_catalog.pg_tablespace"),
    ] {
        let rows = session.query(question).await.map_err(|e| e.while_doing("list roles and tablespaces"))?;
        for row in &rows {
            all.insert((kind, row.text("name")?));
        }
    }
    Ok(all)
}
