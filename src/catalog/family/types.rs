//! Types: base, range, enum, composite, and the names of types that were never defined. Domains have a file of their
//! own; arrays, multiranges and row types are made by the server.

use crate::catalog::draft::{Acl, Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    for row in &source.query("types", include_str!("types.sql")).await? {
        let draft = draft(row)?;
        if matches!(row.letter("typtype")?, 'b' | 'r') && !draft.create.is_empty() {
            drafts.push(shell(&draft, row.number("schema_oid")?));
        }
        drafts.push(draft);
    }
    Ok(drafts)
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let identity = text!["TYPE ", name.sql()];
    let mut draft = Draft::new(class::TYPE, row.number("oid")?, Kind::Type, name, identity.clone());
    draft.acl = Some(Acl::of(row, identity)?);
    if row.boolean("builtin")? {
        return Ok(draft);
    }
    draft.owner = Some(row.text("owner")?);
    draft.cascades = match row.letter("typtype")? {
        'b' => row.boolean("typisdefined")?,
        'r' => row.maybe("canonical")?.is_some(),
        _ => false,
    };
    let statement = text!["CREATE TYPE ", draft.name.sql()];
    draft.superuser = matches!(row.letter("typtype")?, 'b' | 'p');
    draft.creates(match row.letter("typtype")? {
        'e' => text![statement, " AS ENUM (", listed(row.texts("labels")?.iter().map(Text::literal)), ")"],
        'c' => text![statement, " AS (", listed(row.texts("definitions")?), ")"],
        'r' => text![statement, " AS RANGE (", listed(range(row)?), ")"],
        'b' if row.boolean("typisdefined")? => text![statement, " (", listed(base(row)?), ")"],
        _ => statement,
    });
    draft.columns = row.numbers("numbers")?.into_iter().zip(row.texts("names")?).collect();
    Ok(draft)
}

/// The first half of a type whose functions name it.
fn shell(whole: &Draft, schema: u32) -> Draft {
    let mut shell = Draft::new(class::SHELL_TYPE, whole.address.oid, Kind::ShellType, whole.name.clone(), Text::new());
    shell.part_of = Some(whole.address);
    shell.inline = true;
    shell.needs = vec![Address { class: class::NAMESPACE, oid: schema }];
    shell.creates(text!["CREATE TYPE ", whole.name.sql()]);
    shell
}

fn range(row: &Row) -> Result<Vec<Text>> {
    let mut options = Vec::new();
    let options_of = [
        ("subtype", "subtype"),
        ("multirange_type_name", "multirange"),
        ("subtype_opclass", "subtype_opclass"),
        ("collation", "range_collation"),
        ("canonical", "canonical"),
        ("subtype_diff", "subdiff"),
    ];
    for (option, column) in options_of {
        options.extend(row.maybe(column)?.map(|value| text![option, " = ", value]));
    }
    Ok(options)
}

fn base(row: &Row) -> Result<Vec<Text>> {
    let length = row.text("typlen")?;
    let length = if length == "-1" { "variable".into() } else { length };
    let mut options = vec![text!["INTERNALLENGTH = ", length]];
    let options_of = [
        ("INPUT", "input"),
        ("OUTPUT", "output"),
        ("RECEIVE", "receive"),
        ("SEND", "send"),
        ("TYPMOD_IN", "typmod_in"),
        ("TYPMOD_OUT", "typmod_out"),
        ("ANALYZE", "analyze_function"),
        ("SUBSCRIPT", "subscript"),
        ("ELEMENT", "element"),
    ];
    for (option, column) in options_of {
        options.extend(row.maybe(column)?.map(|value| text![option, " = ", value]));
    }
    options.extend(default(row)?.map(|value| text!["DEFAULT = ", value]));
    options.push(text!["CATEGORY = ", row.text("typcategory")?.literal()]);
    options.push(text!["DELIMITER = ", row.text("typdelim")?.literal()]);
    options.push(text!["ALIGNMENT = ", alignment(row.letter("typalign")?)]);
    options.push(text!["STORAGE = ", storage(row.letter("typstorage")?)]);
    let flags =
        [("PREFERRED = true", "typispreferred"), ("COLLATABLE = true", "collatable"), ("PASSEDBYVALUE", "typbyval")];
    for (flag, column) in flags {
        if row.boolean(column)? {
            options.push(flag.into());
        }
    }
    Ok(options)
}

/// Default of a base type or domain: an expression, or the text that its input function reads.
pub(super) fn default(row: &Row) -> Result<Option<Text>> {
    let expression = row.maybe("default_expression")?;
    Ok(expression.or(row.maybe("default_text")?.map(|text| text.literal())))
}

fn alignment(letter: char) -> &'static str {
    match letter {
        'c' => "char",
        's' => "int2",
        'd' => "double",
        _ => "int4",
    }
}

fn storage(letter: char) -> &'static str {
    match letter {
        'e' => "external",
        'x' => "extended",
        'm' => "main",
        _ => "plain",
    }
}

/// Items on lines of their own.
fn listed(items: impl IntoIterator<Item = Text>) -> Text {
    let list = Text::join(items, ",\n    ");
    if list.is_empty() { list } else { text!["\n    ", list, "\n"] }
}
