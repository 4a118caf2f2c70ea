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
mod views;

pub use globals::{GlobalOptions, globals};
pub(crate) use large_objects::copy_pages;
pub use lockable::{Lockable, lockable};
pub use optimizer::optimizer_statistics;
pub use positions::{Position, positions};
pub use sizes::{Size, sizes};

use crate::error::Result;
use crate::object::Object;
use crate::pg::Session;
use crate::progress::Events;
use draft::Draft;
use source::Source;

/// Reads all objects of the database that this session sees, in the order of creation.
///
/// The session must be in a transaction with [`crate::pg::settings::reading`] in force. The number of queries does not
/// depend on the number of objects.
///
/// # Errors
///
/// Where the server fails or answers something unexpected.
pub async fn load(session: &mut Session, events: &Events) -> Result<Vec<Object>> {
    let mut source = Source::new(session, Events::clone(events)).await?;
    let drafts = families(&mut source).await?;
    let dependencies = dependencies::load(&mut source).await?;
    losses::tell(&mut source).await?;
    Ok(assemble::assemble(drafts, &dependencies, &source))
}

async fn families(source: &mut Source<'_>) -> Result<Vec<Draft>> {
    let mut all = schemas::load(source).await?;
    all.extend(extensions::load(source).await?);
    all.extend(types_and_routines(source).await?);
    all.extend(surroundings(source).await?);
    all.extend(relations(source).await?);
    all.extend(on_relations(source).await?);
    all.extend(of_the_database(source).await?);
    all.sort_by_key(|draft| draft.address);
    comments::fill(source, &mut all).await?;
    labels::fill(source, &mut all).await?;
    grants::fill(source, &mut all).await?;
    Ok(all)
}

/// What acts on relations or watches them.
async fn on_relations(source: &mut Source<'_>) -> Result<Vec<Draft>> {
    let mut all = triggers::load(source).await?;
    all.extend(rules::load(source).await?);
    all.extend(policies::load(source).await?);
    all.extend(statistics::load(source).await?);
    all.extend(publications::load(source).await?);
    Ok(all)
}

/// What belongs to the database as a whole.
async fn of_the_database(source: &mut Source<'_>) -> Result<Vec<Draft>> {
    let mut all = vec![database::load(source).await?];
    all.extend(large_objects::load(source).await?);
    all.extend(subscriptions::load(source).await?);
    all.extend(event_triggers::load(source).await?);
    all.extend(default_privileges::load(source).await?);
    all.extend(grants::load(source).await?);
    Ok(all)
}

/// Types, routines and what is made of them.
async fn types_and_routines(source: &mut Source<'_>) -> Result<Vec<Draft>> {
    let mut all = types::load(source).await?;
    all.extend(domains::load(source).await?);
    all.extend(functions::load(source).await?);
    all.extend(aggregates::load(source).await?);
    all.extend(operators::load(source).await?);
    let members = operator_members::load(source).await?;
    all.extend(operator_families::load(source, &members).await?);
    all.extend(operator_classes::load(source, &members).await?);
    all.extend(casts::load(source).await?);
    Ok(all)
}

/// Languages, access methods, text search, foreign servers and what else types, routines and tables stand on.
async fn surroundings(source: &mut Source<'_>) -> Result<Vec<Draft>> {
    let mut all = languages::load(source).await?;
    all.extend(transforms::load(source).await?);
    all.extend(collations::load(source).await?);
    all.extend(conversions::load(source).await?);
    all.extend(access_methods::load(source).await?);
    all.extend(text_search::load(source).await?);
    all.extend(foreign_data::load(source).await?);
    Ok(all)
}

/// Tables, views, sequences and what hangs on them.
async fn relations(source: &mut Source<'_>) -> Result<Vec<Draft>> {
    let (parts, mut all) = parts::load(source).await?;
    all.extend(tables::load(source, &parts).await?);
    all.extend(foreign_tables::load(source, &parts).await?);
    all.extend(views::load(source, &parts.columns).await?);
    all.extend(materialized_views::load(source, &parts).await?);
    all.extend(sequences::load(source).await?);
    all.extend(indexes::load(source).await?);
    all.extend(constraints::load(source, &parts.columns).await?);
    let (attachments, more) = index_attachments::load(source).await?;
    all.extend(more);
    all.extend(foreign_keys::load(source, &attachments).await?);
    Ok(all)
}
