//! What a whole cluster has and no database: roles with settings and memberships, tablespaces, grants on settings.
//!
//! Not part of a dump of one database: roles have to exist before anything is created that names them.

use std::collections::{BTreeSet, HashMap};

use crate::catalog::draft::{Acl, Draft, class};
use crate::catalog::family::{grants, memberships};
use crate::catalog::source::Source;
use crate::catalog::{assemble, options, setting};
use crate::error::Result;
use crate::object::{Kind, Name, Object, ObjectId};
use crate::pg::{Row, Rows, Session};
use crate::progress::Events;
use crate::text;
use crate::text::Text;

/// What to read of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct GlobalOptions {
    /// Verifiers of passwords too. Only superusers may read them; for anybody else there is a warning instead.
    pub passwords: bool,
}

impl Default for GlobalOptions {
    fn default() -> Self {
        Self { passwords: true }
    }
}

/// Reads the objects of the whole cluster, in the order of creation. Roles whose names start with `pg_` are the
/// server's own.
///
/// A role that exists already needs only `finish`, which gives it its properties. Tablespaces cannot be created in a
/// transaction. The session must be as for [`load`](crate::catalog::load), in any database.
///
/// # Errors
///
/// Where the server fails or answers something unexpected.
pub async fn globals(session: &mut Session, options: &GlobalOptions, events: &Events) -> Result<Vec<Object>> {
    let (source, queue) = Source::open(session, Vec::new(), Events::clone(events)).await?;
    queue.serve(async move { read(&source, options).await }).await
}

async fn read(source: &Source, options: &GlobalOptions) -> Result<Vec<Object>> {
    let mut drafts = Vec::new();
    for row in &roles(source, options).await? {
        drafts.push(role(row)?);
    }
    drafts.extend(memberships::load(source).await?);
    for row in &source.query("tablespaces", include_str!("tablespaces.sql")).await? {
        drafts.push(tablespace(row)?);
    }
    if source.major >= 15 {
        for row in &source.query("grants on settings", include_str!("parameter_grants.sql")).await? {
            drafts.push(parameter(row)?);
        }
    }
    // Last, since they may name tablespaces and memberships.
    for row in &source.query("settings of roles", include_str!("role_settings.sql")).await? {
        drafts.push(settings(row)?);
    }
    Ok(join(drafts))
}

/// Objects in the order of their drafts, each needing the roles that it names.
fn join(drafts: Vec<Draft>) -> Vec<Object> {
    let roles: HashMap<Text, ObjectId> = (0u32..)
        .zip(&drafts)
        .filter(|(_, draft)| draft.kind == Kind::Role)
        .map(|(id, draft)| (draft.name.name.clone(), ObjectId(id)))
        .collect();
    let mut objects = assemble::as_given(drafts);
    for object in objects.iter_mut().filter(|object| object.kind != Kind::Role) {
        let named = object.roles.iter().chain(&object.grantees).chain(&object.owner);
        let needs: BTreeSet<ObjectId> = named.filter_map(|role| roles.get(role)).copied().collect();
        object.needs = needs.into_iter().collect();
    }
    objects
}

async fn roles(source: &Source, options: &GlobalOptions) -> Result<Rows> {
    const WITH: &str = "pg_catalog.pg_authid";
    const WITHOUT: &str = "pg_catalog.pg_roles";
    let question = "select pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') as readable";
    let readable = options.passwords && source.query("passwords", question).await?.one()?.boolean("readable")?;
    if options.passwords && !readable {
        source.warn(
            "this role may not read the passwords of roles, so they will be missing",
            "read as a superuser, or leave passwords out",
        );
    }
    let parameters = if readable { [WITH, "r.rolpassword"] } else { [WITHOUT, "null"] };
    source.query_with("roles", include_str!("roles.sql"), &parameters).await
}

fn role(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let identity = text!["ROLE ", name.ident()];
    let mut draft = Draft::new(class::AUTHID, row.number("oid")?, Kind::Role, Name::plain(name), identity);
    draft.creates(text!["CREATE ", draft.identity]);
    let mut statement = text!["ALTER ", draft.identity, " WITH"];
    for (attribute, column) in [
        ("SUPERUSER", "rolsuper"),
        ("INHERIT", "rolinherit"),
        ("CREATEROLE", "rolcreaterole"),
        ("CREATEDB", "rolcreatedb"),
        ("LOGIN", "rolcanlogin"),
        ("REPLICATION", "rolreplication"),
        ("BYPASSRLS", "rolbypassrls"),
    ] {
        statement.push(if row.boolean(column)? { " " } else { " NO" });
        statement.push(attribute);
    }
    if let Some(connections) = row.maybe("connections")? {
        statement.push(text![" CONNECTION LIMIT ", connections]);
    }
    for (property, column) in [(" PASSWORD ", "password"), (" VALID UNTIL ", "valid_until")] {
        if let Some(value) = row.maybe(column)? {
            statement.push(text![property, value.literal()]);
        }
    }
    draft.finish.push(statement);
    remarks(&mut draft, row)?;
    Ok(draft)
}

fn settings(row: &Row) -> Result<Draft> {
    let role = row.maybe("name")?;
    let whose = role.as_ref().map_or_else(|| "ALL".into(), Text::ident);
    let name = Name::plain(role.clone().unwrap_or_else(|| "all roles".into()));
    let mut draft = Draft::new(class::DB_ROLE_SETTING, row.number("oid")?, Kind::RoleSettings, name, Text::new());
    for entry in row.texts("settings")? {
        draft.creates(text!["ALTER ROLE ", whose, " SET ", setting::assignment(&entry)]);
    }
    draft.drop = vec![text!["ALTER ROLE ", whose, " RESET ALL"]];
    draft.roles = role.into_iter().collect();
    Ok(draft)
}

fn tablespace(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let identity = text!["TABLESPACE ", name.ident()];
    let mut draft =
        Draft::new(class::TABLESPACE, row.number("oid")?, Kind::Tablespace, Name::plain(name), identity.clone());
    draft.creates(text!["CREATE ", identity, " LOCATION ", row.text("place")?.literal()]);
    draft.owner = Some(row.text("owner")?);
    let options = row.texts("options")?;
    if !options.is_empty() {
        draft.finish.push(text!["ALTER ", identity, " SET (", options::storage(&options), ")"]);
    }
    grants::whole(&mut draft, &Acl::of(row, identity)?, None);
    remarks(&mut draft, row)?;
    Ok(draft)
}

fn parameter(row: &Row) -> Result<Draft> {
    let name = row.text("name")?;
    let on = text!["PARAMETER ", name.ident()];
    let name = Name::plain(name);
    let mut draft = Draft::new(class::PARAMETER_ACL, row.number("oid")?, Kind::Parameter, name, Text::new());
    grants::whole(&mut draft, &Acl::of(row, on)?, None);
    Ok(draft)
}

fn remarks(draft: &mut Draft, row: &Row) -> Result<()> {
    let on = text![" ON ", draft.identity, " IS "];
    draft.comments.extend(row.maybe("comment")?.map(|comment| text!["COMMENT", on, comment.literal()]));
    for label in row.texts("labels")?.chunks_exact(2) {
        draft.labels.push(text!["SECURITY LABEL FOR ", label[0].ident(), on, label[1].literal()]);
    }
    Ok(())
}
