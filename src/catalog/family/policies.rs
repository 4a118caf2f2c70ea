//! Row security: whether a table has it, and its policies. One does not imply the other.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::family::triggers::table;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    let tables = source.query("row security", include_str!("row_security.sql")).await?;
    let mut drafts: Vec<Draft> = tables.iter().map(row_security).collect::<Result<_>>()?;
    for row in &source.query("policies", include_str!("policies.sql")).await? {
        drafts.push(policy(row)?);
    }
    Ok(drafts)
}

fn row_security(row: &Row) -> Result<Draft> {
    let oid = row.number("oid")?;
    let (schema, name) = (row.text("schema")?, row.text("name")?);
    let name = Name::on_table(schema, name.clone(), name);
    let mut draft = Draft::new(class::ROW_SECURITY, oid, Kind::RowSecurity, name, Text::new());
    draft.part_of = Some(Address { class: class::CLASS, oid });
    draft.creates(text!["ALTER TABLE ", draft.name.sql(), " ENABLE ROW LEVEL SECURITY"]);
    draft.drop = vec![text!["ALTER TABLE ", draft.name.sql(), " DISABLE ROW LEVEL SECURITY"]];
    Ok(draft)
}

fn policy(row: &Row) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let identity = text!["POLICY ", name.name.ident(), " ON ", table(&name)];
    let mut statement = text!["CREATE ", identity];
    if !row.boolean("polpermissive")? {
        statement.push(" AS RESTRICTIVE");
    }
    statement.push(match row.letter("polcmd")? {
        'r' => " FOR SELECT",
        'a' => " FOR INSERT",
        'w' => " FOR UPDATE",
        'd' => " FOR DELETE",
        _ => "",
    });
    let roles = row.texts("roles")?;
    if !roles.is_empty() {
        statement.push(text![" TO ", Text::join(roles.iter().map(Text::ident), ", ")]);
    }
    for (clause, column) in [(" USING (", "using"), (" WITH CHECK (", "with_check")] {
        if let Some(expression) = row.maybe(column)? {
            statement.push(text![clause, expression, ")"]);
        }
    }
    let mut draft = Draft::new(class::POLICY, row.number("oid")?, Kind::Policy, name, identity);
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    draft.creates(statement);
    draft.roles = roles;
    Ok(draft)
}
