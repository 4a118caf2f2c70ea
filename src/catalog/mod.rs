//! What a database contains, and how to write it as SQL.
//!
//! One family of objects is one `.rs`, one `.sql` and one fixture in `testdata/schema`. A family reads its rows with
//! one query (never one per object) and makes [`draft::Draft`]s; `assemble.rs` joins them with the dependencies of
//! `pg_depend`, lets [`crate::plan`] order them and settles which pieces stay inside their table. Nothing here changes
//! the database, and nothing here reads rows of tables.
//!
//! To add a family: the three files, its line in [`families`], its oids in `draft::class`.

mod access_methods;
mod acl;
mod aggregates;
mod assemble;
pub(crate) mod bookkeeping;
mod casts;
mod checks;
mod collations;
mod columns;
mod comments;
mod constraints;
mod conversions;
mod database;
mod default_privileges;
mod defaults;
mod dependencies;
mod domains;
mod draft;
mod event_triggers;
mod extensions;
mod foreign_data;
mod foreign_keys;
mod foreign_tables;
mod functions;
mod globals;
mod grants;
mod index_attachments;
mod indexes;
mod labels;
mod languages;
mod large_objects;
mod lockable;
mod losses;
mod materialized_views;
mod memberships;
mod not_nulls;
mod operator_classes;
mod operator_families;
mod operator_members;
mod operators;
mod optimizer;
mod options;
mod partitions;
mod parts;
mod policies;
mod positions;
mod publications;
mod rules;
mod schemas;
mod sequences;
mod setting;
mod sizes;
mod source;
mod statistics;
mod subscriptions;
mod tables;
mod text_search;
mod transforms;
mod triggers;
mod types;
mod vanished;
mod views;

pub use globals::{GlobalOptions, globals};
pub(crate) use large_objects::copy_pages;
pub use lockable::{Lockable, lockable};
pub use optimizer::optimizer_statistics;
pub use positions::{Position, positions};
pub use sizes::{Size, sizes};
pub use source::Joining;

use futures_util::future::{BoxFuture, FutureExt as _, try_join_all};
use tokio::try_join;

use crate::error::Result;
use crate::object::{Kind, Object};
use crate::pg::Session;
use crate::progress::Events;
use bookkeeping::Bookkeeping;
use draft::Draft;
use source::Source;

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// In the order of creation.
    pub objects: Vec<Object>,
    /// Whether there is a schema `public`, which is among the objects only where it differs from that of a new database.
    pub public: bool,
    /// What the server snapshot shows and is not among the objects, as somebody dropped it, or what it needs, while the
    /// catalog was read. For people.
    pub gone: Vec<String>,
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
    let (source, desk) = Source::open(session, others, Events::clone(events)).await?;
    desk.serve(async move {
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
        families(source),
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

/// The drafts of a family, being read.
type Family<'a> = BoxFuture<'a, Result<Vec<Draft>>>;

/// Those with the most to read come first: what is asked first is answered first.
async fn families(source: &Source) -> Result<Vec<Draft>> {
    let tables = [indexes::load(source).boxed(), relations(source).boxed()];
    let others = on_relations(source).into_iter().chain(types_and_routines(source));
    let others = others.chain(surroundings(source)).chain(of_the_database(source));
    all_of(tables.into_iter().chain(others)).await
}

/// Drafts of families that ask side by side.
async fn all_of(families: impl IntoIterator<Item = Family<'_>>) -> Result<Vec<Draft>> {
    let families = try_join_all(families).await?;
    let mut all = Vec::with_capacity(families.iter().map(Vec::len).sum());
    families.into_iter().for_each(|mut drafts| all.append(&mut drafts));
    Ok(all)
}

/// Tables, views, sequences and what hangs on them.
async fn relations(source: &Source) -> Result<Vec<Draft>> {
    let ((parts, mut all), (attachments, more)) = try_join!(parts::load(source), index_attachments::load(source))?;
    all.extend(more);
    let rest = all_of([
        constraints::load(source, &parts.columns).boxed(),
        tables::load(source, &parts).boxed(),
        foreign_tables::load(source, &parts).boxed(),
        views::load(source, &parts.columns).boxed(),
        materialized_views::load(source, &parts).boxed(),
        foreign_keys::load(source, &attachments).boxed(),
        sequences::load(source).boxed(),
    ]);
    all.extend(rest.await?);
    Ok(all)
}

/// What acts on relations or watches them.
fn on_relations(source: &Source) -> [Family<'_>; 5] {
    [
        triggers::load(source).boxed(),
        rules::load(source).boxed(),
        policies::load(source).boxed(),
        statistics::load(source).boxed(),
        publications::load(source).boxed(),
    ]
}

/// Types, routines and what is made of them.
fn types_and_routines(source: &Source) -> [Family<'_>; 6] {
    [
        types::load(source).boxed(),
        domains::load(source).boxed(),
        functions::load(source).boxed(),
        aggregates::load(source).boxed(),
        operators(source).boxed(),
        casts::load(source).boxed(),
    ]
}

/// Operators with their families and classes.
async fn operators(source: &Source) -> Result<Vec<Draft>> {
    let (mut all, members) = try_join!(operators::load(source), operator_members::load(source))?;
    let rest =
        all_of([operator_families::load(source, &members).boxed(), operator_classes::load(source, &members).boxed()]);
    all.extend(rest.await?);
    Ok(all)
}

/// Schemas, extensions, languages, access methods, text search, foreign servers and what else types, routines and
/// tables stand on.
fn surroundings(source: &Source) -> [Family<'_>; 9] {
    [
        schemas::load(source).boxed(),
        extensions::load(source).boxed(),
        languages::load(source).boxed(),
        transforms::load(source).boxed(),
        collations::load(source).boxed(),
        conversions::load(source).boxed(),
        access_methods::load(source).boxed(),
        text_search::load(source).boxed(),
        foreign_data::load(source).boxed(),
    ]
}

/// What belongs to the database as a whole.
fn of_the_database(source: &Source) -> [Family<'_>; 6] {
    [
        database(source).boxed(),
        large_objects::load(source).boxed(),
        subscriptions::load(source).boxed(),
        event_triggers::load(source).boxed(),
        default_privileges::load(source).boxed(),
        grants::load(source).boxed(),
    ]
}

async fn database(source: &Source) -> Result<Vec<Draft>> {
    Ok(vec![database::load(source).await?])
}
