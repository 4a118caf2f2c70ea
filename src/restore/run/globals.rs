//! Brings back what belongs to a whole cluster: roles, memberships, tablespaces, settings.
//!
//! A server has roles already, at least the one that restores. What exists is not created again but gets the properties
//! of the snapshot. An object that fails is reported and does not stop the others: roles of managed servers cannot all
//! be changed.

use std::collections::HashSet;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::object::{Kind, Object};
use crate::pg::settings::Purpose;
use crate::pg::{Connector, Session};
use crate::progress::{Event, Events, Step};
use crate::repository::Reader;
use crate::restore::options::{Course, Fill, Options, Start};
use crate::restore::proof::Proof;
use crate::restore::run::failures::Failures;
use crate::restore::run::finish::DURABLE;
use crate::restore::run::sessions::run_all;
use crate::restore::summary::Summary;
use crate::text;
use crate::text::Text;

/// Runs the statements of the snapshot on the server of the target.
///
/// # Errors
///
/// Whatever ends the whole restore, such as a lost server; objects that failed are in the answer.
pub(crate) async fn run(reader: &Reader, options: &Options, events: &Events) -> Result<Summary> {
    let started = Instant::now();
    check(options)?;
    events(Event::Step { step: Step::ReadSnapshot });
    let manifest = reader.manifest().await?;
    for (what, reason) in &manifest.about.missing {
        let message = format!("{what} are missing in the snapshot: {reason}");
        events(Event::Warning { message, hint: None });
    }
    let mut session = Connector::new(options.target.clone()).connect().await?;
    session.pin(Purpose::Loading, "UTF8");
    let mut cluster = Cluster { existing: existing(&mut session).await?, session, options };
    events(Event::Step { step: Step::RestoreRoles });
    let failures = Failures::new(true, Events::clone(events));
    for object in &manifest.objects {
        match cluster.restore(object).await {
            Ok(()) => events(Event::ObjectDone { kind: object.kind, name: object.name.to_string() }),
            Err(error) => failures.object(object, error)?,
        }
    }
    cluster.session.close().await;
    let failures = failures.all();
    Ok(Summary {
        database: reader.snapshot().snapshot.head.source.database.lossy().into_owned(),
        objects: (manifest.objects.len() - failures.len()) as u64,
        tables: 0,
        rows: 0,
        bytes: 0,
        left_out: Vec::new(),
        not_restored: Vec::new(),
        failures,
        resumable: false,
        kept: Vec::new(),
        proof: Proof::default(),
        unproven: Vec::new(),
        tables_read_back: None,
        took: started.elapsed(),
    })
}

/// What a restore of a database can be asked for and that of a server cannot.
pub(crate) fn check(options: &Options) -> Result<()> {
    let steps = options.start == Start::Existing && matches!(options.course, Course::Steps { .. });
    let other = options.clean || options.verify || options.role.is_some() || options.fill != Fill::Add;
    let renames = !options.into_schema.is_empty() || !options.into_table.is_empty();
    if !steps || other || renames || !options.selection.is_whole() {
        return Err(Error::unsupported(
            "this snapshot holds roles and tablespaces of a server, which come back together or not at all",
            "leave out -C, -c, -1, --resume, --role, --plan, --verify-target and what selects or renames",
        ));
    }
    Ok(())
}

struct Cluster<'a> {
    session: Session,
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
            for statement in std::mem::take(&mut object.create) {
                self.session.run_alone(statement).await.map_err(|e| e.while_doing(&doing))?;
            }
        }
        self.session.run("BEGIN").await?;
        let done = self.inside(&object, &doing).await;
        if done.is_err() {
            drop(self.session.run("ROLLBACK").await);
        }
        done
    }

    async fn inside(&mut self, object: &Object, doing: &str) -> Result<()> {
        let rendering = &self.options.rendering;
        run_all(&mut self.session, &rendering.create(object), doing).await?;
        run_all(&mut self.session, &rendering.grants(object), doing).await?;
        self.session.run(text![DURABLE, "; COMMIT"]).await.map_err(|e| e.while_doing("commit"))
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
