//! What a database contains, and how to write it as SQL.
//!
//! Every kind of object is read and written by a family in [`family`], which makes [`draft::Draft`]s; `assemble.rs` joins
//! them with the dependencies of `pg_depend`, lets [`crate::plan`] order them and settles which pieces stay inside their
//! table. What all kinds have in common (comments, labels, grants) is filled in here. Nothing here changes the database,
//! and nothing here reads rows of tables.

mod acl;
mod assemble;
pub(crate) mod bookkeeping;
mod comments;
mod dependencies;
mod draft;
mod family;
mod globals;
mod labels;
mod lockable;
mod losses;
mod options;
mod planner_statistics;
mod positions;
mod setting;
mod sizes;
mod source;
mod vanished;

pub(crate) use family::large_objects::copy_pages;
pub use globals::{GlobalOptions, globals};
pub use lockable::{Lockable, lockable};
pub use planner_statistics::planner_statistics;
pub use positions::{Position, positions};
pub use sizes::{Size, sizes};
pub use source::Joining;
pub use vanished::{LeftOut, of_the_living};

use tokio::try_join;

use crate::error::Result;
use crate::object::{Kind, Object};
use crate::pg::Session;
use crate::progress::Events;
use bookkeeping::Bookkeeping;
use draft::Draft;
use family::grants;
use source::Source;

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// In the order of creation.
    pub objects: Vec<Object>,
    /// Whether there is a schema `public`, which is among the objects only where it differs from that of a new database.
    pub public: bool,
    /// What the server snapshot shows and is not among the objects, as somebody dropped it, or what it needs, while the
    /// catalog was read.
    pub gone: Vec<LeftOut>,
}

/// Reads all objects of the database that this session sees, in the order of creation.
///
/// The session must be in a transaction for [`crate::pg::settings::Purpose::Reading`]. So must be `others`, on the same
/// server snapshot; they help from when they are there, and are closed in the end. The number of queries does not depend on the
/// number of objects.
///
/// # Errors
///
/// Where the server fails or answers something unexpected.
pub async fn load(session: &mut Session, others: Vec<Joining>, events: &Events) -> Result<Loaded> {
    let (source, queue) = Source::open(session, others, Events::clone(events)).await?;
    queue
        .serve(async move {
            let (mut drafts, dependencies, ()) =
                try_join!(described(&source), dependencies::load(&source), losses::tell(&source))?;
            let gone = vanished::leave_out(&mut drafts, source.gone(), &dependencies);
            let public = drafts.iter().any(|draft| draft.kind == Kind::Schema && draft.name.name == "public");
            Ok(Loaded { objects: assemble::assemble(drafts, &dependencies, &source), public, gone })
        })
        .await
}

/// All drafts with what can be said of each.
async fn described(source: &Source) -> Result<Vec<Draft>> {
    let (mut all, comments, labels, granted, ledger) = try_join!(
        family::load(source),
        comments::rows(source),
        labels::rows(source),
        grants::granted(source),
        Bookkeeping::is_in(source)
    )?;
    if ledger {
        bookkeeping::leave_out(&mut all, source);
    }
    // Drafts are large: only their addresses are moved to and fro.
    all.sort_by_cached_key(|draft| draft.address);
    comments::fill(&comments, &mut all)?;
    labels::fill(&labels, &mut all)?;
    grants::fill(&granted, &mut all)?;
    Ok(all)
}
