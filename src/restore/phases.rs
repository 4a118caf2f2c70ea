//! Runs a plan, phase by phase.

use std::sync::Arc;

use crate::error::Result;
use crate::object::{Kind, Object, ObjectId, Pass, Section};
use crate::pg::{Connector, Session, settings};
use crate::progress::{Event, Events};
use crate::repository::{Part, Reader};
use crate::restore::crew::{Crew, run_all};
use crate::restore::ledger::Ledger;
use crate::restore::statements::is_created;
use crate::restore::{Definitions, Options, Plan, Summary, database, work};
use crate::text;
use crate::text::Text;

/// Objects before the rows in one transaction at most: each created relation keeps several locks until the commit.
const PRE_DATA_BATCH: usize = 500;

/// Everything a worker needs; shared by all.
pub(crate) struct Restoring {
    pub(crate) crew: Crew,
    pub(crate) reader: Reader,
    pub(crate) objects: Vec<Object>,
    pub(crate) parts: Vec<Part>,
    definitions: Definitions,
    pub(crate) encoding: String,
}

/// Runs the plan on the target.
pub(crate) async fn run(
    reader: &Reader,
    plan: &Plan,
    options: &Options,
    connector: &Arc<Connector>,
    events: &Events,
) -> Result<Summary> {
    let mut lead = connector.connect().await?;
    let crew = Crew {
        connector: Arc::clone(connector),
        ledger: Ledger::new(reader.snapshot().id),
        events: Events::clone(events),
        settings: settings::loading(lead.version(), &plan.encoding).into(),
    };
    let parts: Vec<Part> = plan.parts().cloned().collect();
    let objects: Vec<Object> = plan.manifest.objects.iter().zip(&plan.keep).map(|(o, keep)| left(o, *keep)).collect();
    let definitions = options.definitions.clone();
    let restoring = Arc::new(Restoring {
        crew,
        reader: reader.clone(),
        objects,
        parts,
        definitions,
        encoding: plan.encoding.clone(),
    });
    restoring.announce(plan);
    lead.run(Ledger::create()).await.map_err(|e| e.while_doing("make the ledger of the restore"))?;
    restoring.pre_data(&mut lead, plan).await?;
    (restoring.crew.events)(Event::Step { step: "load" });
    restoring.sequences(&mut lead, plan).await?;
    work::run(&restoring, plan, options.jobs).await?;
    restoring.grants(&mut lead, plan).await?;
    restoring.last(&mut lead, plan, options).await?;
    lead.run(Ledger::remove()).await.map_err(|e| e.while_doing("remove the ledger of the restore"))?;
    Ok(restoring.summary(plan))
}

impl Restoring {
    fn announce(&self, plan: &Plan) {
        (self.crew.events)(Event::Planned {
            tables: self.tables(),
            parts: self.parts.len() as u64,
            bytes: self.parts.iter().map(|part| part.stored.digest.bytes).sum(),
            rows: Some(self.parts.iter().map(|part| part.stored.digest.rows).sum()),
            objects: plan.objects().count() as u64,
        });
    }

    fn tables(&self) -> u64 {
        let tables: std::collections::BTreeSet<ObjectId> = self.parts.iter().map(|part| part.object).collect();
        tables.len() as u64
    }

    fn summary(&self, plan: &Plan) -> Summary {
        Summary {
            database: String::new(),
            objects: plan.objects().count() as u64,
            tables: self.tables(),
            rows: self.parts.iter().map(|part| part.stored.digest.rows).sum(),
            bytes: self.parts.iter().map(|part| part.stored.digest.bytes).sum(),
            left_out: Vec::new(),
            took: std::time::Duration::ZERO,
        }
    }

    /// Creates, in order, everything that must exist before the rows.
    async fn pre_data(&self, lead: &mut Session, plan: &Plan) -> Result<()> {
        (self.crew.events)(Event::Step { step: "create" });
        let wanted: Vec<&Object> = plan.objects().filter(|object| object.section != Section::PostData).collect();
        let schemas = missing_schemas(&wanted);
        for (at, batch) in wanted.chunks(PRE_DATA_BATCH).enumerate() {
            lead.run("BEGIN").await?;
            lead.run(&self.crew.settings).await.map_err(|e| e.while_doing("make the settings of a restore"))?;
            if at == 0 {
                run_all(lead, &schemas, "create the schemas of selected tables").await?;
            }
            let done = self.batch(lead, batch).await;
            if done.is_err() {
                drop(lead.run("ROLLBACK").await);
                return done;
            }
            lead.run("COMMIT").await.map_err(|e| e.while_doing("commit"))?;
        }
        Ok(())
    }

