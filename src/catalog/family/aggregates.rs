//! Aggregates. Those of pg_catalog are here for their grants only.

use crate::catalog::draft::{Acl, Draft, class};
use crate::catalog::family::functions;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("aggregates", include_str!("aggregates.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let types = row.text("types")?;
    let name = Name { arguments: Some(types.clone()), ..Name::in_schema(row.text("schema")?, row.text("name")?) };
    let identity = text!["AGGREGATE ", name.sql(), "(", or_star(row.text("identity_arguments")?), ")"];
    // GRANT knows aggregates as functions, without `*` and ORDER BY.
    let on = text!["FUNCTION ", name.sql(), "(", types, ")"];
    let mut draft = Draft::new(class::PROC, row.number("oid")?, Kind::Aggregate, name, identity);
    draft.tie = functions::tie(row)?;
    draft.acl = Some(Acl::of(row, on)?);
    if row.boolean("builtin")? {
        return Ok(draft);
    }
    draft.owner = Some(row.text("owner")?);
    draft.superuser = row.boolean("superuser")?;
    let name = text!["CREATE AGGREGATE ", draft.name.sql(), "(", or_star(row.text("arguments")?), ") ("];
    draft.creates(text![name, "\n    ", Text::join(options(row)?, ",\n    "), "\n)"]);
    Ok(draft)
}

fn or_star(arguments: Text) -> Text {
    if arguments.is_empty() { "*".into() } else { arguments }
}

fn options(row: &Row) -> Result<Vec<Text>> {
    let mut options = Vec::new();
    let plain = [
        ("SFUNC", "sfunc"),
        ("STYPE", "stype"),
        ("SSPACE", "sspace"),
        ("FINALFUNC", "finalfunc"),
        ("COMBINEFUNC", "combinefunc"),
        ("SERIALFUNC", "serialfunc"),
        ("DESERIALFUNC", "deserialfunc"),
        ("MSFUNC", "msfunc"),
        ("MINVFUNC", "minvfunc"),
        ("MSTYPE", "mstype"),
        ("MSSPACE", "msspace"),
        ("MFINALFUNC", "mfinalfunc"),
        ("SORTOP", "sortop"),
    ];
    for (option, column) in plain {
        options.extend(row.maybe(column)?.map(|value| text![option, " = ", value]));
    }
    for (option, column) in [("INITCOND", "initcond"), ("MINITCOND", "minitcond")] {
        options.extend(row.maybe(column)?.map(|value| text![option, " = ", value.literal()]));
    }
    let finals = [
        ("FINALFUNC", "finalfunc", "aggfinalextra", "aggfinalmodify"),
        ("MFINALFUNC", "mfinalfunc", "aggmfinalextra", "aggmfinalmodify"),
    ];
    for (option, function, extra, modify) in finals {
        if row.maybe(function)?.is_none() {
            continue;
        }
        if row.boolean(extra)? {
            options.push(text![option, "_EXTRA"]);
        }
        options.push(text![option, "_MODIFY = ", modification(row.letter(modify)?)]);
    }
    options.extend(parallel(row.letter("proparallel")?).map(|value| text!["PARALLEL = ", value]));
    if row.letter("aggkind")? == 'h' {
        options.push("HYPOTHETICAL".into());
    }
    Ok(options)
}

fn modification(letter: char) -> &'static str {
    match letter {
        's' => "SHAREABLE",
        'w' => "READ_WRITE",
        _ => "READ_ONLY",
    }
}

fn parallel(letter: char) -> Option<&'static str> {
    match letter {
        's' => Some("safe"),
        'r' => Some("restricted"),
        _ => None,
    }
}
