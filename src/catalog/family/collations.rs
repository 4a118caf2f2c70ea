//! Collations.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("collations", include_str!("collations.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let identity = text!["COLLATION ", name.sql()];
    let mut draft = Draft::new(class::COLLATION, row.number("oid")?, Kind::Collation, name, identity);
    draft.tie = vec![row.text("encoding")?];
    draft.owner = Some(row.text("owner")?);
    let provider = match row.letter("collprovider")? {
        'i' => "icu",
        'b' => "builtin",
        _ => "libc",
    };
    let mut options = vec![text!["provider = ", provider]];
    if !row.boolean("collisdeterministic")? {
        options.push("deterministic = false".into());
    }
    for (option, column) in [("locale", "locale"), ("lc_collate", "collate"), ("lc_ctype", "ctype"), ("rules", "rules")]
    {
        options.extend(row.maybe(column)?.map(|value| text![option, " = ", value.literal()]));
    }
    draft.creates(text!["CREATE ", draft.identity, " (", Text::join(options, ", "), ")"]);
    Ok(draft)
}
