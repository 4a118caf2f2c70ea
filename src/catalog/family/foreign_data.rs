//! Foreign data wrappers, foreign servers and user mappings. Options may hold secrets.

use crate::catalog::draft::{Acl, Draft, class};
use crate::catalog::options;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    for row in &source.query("foreign data wrappers", include_str!("foreign_wrappers.sql")).await? {
        drafts.push(wrapper(row)?);
    }
    for row in &source.query("foreign servers", include_str!("foreign_servers.sql")).await? {
        drafts.push(server(row)?);
    }
    for row in &source.query("user mappings", include_str!("user_mappings.sql")).await? {
        let draft = mapping(row)?;
        if !row.boolean("visible")? {
            source.warn(
                format!(
                    "the options of the user mapping {} are not shown to this role and will be missing",
                    draft.name
                ),
                "dump as the owner of the foreign server or as a superuser",
            );
        }
        drafts.push(draft);
    }
    Ok(drafts)
}

fn wrapper(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let identity = text!["FOREIGN DATA WRAPPER ", name.ident()];
    let kind = Kind::ForeignDataWrapper;
    let mut draft = Draft::new(class::FDW, row.number("oid")?, kind, Name::plain(name), identity.clone());
    let mut statement = text!["CREATE ", identity];
    for (option, column) in [(" HANDLER ", "handler"), (" VALIDATOR ", "validator")] {
        if let Some(function) = row.maybe(column)? {
            statement.push(text![option, function]);
        }
    }
    statement.push(options_clause(row)?);
    draft.creates(statement);
    draft.owner = Some(row.text("owner")?);
    draft.acl = Some(Acl::of(row, identity)?);
    Ok(draft)
}

fn server(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let (identity, on) = (text!["SERVER ", name.ident()], text!["FOREIGN SERVER ", name.ident()]);
    let mut draft =
        Draft::new(class::SERVER, row.number("oid")?, Kind::ForeignServer, Name::plain(name), identity.clone());
    let mut statement = text!["CREATE ", identity];
    for (option, column) in [(" TYPE ", "type"), (" VERSION ", "version")] {
        if let Some(value) = row.maybe(column)? {
            statement.push(text![option, value.literal()]);
        }
    }
    statement.push(text![" FOREIGN DATA WRAPPER ", row.text("wrapper")?.ident(), options_clause(row)?]);
    draft.creates(statement);
    draft.owner = Some(row.text("owner")?);
    draft.acl = Some(Acl::of(row, on)?);
    Ok(draft)
}

fn mapping(row: &Row) -> Result<Draft> {
    let (server, role) = (row.text("server")?, row.maybe("role")?);
    let role_sql = role.as_ref().map_or_else(|| "PUBLIC".into(), Text::ident);
    let identity = text!["USER MAPPING FOR ", role_sql, " SERVER ", server.ident()];
    let name = text!["for ", role.clone().unwrap_or_else(|| "public".into()), " on ", server];
    let mut draft = Draft::new(class::USER_MAPPING, row.number("oid")?, Kind::UserMapping, Name::plain(name), identity);
    draft.creates(text!["CREATE ", draft.identity, options_clause(row)?]);
    draft.roles = role.into_iter().collect();
    Ok(draft)
}

fn options_clause(row: &Row) -> Result<Text> {
    let options = row.texts("options")?;
    Ok(if options.is_empty() { Text::new() } else { text![" OPTIONS (", options::generic(&options), ")"] })
}
