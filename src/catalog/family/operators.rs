//! Operators. Their names are never quoted.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    let rows = source.query("operators", include_str!("operators.sql")).await?;
    let drafts: Vec<Draft> = rows.iter().map(draft).collect::<Result<_>>()?;
    for (row, draft) in rows.iter().zip(&drafts) {
        if row.letter("oprkind")? == 'r' {
            source.warn(
                format!("operator {} stands behind its operand, which servers from 14 on do not have", draft.name),
                "it can be restored to 13 only; write what uses it as a function call",
            );
        }
    }
    Ok(drafts)
}

fn draft(row: &Row) -> Result<Draft> {
    let none = || Text::from("NONE");
    let (left, right) = (row.maybe("left_type")?, row.maybe("right_type")?);
    let operands = text![left.clone().unwrap_or_else(none), ", ", right.clone().unwrap_or_else(none)];
    let mut name = Name::in_schema(row.text("schema")?, row.text("name")?);
    name.arguments = Some(operands.clone());
    let sql = text![row.text("schema")?.ident(), ".", name.name];
    let identity = text!["OPERATOR ", sql, " (", operands, ")"];
    let mut draft = Draft::new(class::OPERATOR, row.number("oid")?, Kind::Operator, name, identity);
    let gone = row.texts("announced")?.into_iter().chain([text![sql, " (", operands, ")"]]);
    draft.drop = gone.map(|operator| text!["DROP OPERATOR IF EXISTS ", operator]).collect();
    // Those before their operand come first.
    draft.tie = vec![if left.is_none() { "0".into() } else { "1".into() }, operands];
    draft.owner = Some(row.text("owner")?);
    let mut options = vec![text!["FUNCTION = ", row.text("function")?]];
    let values = [
        ("LEFTARG", left),
        ("RIGHTARG", right),
        ("COMMUTATOR", row.maybe("commutator")?),
        ("NEGATOR", row.maybe("negator")?),
        ("RESTRICT", row.maybe("restrict")?),
        ("JOIN", row.maybe("join")?),
    ];
    for (option, value) in values {
        options.extend(value.map(|value| text![option, " = ", value]));
    }
    for (option, column) in [("MERGES", "oprcanmerge"), ("HASHES", "oprcanhash")] {
        if row.boolean(column)? {
            options.push(option.into());
        }
    }
    draft.creates(text!["CREATE OPERATOR ", sql, " (\n    ", Text::join(options, ",\n    "), "\n)"]);
    Ok(draft)
}
