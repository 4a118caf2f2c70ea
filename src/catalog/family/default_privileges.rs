//! Default privileges: what objects that a role makes later are granted, in one schema or in all.

use crate::catalog::acl::{self, Target};
use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Grant, Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    source.query("default privileges", include_str!("default_privileges.sql")).await?.iter().map(draft).collect()
}

fn draft(row: &Row) -> Result<Draft> {
    let (role, schema) = (row.text("role")?, row.maybe("schema")?);
    let kinds = match row.letter("defaclobjtype")? {
        'S' => "SEQUENCES",
        'f' => "FUNCTIONS",
        'T' => "TYPES",
        'n' => "SCHEMAS",
        'L' => "LARGE OBJECTS",
        _ => "TABLES",
    };
    let mut prefix = text!["ALTER DEFAULT PRIVILEGES FOR ROLE ", role.ident()];
    if let Some(schema) = &schema {
        prefix.push(text![" IN SCHEMA ", schema.ident()]);
    }
    prefix.push(" ");
    let target = Target { on: kinds.into(), of_table: kinds == "TABLES", column: None, prefix, owner: role.clone() };
    let (default, actual) = (row.texts("acl_default")?, row.texts("acl")?);
    let grants = acl::difference(&default, &actual, &target);
    let name = Name { schema, ..Name::plain(text![kinds, " of ", role]) };
    let mut draft = Draft::new(class::DEFAULT_ACL, row.number("oid")?, Kind::DefaultPrivileges, name, Text::new());
    draft.drop = acl::difference(&actual, &default, &target).statements.iter().map(Grant::sql).collect();
    draft.roles = grants.roles.into_iter().chain([role]).collect();
    for grant in grants.statements {
        draft.creates(grant.sql());
    }
    Ok(draft)
}
