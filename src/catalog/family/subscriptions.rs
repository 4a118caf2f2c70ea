//! Subscriptions. They come back disabled and without a connection to the publisher: whoever restores decides when data
//! flows again. Their connection strings hold secrets, and only a superuser may read them.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::pg::config::names_password;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    if !source.superuser {
        for row in &source.query("subscriptions", include_str!("subscription_names.sql")).await? {
            let message = format!("subscription {} is left out: only a superuser may read it", row.text("name")?);
            source.warn(message, "dump as a superuser, or note the subscription elsewhere");
        }
        return Ok(Vec::new());
    }
    source.query("subscriptions", include_str!("subscriptions.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::plain(row.text("name")?);
    let identity = text!["SUBSCRIPTION ", name.name.ident()];
    let publications = row.texts("subpublications")?;
    let mut options: Vec<Text> = vec!["connect = false".into()];
    match row.maybe("subslotname")? {
        // What the server takes by itself may be a name that it refuses where it is written.
        Some(slot) if slot == name.name => (),
        Some(slot) => options.push(text!["slot_name = ", slot.literal()]),
        None => options.push("slot_name = NONE".into()),
    }
    for option in row.texts("options")? {
        options.push(option);
    }
    for (option, column) in [("synchronous_commit = ", "subsynccommit"), ("origin = ", "suborigin")] {
        if let Some(value) = row.maybe(column)? {
            options.push(text![option, value.literal()]);
        }
    }
    let statement = text![
        "CREATE ",
        identity,
        " CONNECTION ",
        row.text("subconninfo")?.literal(),
        " PUBLICATION ",
        Text::join(publications.iter().map(Text::ident), ", "),
        " WITH (",
        Text::join(options, ", "),
        ")"
    ];
    let mut draft = Draft::new(class::SUBSCRIPTION, row.number("oid")?, Kind::Subscription, name, identity.clone());
    draft.owner = Some(row.text("owner")?);
    // Whoever else may make subscriptions must have a password in it.
    draft.superuser = row.boolean("passwordless")? || !names_password(row.text("subconninfo")?.as_bytes());
    draft.creates(statement);
    // A slot on the publisher is not ours to drop.
    draft.drop = vec![text!["ALTER ", identity, " SET (slot_name = NONE)"], text!["DROP ", identity]];
    Ok(draft)
}
