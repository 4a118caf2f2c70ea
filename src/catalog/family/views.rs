//! Views, each with the rule that holds its query: where a loop needs the view first, it is created with the right
//! columns and no rows, and the rule is a CREATE OR REPLACE VIEW later.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::family::columns::Columns;
use crate::catalog::family::tables::acl;
use crate::catalog::options;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;
use crate::text::lex::without_semicolon;

pub(crate) async fn load(source: &Source, columns: &Columns) -> Result<Vec<Draft>> {
    let rows = source.query("views", include_str!("views.sql")).await?;
    let mut drafts = Vec::with_capacity(rows.len() * 2);
    for row in &rows {
        let view = view(row, columns)?;
        drafts.push(rule(row, &view)?);
        drafts.push(view);
    }
    Ok(drafts)
}

fn view(row: &Row, columns: &Columns) -> Result<Draft> {
    let oid = row.number("oid")?;
    let name = Name::in_schema(row.text("schema")?, row.text("name")?);
    let sql = name.sql();
    let mut draft = Draft::new(class::CLASS, oid, Kind::View, name, text!["VIEW ", sql]);
    draft.owner = Some(row.text("owner")?);
    draft.acl = acl(row, text!["TABLE ", sql])?;
    draft.columns = columns.names(oid);
    draft.creates(text!["CREATE VIEW ", definition(row, &sql)?]);
    let nulls = columns.of(oid).iter();
    let nulls = nulls.map(|c| text!["\n    NULL::", c.type_name, c.collate(), " AS ", c.name.ident()]);
    draft.dummy = vec![text!["CREATE VIEW ", sql, " AS\n SELECT", Text::join(nulls, ",")]];
    Ok(draft)
}

fn rule(row: &Row, view: &Draft) -> Result<Draft> {
    let schema = view.name.schema.clone().unwrap_or_default();
    let name = Name::on_table(schema, view.name.name.clone(), "_RETURN");
    let mut draft = Draft::new(class::REWRITE, row.number("rule")?, Kind::Rule, name, Text::new());
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("oid")? });
    draft.inline = true;
    draft.creates(text!["CREATE OR REPLACE VIEW ", definition(row, &view.name.sql())?]);
    Ok(draft)
}

/// Everything after CREATE VIEW. The check option is kept among the others but has a clause of its own.
fn definition(row: &Row, name: &Text) -> Result<Text> {
    let mut kept = row.texts("options")?;
    let mut check = Text::new();
    kept.retain(|option| match options::split(option) {
        (name, value) if name == "check_option" => {
            check = text!["\n WITH ", value.lossy().to_uppercase(), " CHECK OPTION"];
            false
        }
        _ => true,
    });
    Ok(text![name, options::with_clause(&options::storage(&kept)), " AS\n", query(row)?, check])
}

/// The query as the server prints it, less its semicolon.
pub(crate) fn query(row: &Row) -> Result<Text> {
    Ok(without_semicolon(&row.text("query")?))
}
