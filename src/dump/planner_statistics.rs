//! Copies what the planner knows of relations into the repository, where that was asked for.

use futures_util::stream;

use crate::blocks::Blocks;
use crate::catalog;
use crate::dump::chosen::Chosen;
use crate::error::Result;
use crate::pg::Session;
use crate::progress::{Event, Events, Step};
use crate::repository::{ChunkRef, Writer};

/// One query on the lead's session, in the encoding of definitions: UTF-8 wherever the database allows it.
pub(super) async fn copy(
    lead: &mut Session,
    writer: &Writer,
    chosen: &Chosen,
    events: &Events,
) -> Result<Vec<ChunkRef>> {
    let wanted = chosen.objects.iter().zip(&chosen.statistics).filter(|(_, wanted)| **wanted);
    let mut wanted = wanted.map(|(object, _)| object).peekable();
    if wanted.peek().is_none() {
        return Ok(Vec::new());
    }
    events(Event::Step { step: Step::Statistics });
    let doing = "copy statistics";
    let statement = catalog::planner_statistics(wanted, lead.major());
    let mut copy = lead.copy_out(statement).await.map_err(|e| e.while_doing(doing))?;
    let blocks: Blocks<'_> = Box::pin(stream::try_unfold(&mut copy, |copy| async move {
        let block = copy.block().await.map_err(|e| e.while_doing(doing))?;
        Ok(block.map(|block| (block, copy)))
    }));
    Ok(writer.put_opened(blocks, "statistics").await?.chunks)
}
