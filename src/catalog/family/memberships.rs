//! Memberships of roles in roles. From 16 on each has a grantor, who must hold ADMIN OPTION when it is made.

use std::collections::BTreeSet;

use crate::catalog::draft::{Draft, class};
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

struct Membership {
    role: Text,
    member: Text,
    admin: bool,
    /// Who has to make it, where that is not the first superuser.
    grantor: Option<Text>,
    statement: Text,
}

pub(crate) async fn load(source: &Source) -> Result<Vec<Draft>> {
    let rows = source.query("memberships", include_str!("memberships.sql")).await?;
    let memberships: Vec<Membership> = rows.iter().map(membership).collect::<Result<_>>()?;
    let (ordered, left) = by_grantor(memberships);
    for membership in &left {
        source.warn(
            format!(
                "nobody gave {} the right to make {} a member of {}",
                membership.grantor.as_ref().map_or_else(String::new, ToString::to_string),
                membership.member,
                membership.role
            ),
            "restoring this membership may fail; grant it again",
        );
    }
    Ok(ordered.into_iter().chain(left).map(draft).collect())
}

fn membership(row: &Row) -> Result<Membership> {
    let (role, member, admin) = (row.text("role")?, row.text("member")?, row.boolean("admin_option")?);
    let grantor = row.maybe("grantor")?;
    let mut options = Vec::new();
    if admin {
        options.push("ADMIN OPTION");
    }
    // Unknown up to 15: there the member's own INHERIT decides, and it still does on newer servers.
    if let Some(inherit) = row.maybe("inherit_option")? {
        options.push(if inherit == "t" { "INHERIT TRUE" } else { "INHERIT FALSE" });
    }
    if row.maybe("set_option")?.is_some_and(|set| set == "f") {
        options.push("SET FALSE");
    }
    let mut statement = text!["GRANT ", role.ident(), " TO ", member.ident()];
    if !options.is_empty() {
        statement.push(text![" WITH ", options.join(", ")]);
    }
    if let Some(grantor) = &grantor {
        statement.push(text![" GRANTED BY ", grantor.ident()]);
    }
    Ok(Membership { role, member, admin, grantor, statement })
}

/// Each after the one that gives its grantor ADMIN OPTION; and those where there is none.
fn by_grantor(mut open: Vec<Membership>) -> (Vec<Membership>, Vec<Membership>) {
    let mut ordered = Vec::with_capacity(open.len());
    let mut admins: BTreeSet<(Text, Text)> = BTreeSet::new();
    loop {
        let ready = |m: &Membership| m.grantor.as_ref().is_none_or(|g| admins.contains(&(m.role.clone(), g.clone())));
        let (now, later): (Vec<_>, Vec<_>) = open.into_iter().partition(ready);
        if now.is_empty() {
            return (ordered, later);
        }
        admins.extend(now.iter().filter(|m| m.admin).map(|m| (m.role.clone(), m.member.clone())));
        ordered.extend(now);
        open = later;
    }
}

fn draft(membership: Membership) -> Draft {
    let Membership { role, member, grantor, statement, .. } = membership;
    let name = Name::plain(text![member, " in ", role]);
    let mut draft = Draft::new(class::AUTH_MEMBERS, 0, Kind::Membership, name, Text::new());
    draft.creates(statement);
    let by = grantor.as_ref().map_or_else(Text::new, |grantor| text![" GRANTED BY ", grantor.ident()]);
    draft.drop = vec![text!["REVOKE ", role.ident(), " FROM ", member.ident(), by]];
    draft.roles = [Some(role), Some(member), grantor].into_iter().flatten().collect();
    draft
}
