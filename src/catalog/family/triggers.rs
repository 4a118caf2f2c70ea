//! Triggers. Of those that a partition has from its parent only a different enabled state is kept.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("triggers", include_str!("triggers.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let table = table(&name);
    let identity = text!["TRIGGER ", name.name.ident(), " ON ", table];
    let mut draft = Draft::new(class::TRIGGER, row.number("oid")?, Kind::Trigger, name, identity.clone());
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    let inherited = row.boolean("inherited")?;
    let state = row.letter("tgenabled")?;
    if !inherited {
        draft.creates(row.text("definition")?);
    }
    if inherited || state != 'O' {
        draft.creates(text!["ALTER TABLE ", table, " ", word(state), " TRIGGER ", draft.name.name.ident()]);
    }
    for extension in row.texts("extensions")? {
        draft.creates(text!["ALTER ", identity, " DEPENDS ON EXTENSION ", extension.ident()]);
    }
    if inherited {
        // It comes and goes with the trigger of the parent.
        draft.identity = Text::new();
        draft.needs = vec![Address { class: class::TRIGGER, oid: row.number("parent")? }];
    }
    Ok(draft)
}

/// The table that a piece of it names.
pub(crate) fn table(name: &Name) -> Text {
    let table = name.table.clone().unwrap_or_default().ident();
    match &name.schema {
        Some(schema) => text![schema.ident(), ".", table],
        None => table,
    }
}

/// The word for an enabled state, of triggers, rules and event triggers alike.
pub(crate) fn word(state: char) -> &'static str {
    match state {
        'D' => "DISABLE",
        'R' => "ENABLE REPLICA",
        'A' => "ENABLE ALWAYS",
        _ => "ENABLE",
    }
}
