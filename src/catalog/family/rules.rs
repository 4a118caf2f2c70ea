//! Rewrite rules, but for those that are the query of a view.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::family::triggers::{table, word};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::lex::without_semicolon;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("rules", include_str!("rules.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let table = table(&name);
    let identity = text!["RULE ", name.name.ident(), " ON ", table];
    let mut draft = Draft::new(class::REWRITE, row.number("oid")?, Kind::Rule, name, identity);
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    let definition = row.text("definition")?;
    draft.creates(without_semicolon(&definition));
    let state = row.letter("ev_enabled")?;
    if state != 'O' {
        draft.creates(text!["ALTER TABLE ", table, " ", word(state), " RULE ", draft.name.name.ident()]);
    }
    Ok(draft)
}
