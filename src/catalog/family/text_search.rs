//! Text search: parsers, templates, dictionaries, configurations.

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    type Family = (&'static str, &'static str, fn(&Row) -> Result<Draft>);
    let families: [Family; 4] = [
        ("text search parsers", include_str!("text_search_parsers.sql"), parser),
        ("text search templates", include_str!("text_search_templates.sql"), template),
        ("text search dictionaries", include_str!("text_search_dictionaries.sql"), dictionary),
        ("text search configurations", include_str!("text_search_configurations.sql"), configuration),
    ];
    let mut drafts = Vec::new();
    for (what, statement, draft) in families {
        for row in &source.query(what, statement).await? {
            drafts.push(draft(row)?);
        }
    }
    Ok(drafts)
}

fn named(row: &Row, class: u32, kind: Kind, keywords: &str) -> Result<Draft> {
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let identity = text!["TEXT SEARCH ", keywords, " ", name.sql()];
    Ok(Draft::new(class, row.number("oid")?, kind, name, identity))
}

/// `CREATE .. (NAME = value, ..)` of the columns that are not NULL.
fn create(draft: &mut Draft, row: &Row, options: &[(&str, &str)]) -> Result<()> {
    let mut written = Vec::new();
    for (option, column) in options {
        written.extend(row.maybe(column)?.map(|value| text![*option, " = ", value]));
    }
    draft.creates(text!["CREATE ", draft.identity, " (", Text::join(written, ", "), ")"]);
    Ok(())
}

fn parser(row: &Row) -> Result<Draft> {
    let mut draft = named(row, class::TS_PARSER, Kind::TextSearchParser, "PARSER")?;
    let options = [
        ("START", "start"),
        ("GETTOKEN", "get_token"),
        ("END", "end"),
        ("HEADLINE", "headline"),
        ("LEXTYPES", "token_types"),
    ];
    create(&mut draft, row, &options)?;
    Ok(draft)
}

fn template(row: &Row) -> Result<Draft> {
    let mut draft = named(row, class::TS_TEMPLATE, Kind::TextSearchTemplate, "TEMPLATE")?;
    create(&mut draft, row, &[("INIT", "init"), ("LEXIZE", "lexize")])?;
    Ok(draft)
}

fn dictionary(row: &Row) -> Result<Draft> {
    let mut draft = named(row, class::TS_DICT, Kind::TextSearchDictionary, "DICTIONARY")?;
    draft.owner = Some(row.text("owner")?);
    let template = Name::in_schema(row.text("template_schema")?, row.text("template_name")?);
    let mut options = vec![text!["TEMPLATE = ", template.sql()]];
    options.extend(row.maybe("options")?);
    draft.creates(text!["CREATE ", draft.identity, " (", Text::join(options, ", "), ")"]);
    Ok(draft)
}

fn configuration(row: &Row) -> Result<Draft> {
    let mut draft = named(row, class::TS_CONFIG, Kind::TextSearchConfiguration, "CONFIGURATION")?;
    draft.owner = Some(row.text("owner")?);
    let parser = Name::in_schema(row.text("parser_schema")?, row.text("parser_name")?);
    draft.creates(text!["CREATE ", draft.identity, " (PARSER = ", parser.sql(), ")"]);
    for mapping in row.texts("mappings")? {
        draft.creates(text!["ALTER ", draft.identity, " ADD MAPPING FOR ", mapping]);
    }
    Ok(draft)
}
