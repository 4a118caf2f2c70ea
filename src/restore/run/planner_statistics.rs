//! Sets what the planner knew, at the end: an index that is built later, a load or a refresh would count anew what it says.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;

use crate::error::{Error, Result};
use crate::object::ObjectId;
use crate::plan::planner_statistics::{Call, Calls};
use crate::restore::run::context::Restoring;
use crate::restore::run::sessions::Slot;
use crate::text::Text;

/// Bytes of calls in one transaction at most, but for one that is longer alone.
const BATCH_BYTES: usize = 1 << 20;
/// Calls in one transaction at most: each keeps a lock on its relation until the commit.
const BATCH_CALLS: usize = 500;

impl Restoring {
    /// Sets all that are wanted; returns the relations whose columns got some.
    pub(crate) async fn statistics(&self, main: &mut Slot) -> Result<BTreeSet<ObjectId>> {
        let mut calls = Calls::new(self.objects(), self.plan.chosen.statistics());
        let mut blocks = self.reader.statistics();
        let (mut batch, mut bytes, mut known) = (Vec::new(), 0, BTreeSet::new());
        while let Some(block) = blocks.try_next().await? {
            for call in calls.push(&block)? {
                if self.failures.is_lost(call.object) {
                    continue;
                }
                if call.of_column {
                    known.insert(call.object);
                }
                bytes += call.statement.as_bytes().len();
                batch.push(call);
                if bytes > BATCH_BYTES || batch.len() == BATCH_CALLS {
                    self.set_all(main, &batch).await?;
                    batch.clear();
                    bytes = 0;
                }
            }
        }
        self.set_all(main, &batch).await?;
        Ok(known)
    }

    /// Sets a batch in one transaction; if that fails, one by one, so that the error names the relation.
    async fn set_all(&self, main: &mut Slot, batch: &[Call]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let statements = Text::join(batch.iter().map(|call| &call.statement), ";\n");
        let doing = "set statistics";
        match self.sessions.run_idempotent(main, self.sessions.transaction(&statements), doing).await {
            Err(Error::Postgres { .. }) if !self.sessions.single => {}
            done => return done,
        }
        for call in batch {
            self.sessions.run_idempotent(main, Text::from("ROLLBACK"), doing).await?;
            let object = self.plan.object(call.object);
            let doing = format!("set statistics of {} {}", object.kind.noun(), object.name);
            let set = self.sessions.transaction(&call.statement);
            if let Err(error) = self.sessions.run_idempotent(main, set, &doing).await {
                self.failures.statistics(object, error)?;
            }
        }
        self.sessions.run_idempotent(main, Text::from("ROLLBACK"), doing).await
    }
}
