//! Event triggers. They come last of all, since from then on they fire for the restore itself.

use crate::catalog::draft::{Draft, class};
use crate::catalog::family::triggers::word;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("event triggers", include_str!("event_triggers.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::plain(row.text("name")?);
    let identity = text!["EVENT TRIGGER ", name.name.ident()];
    let mut statement = text!["CREATE ", identity, " ON ", row.text("event")?.ident()];
    let tags = row.texts("tags")?;
    if !tags.is_empty() {
        statement.push(text![" WHEN TAG IN (", Text::join(tags.iter().map(Text::literal), ", "), ")"]);
    }
    statement.push(text![" EXECUTE FUNCTION ", row.text("function_schema")?.ident()]);
    statement.push(text![".", row.text("function")?.ident(), "()"]);
    let mut draft = Draft::new(class::EVENT_TRIGGER, row.number("oid")?, Kind::EventTrigger, name, identity.clone());
    draft.owner = Some(row.text("owner")?);
    draft.creates(statement);
    let state = row.letter("evtenabled")?;
    if state != 'O' {
        draft.creates(text!["ALTER ", identity, " ", word(state)]);
    }
    Ok(draft)
}
