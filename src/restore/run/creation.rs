//! Creates objects and grants privileges on them, one alone or many in a transaction.
//!
//! Where failures are collected, an object in a larger transaction is undone alone.

use crate::error::{Error, Result};
use crate::object::{Kind, Object, Pass};
use crate::pg::Session;
use crate::plan::granted;
use crate::progress::Event;
use crate::restore::ledger::Item;
use crate::restore::run::context::{Restoring, Statements};
use crate::restore::run::failures::Failures;
use crate::restore::run::sessions::{Work, run_all};
use crate::text;
use crate::text::Text;

impl Restoring {
    pub(crate) async fn create(&self, session: &mut Session, object: &Object) -> Result<()> {
        let doing = format!("create {} {}", object.kind.noun(), object.name);
        let statements = self.statements(session, object).await?;
        run_all(session, &statements, &doing).await?;
        (self.sessions.events)(Event::ObjectDone { kind: object.kind, name: object.name.to_string() });
        Ok(())
    }

    /// Statements that create an object. An extension may be there already, made by a superuser, and then only that one
    /// may comment on it: what it says already is not said again.
    async fn statements(&self, session: &mut Session, object: &Object) -> Result<Vec<Text>> {
        let mut statements = self.plan.rendering.create(object);
        if object.kind == Kind::Extension && !object.comments.is_empty() {
            let named = text![" WHERE extname = ", object.name.name.literal()];
            let comment =
                "SELECT pg_catalog.obj_description(oid, 'pg_extension') AS comment FROM pg_catalog.pg_extension";
            let rows = session.query(text![comment, named]).await?;
            if let Some(comment) = rows.iter().next().map(|row| row.maybe("comment")).transpose()?.flatten() {
                let said = text!["COMMENT ON ", object.identity, " IS ", comment.literal()];
                statements.retain(|statement| *statement != said);
            }
        }
        Ok(statements)
    }

    /// Runs what belongs to one object inside a larger transaction. Where failures are collected, it alone is undone.
    async fn apart(
        &self,
        session: &mut Session,
        object: &Object,
        statements: &[Text],
        doing: &str,
        collect: fn(&Failures, &Object, Error) -> Result<()>,
    ) -> Result<bool> {
        if !self.failures.keep_going() {
            return run_all(session, statements, doing).await.map(|()| true);
        }
        if statements.is_empty() || self.failures.is_lost(object.id) {
            return Ok(false);
        }
        session.run("SAVEPOINT pgkeep_object").await?;
        match run_all(session, statements, doing).await {
            Ok(()) => session.run("RELEASE SAVEPOINT pgkeep_object").await.map(|()| true),
            Err(error) => {
                collect(&self.failures, object, error)?;
                session.run("ROLLBACK TO SAVEPOINT pgkeep_object").await.map(|()| false)
            }
        }
    }

    /// Writes down whose grants failed, beside those that did not.
    async fn record_ungranted<'a>(
        &self,
        session: &mut Session,
        objects: impl Iterator<Item = &'a Object> + Send,
    ) -> Result<()> {
        let lacking = |object: &&Object| granted(object, &self.plan.rendering) && self.failures.lacks_grants(object.id);
        let records: Vec<Text> =
            objects.filter(lacking).map(|object| self.sessions.ledger.record(Item::Ungranted(object.id))).collect();
        run_all(session, &records, "write the ledger of the restore").await
    }

    /// Creates an object inside a larger transaction.
    async fn create_apart(&self, session: &mut Session, object: &Object) -> Result<()> {
        if self.failures.blocks(self.objects(), object) {
            return Ok(());
        }
        let doing = format!("create {} {}", object.kind.noun(), object.name);
        let statements = self.statements(session, object).await?;
        if self.apart(session, object, &statements, &doing, Failures::object).await? {
            (self.sessions.events)(Event::ObjectDone { kind: object.kind, name: object.name.to_string() });
        }
        Ok(())
    }
}

/// Objects before the rows that are created in one transaction.
pub(crate) struct Batch<'a> {
    pub(crate) restoring: &'a Restoring,
    pub(crate) schemas: &'a [Text],
    pub(crate) objects: &'a [&'a Object],
}

impl Work for Batch<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        run_all(session, self.schemas, "create the schemas of selected tables").await?;
        for object in self.objects {
            self.restoring.create_apart(session, object).await?;
        }
        let restoring = self.restoring;
        for object in self.objects.iter().filter(|object| restoring.failures.is_lost(object.id)) {
            let lost = Statements {
                statements: &[restoring.sessions.ledger.record(Item::Lost(object.id))],
                doing: "write the ledger of the restore",
            };
            lost.run(session).await?;
        }
        Ok(())
    }
}

/// Grants on objects.
pub(crate) struct Grants<'a> {
    pub(crate) restoring: &'a Restoring,
    pub(crate) objects: &'a [&'a Object],
}

/// Default privileges, after all grants.
pub(crate) struct DefaultGrants<'a> {
    pub(crate) restoring: &'a Restoring,
}

impl Work for Grants<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        let (restoring, rendering) = (self.restoring, &self.restoring.plan.rendering);
        for object in self.objects {
            let doing = format!("grant on {} {}", object.kind.noun(), object.name);
            restoring.apart(session, object, &rendering.grants(object), &doing, Failures::grants).await?;
        }
        restoring.record_ungranted(session, self.objects.iter().copied()).await
    }
}

impl Work for DefaultGrants<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        let defaults = || self.restoring.plan.objects().filter(|object| object.kind.pass() == Pass::Grants);
        for object in defaults().filter(|object| granted(object, &self.restoring.plan.rendering)) {
            self.restoring.create_apart(session, object).await?;
        }
        self.restoring.record_ungranted(session, defaults()).await
    }
}

/// One object in a transaction of its own.
pub(crate) struct Creation<'a> {
    pub(crate) restoring: &'a Restoring,
    pub(crate) object: &'a Object,
}

impl Work for Creation<'_> {
    async fn run(&self, session: &mut Session) -> Result<()> {
        self.restoring.create(session, self.object).await
    }
}
