//! Materialized views and their first filling, which comes last of all: it runs as the owner, with the final grants.

use std::collections::{HashMap, HashSet};

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::family::parts::Parts;
use crate::catalog::family::tables::acl;
use crate::catalog::family::views::query;
use crate::catalog::options;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source, parts: &Parts) -> Result<Vec<Draft>> {
    let rows = source.query("materialized views", include_str!("materialized_views.sql")).await?;
    let mut drafts = rows.iter().map(|row| draft(row, parts)).collect::<Result<Vec<_>>>()?;
    let filled = filled(rows.iter())?;
    let reads = reads(source).await?;
    // What reads an empty one could not be filled either.
    let fillable = |oid: u32| filled.contains(&oid) && reads.get(&oid).is_none_or(|read| read.is_subset(&filled));
    let refreshes: Vec<Draft> = drafts
        .iter()
        .filter(|view| fillable(view.address.oid))
        .map(|view| refresh(view, reads.get(&view.address.oid)))
        .collect();
    drafts.extend(refreshes);
    Ok(drafts)
}

fn draft(row: &Row, parts: &Parts) -> Result<Draft> {
    let oid = row.number("oid")?;
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let sql = name.sql();
    let identity = text!["MATERIALIZED VIEW ", sql];
    let mut draft = Draft::new(class::CLASS, oid, Kind::MaterializedView, name, identity.clone());
    // Its query can never leave it, so the rule that holds it counts as the view.
    draft.aliases = vec![Address { class: class::REWRITE, oid: row.number("rule")? }];
    draft.owner = Some(row.text("owner")?);
    draft.acl = acl(row, text!["TABLE ", sql])?;
    draft.columns = parts.columns.names(oid);
    draft.tablespace = Some(row.text("tablespace")?);
    draft.access_method = row.maybe("access_method")?;
    let with = options::with_toast(&row.texts("options")?, &row.texts("toast_options")?);
    draft.creates(text!["CREATE ", identity, options::with_clause(&with), " AS\n", query(row)?, "\n  WITH NO DATA"]);
    if let Some(actions) = parts.columns.alterations(oid, &parts.inheritance) {
        draft.creates(text!["ALTER ", identity, " ", actions]);
    }
    draft.compressed_by = parts.columns.compressed_by(oid);
    if let Some(actions) = parts.columns.compression(oid, &parts.inheritance) {
        draft.compression.push(text!["ALTER ", identity, " ", actions]);
    }
    for extension in row.texts("extensions")? {
        draft.creates(text!["ALTER ", identity, " DEPENDS ON EXTENSION ", extension.ident()]);
    }
    Ok(draft)
}

fn filled<'a>(rows: impl Iterator<Item = &'a Row>) -> Result<HashSet<u32>> {
    let mut filled = HashSet::new();
    for row in rows {
        if row.boolean("populated")? {
            filled.insert(row.number("oid")?);
        }
    }
    Ok(filled)
}

/// Materialized views by those that read them, through any chain of views.
async fn reads(source: &Source) -> Result<HashMap<u32, HashSet<u32>>> {
    let mut reads: HashMap<u32, HashSet<u32>> = HashMap::new();
    for row in &source.query("refreshes", include_str!("refreshes.sql")).await? {
        reads.entry(row.number("reader")?).or_default().insert(row.number("read")?);
    }
    Ok(reads)
}

fn refresh(view: &Draft, reads: Option<&HashSet<u32>>) -> Draft {
    let mut draft = Draft::new(class::REFRESH, view.address.oid, Kind::Refresh, view.name.clone(), Text::new());
    draft.part_of = Some(view.address);
    draft.needs = reads.into_iter().flatten().map(|&oid| Address { class: class::REFRESH, oid }).collect();
    draft.creates(text!["REFRESH MATERIALIZED VIEW ", view.name.sql()]);
    draft
}