    async fn batch(&self, lead: &mut Session, batch: &[&Object]) -> Result<()> {
        for object in batch {
            self.create(lead, object).await?;
        }
        Ok(())
    }

    pub(crate) async fn create(&self, session: &mut Session, object: &Object) -> Result<()> {
        let doing = format!("create {} {}", object.kind.noun(), object.name);
        run_all(session, &self.definitions.create(object), &doing).await?;
        (self.crew.events)(Event::ObjectDone { kind: object.kind, name: object.name.to_string() });
        Ok(())
    }

    /// Sets every sequence to where it stood.
    async fn sequences(&self, lead: &mut Session, plan: &Plan) -> Result<()> {
        let calls: Vec<Text> = plan
            .manifest
            .sequences
            .iter()
            .filter(|position| plan.data[position.object.0 as usize])
            .map(|position| {
                let name = self.objects[position.object.0 as usize].name.sql().literal();
                let value = format!(", {}, {})", position.last_value, position.is_called);
                text!["pg_catalog.setval(", name, value]
            })
            .collect();
        for batch in calls.chunks(PRE_DATA_BATCH) {
            let statement = text!["SELECT ", Text::join(batch, ", ")];
            lead.run(statement).await.map_err(|e| e.while_doing("set the positions of sequences"))?;
        }
        Ok(())
    }

    /// Grants come after all objects exist, and one after another: two on the same object collide.
    async fn grants(&self, lead: &mut Session, plan: &Plan) -> Result<()> {
        (self.crew.events)(Event::Step { step: "grant" });
        lead.run("BEGIN").await?;
        lead.run(&self.crew.settings).await?;
        for object in plan.objects() {
            let doing = format!("grant on {} {}", object.kind.noun(), object.name);
            run_all(lead, &self.definitions.grants(object), &doing).await?;
        }
        for object in plan.objects().filter(|o| o.kind.pass() == Pass::Grants && !self.definitions.no_privileges) {
            self.create(lead, object).await?;
        }
        lead.run("COMMIT").await.map_err(|e| e.while_doing("commit"))
    }

    /// Refreshes and event triggers in order, then statistics, then the settings of the database.
    async fn last(&self, lead: &mut Session, plan: &Plan, options: &Options) -> Result<()> {
        (self.crew.events)(Event::Step { step: "refresh" });
        for object in plan.objects().filter(|object| object.kind.pass() == Pass::Last) {
            lead.run("BEGIN").await?;
            lead.run(&self.crew.settings).await?;
            self.create(lead, object).await?;
            lead.run("COMMIT").await.map_err(|e| e.while_doing("commit"))?;
        }
        if options.analyze {
            (self.crew.events)(Event::Step { step: "analyze" });
            lead.run("ANALYZE").await.map_err(|e| e.while_doing("analyze"))?;
        }
        if options.create_database
            && let Some(object) = self.objects.iter().find(|object| object.kind == Kind::Database)
        {
            let name = options.target.database.clone();
            let (all, grants) = (self.definitions.create(object), self.definitions.grants(object));
            let created = all.iter().position(|statement| Some(statement) == object.create.first());
            for statement in all.iter().skip(created.map_or(0, |at| at + 1)).chain(&grants) {
                let statement = database::rename(statement, object, &name);
                lead.run(statement).await.map_err(|e| e.while_doing(format!("set properties of database {name}")))?;
            }
        }
        Ok(())
    }
}

/// An object as this restore sees it: what it does not create was there before, with rows that are not its own.
fn left(object: &Object, keep: bool) -> Object {
    let mut object = object.clone();
    if !keep && object.kind != Kind::Database {
        object.create.clear();
    }
    object
}

/// Schemas that selected objects live in and that are not created themselves.
fn missing_schemas(objects: &[&Object]) -> Vec<Text> {
    let created: std::collections::BTreeSet<&Text> =
        objects.iter().filter(|o| o.kind == Kind::Schema).map(|o| &o.name.name).collect();
    let used: std::collections::BTreeSet<&Text> =
        objects.iter().filter(|o| is_created(o)).filter_map(|o| o.name.schema.as_ref()).collect();
    let missing = used.difference(&created).filter(|schema| **schema != &Text::from("public"));
    missing.map(|schema| text!["CREATE SCHEMA IF NOT EXISTS ", schema.ident()]).collect()
}
