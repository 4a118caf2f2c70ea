//! Functions and procedures. Those of pg_catalog are here for their grants only.

use crate::catalog::draft::{Acl, Address, Draft, class};
use crate::catalog::setting;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("functions", include_str!("functions.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let types = row.text("types")?;
    let name = Name { arguments: Some(types.clone()), ..Name::in_schema(row.text("schema")?, row.text("name")?) };
    let kind = if row.letter("prokind")? == 'p' { Kind::Procedure } else { Kind::Function };
    let keyword = if kind == Kind::Procedure { "PROCEDURE " } else { "FUNCTION " };
    let identity = text![keyword, name.sql(), "(", row.text("identity_arguments")?, ")"];
    let mut draft = Draft::new(class::PROC, row.number("oid")?, kind, name, identity.clone());
    draft.tie = tie(row)?;
    draft.acl = Some(Acl::of(row, identity)?);
    if row.boolean("builtin")? {
        return Ok(draft);
    }
    draft.owner = Some(row.text("owner")?);
    draft.superuser = row.boolean("superuser")?;
    let transforms = row.numbers("transform_oids")?;
    draft.needs = transforms.into_iter().map(|oid| Address { class: class::TRANSFORM, oid }).collect();
    let extensions = row.texts("extensions")?;
    let on_extension = |name: &Text| text!["ALTER ", draft.identity, " DEPENDS ON EXTENSION ", name.ident()];
    draft.finish = extensions.iter().map(on_extension).collect();
    let statement = text!["CREATE ", keyword, draft.name.sql(), create(row)?];
    draft.creates(statement);
    Ok(draft)
}

/// Routines of the same name: by number of arguments, then by their types.
pub(super) fn tie(row: &Row) -> Result<Vec<Text>> {
    Ok(vec![format!("{:05}", row.number::<u32>("pronargs")?).into(), row.text("types")?])
}

/// All that follows the name.
fn create(row: &Row) -> Result<Text> {
    let mut statement = text!["(", row.text("arguments")?, ")"];
    if let Some(result) = row.maybe("result")? {
        statement.push(text![" RETURNS ", result]);
    }
    statement.push(text!["\n    LANGUAGE ", row.text("language")?.ident()]);
    let transforms = row.texts("transforms")?;
    if !transforms.is_empty() {
        let types = transforms.iter().map(|name| text!["FOR TYPE ", name]);
        statement.push(text![" TRANSFORM ", Text::join(types, ", ")]);
    }
    statement.push(properties(row)?);
    for entry in row.texts("settings")? {
        statement.push(text!["\n    SET ", setting::assignment(&entry)]);
    }
    statement.push(body(row)?);
    Ok(statement)
}

fn properties(row: &Row) -> Result<Text> {
    let mut properties = Text::new();
    if row.letter("prokind")? == 'w' {
        properties.push(" WINDOW");
    }
    properties.push(match row.letter("provolatile")? {
        'i' => " IMMUTABLE",
        's' => " STABLE",
        _ => "",
    });
    for (flag, column) in
        [(" STRICT", "proisstrict"), (" SECURITY DEFINER", "prosecdef"), (" LEAKPROOF", "proleakproof")]
    {
        if row.boolean(column)? {
            properties.push(flag);
        }
    }
    for (option, column) in [(" COST ", "cost"), (" ROWS ", "rows"), (" SUPPORT ", "support")] {
        if let Some(value) = row.maybe(column)? {
            properties.push(text![option, value]);
        }
    }
    properties.push(match row.letter("proparallel")? {
        's' => " PARALLEL SAFE",
        'r' => " PARALLEL RESTRICTED",
        _ => "",
    });
    Ok(properties)
}

fn body(row: &Row) -> Result<Text> {
    if let Some(body) = row.maybe("sql_body")? {
        return Ok(text!["\n", body]);
    }
    let source = row.text("prosrc")?;
    Ok(match row.maybe("probin")? {
        Some(library) => text!["\n    AS ", library.literal(), ", ", source.literal()],
        None => text!["\n    AS ", source.dollar_quoted()],
    })
}
