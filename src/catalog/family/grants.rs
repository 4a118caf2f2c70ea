//! Grants on objects and their columns, as the difference to what a new object has: `acldefault`, or what the scripts
//! of initdb and of extensions left (`pg_init_privs`).

use std::collections::HashMap;

use tokio::try_join;

use crate::catalog::acl::{self, Target};
use crate::catalog::draft::{Acl, Address, Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Rows;
use crate::text;
use crate::text::Text;

/// Relations and schemas of the system whose privileges were changed; they have grants and nothing else. Functions and
/// types of the system come with their families.
pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    for row in &source.query("grants on the system", include_str!("system_grants.sql")).await? {
        let (oid, name, schema) = (row.number("oid")?, row.text("name")?, row.maybe("schema")?);
        let draft = match schema {
            None => {
                let on = text!["SCHEMA ", name.ident()];
                let mut draft = Draft::new(class::NAMESPACE, oid, Kind::Schema, Name::plain(name), Text::new());
                draft.acl = Some(Acl::of(row, on)?);
                draft
            }
            Some(schema) => {
                let kind = if row.letter("relkind")? == 'v' { Kind::View } else { Kind::Table };
                let name = Name::in_schema(schema, name);
                let on = text!["TABLE ", name.sql()];
                let mut draft = Draft::new(class::CLASS, oid, kind, name, Text::new());
                draft.acl = Some(Acl::of(row, on)?);
                draft
            }
        };
        drafts.push(draft);
    }
    Ok(drafts)
}

/// What scripts granted, and what was granted on columns.
pub(crate) struct Granted {
    initial: Rows,
    columns: Rows,
}

pub(crate) async fn granted(source: &Source) -> Result<Granted> {
    let (initial, columns) = try_join!(
        source.query("initial privileges", include_str!("initial_grants.sql")),
        source.query("column grants", include_str!("column_grants.sql")),
    )?;
    Ok(Granted { initial, columns })
}

/// Fills the grants of all drafts.
pub(crate) fn fill(granted: &Granted, drafts: &mut [Draft]) -> Result<()> {
    let mut initial: HashMap<Address, Vec<Text>> = HashMap::new();
    for row in &granted.initial {
        initial.insert(address(row)?, row.texts("acl")?);
    }
    for draft in drafts.iter_mut() {
        let is_public = draft.kind == Kind::Schema && draft.name.name == "public";
        let initial = initial.get(&draft.address).filter(|_| !is_public);
        if let Some(acl) = draft.acl.take() {
            whole(draft, &acl, initial);
            draft.acl = Some(acl);
        }
    }
    let by_address: HashMap<Address, usize> = drafts.iter().enumerate().map(|(at, d)| (d.address, at)).collect();
    for row in &granted.columns {
        let Some(&at) = by_address.get(&address(row)?) else { continue };
        let draft = &mut drafts[at];
        let Some(acl) = draft.acl.clone() else { continue };
        let target = Target {
            on: acl.on.clone(),
            of_table: false,
            column: Some(row.text("name")?),
            prefix: Text::new(),
            owner: acl::grantor(&acl.default).unwrap_or_default(),
        };
        add(draft, &row.texts("initial")?, &row.texts("acl")?, &target);
    }
    Ok(())
}

fn address(row: &crate::pg::Row) -> Result<Address> {
    Ok(Address { class: row.number("class")?, oid: row.number("oid")? })
}

pub(crate) fn whole(draft: &mut Draft, acl: &Acl, initial: Option<&Vec<Text>>) {
    let base = initial.unwrap_or(&acl.default);
    let actual = acl.actual.as_ref().unwrap_or(&acl.default);
    let owner = acl::grantor(&acl.default).unwrap_or_default();
    use Kind::{ForeignTable, MaterializedView, Table, View};
    let of_table = matches!(draft.kind, Table | ForeignTable | View | MaterializedView);
    let target = Target { on: acl.on.clone(), of_table, column: None, prefix: Text::new(), owner };
    add(draft, base, actual, &target);
}

fn add(draft: &mut Draft, base: &[Text], actual: &[Text], target: &Target) {
    let grants = acl::difference(base, actual, target);
    draft.grants.extend(grants.statements);
    for role in grants.roles {
        if !draft.grantees.contains(&role) {
            draft.grantees.push(role);
        }
    }
}
