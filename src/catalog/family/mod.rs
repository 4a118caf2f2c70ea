//! The families of objects: what is read of each, and the SQL that makes it again.
//!
//! One family is one `.rs`, one `.sql` and one fixture in `testdata/schema`. It reads its rows with one query (never one
//! per object) and makes [`Draft`]s of them. A family never looks at objects of another one but through what that shows
//! for it, never orders, and never decides what is dumped.
//!
//! To add one: the three files, its line in a list below, its oids in [`crate::catalog::draft::class`], and for a new kind
//! of object its variant in [`crate::object::Kind`] with its row of facts.

mod access_methods;
mod aggregates;
mod casts;
mod checks;
mod collations;
mod columns;
mod constraints;
mod conversions;
mod database;
mod default_privileges;
mod defaults;
mod domains;
mod event_triggers;
mod extended_statistics;
mod extensions;
mod foreign_data;
mod foreign_keys;
mod foreign_tables;
mod functions;
pub(crate) mod grants;
mod index_attachments;
mod indexes;
mod languages;
pub(crate) mod large_objects;
mod materialized_views;
pub(crate) mod memberships;
mod not_nulls;
mod operator_classes;
mod operator_families;
mod operator_members;
mod operators;
mod partitions;
mod parts;
mod policies;
mod publications;
mod rules;
mod schemas;
mod sequences;
mod subscriptions;
mod tables;
mod text_search;
mod transforms;
mod triggers;
mod types;
mod views;

use futures_util::future::{BoxFuture, FutureExt as _, try_join_all};
use tokio::try_join;

use crate::catalog::draft::Draft;
use crate::catalog::source::Source;
use crate::error::Result;

/// The drafts of a family, being read.
type Family<'a> = BoxFuture<'a, Result<Vec<Draft>>>;

/// The drafts of all families. Those with the most to read come first: what is asked first is answered first.
pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
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
        extended_statistics::load(source).boxed(),
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
