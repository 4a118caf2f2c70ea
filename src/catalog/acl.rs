//! Access privileges: what has to be granted and revoked so that a new object has those of the source.
//!
//! Pure. An item of a privilege list reads `grantee=letters/grantor`, with `*` after a letter for the grant option and
//! an empty grantee for PUBLIC (`aclitemin` of the server).

use std::collections::BTreeSet;

use crate::object::Grant;
use crate::text;
use crate::text::Text;

/// What privileges are on.
pub(crate) struct Target {
    /// As GRANT names it after ON.
    pub(crate) on: Text,
    /// Whether that is a table or what is granted on like one.
    pub(crate) of_table: bool,
    /// The column, if they are on one.
    pub(crate) column: Option<Text>,
    /// Goes before GRANT and REVOKE: `ALTER DEFAULT PRIVILEGES .. `.
    pub(crate) prefix: Text,
    /// Role whose grants need nothing special; grants of another role are made in its name.
    pub(crate) owner: Text,
}

/// Statements and the roles that they name.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    pub(crate) statements: Vec<Grant>,
    pub(crate) roles: BTreeSet<Text>,
}

/// What turns the privileges `base` of a new object into `actual`.
///
/// Items are compared whole. Where one is gone everything is revoked from its grantee, but for tables: their owners had
/// no need of a privilege that only newer servers have (MAINTAIN). Grants name privileges one by one, so that newer ones
/// are not given by accident. The order of grants is kept: later ones may rest on earlier ones.
pub(crate) fn difference(base: &[Text], actual: &[Text], target: &Target) -> Grants {
    let mut grants = Grants::default();
    for item in base.iter().filter(|item| !actual.contains(item)).filter_map(Item::parse) {
        let column = target.column.as_ref();
        let all = text!["ALL", column.map_or_else(Text::new, |column| text![" (", column.ident(), ")"])];
        let named = (target.of_table && column.is_none())
            .then(|| item.privileges(|_| true, None))
            .filter(|named| !named.is_empty());
        let gone = named.unwrap_or(all);
        grants.add(&item, target, text!["REVOKE ", gone, " ON ", target.on, " FROM ", item.to()]);
    }
    for item in actual.iter().filter(|item| !base.contains(item)).filter_map(Item::parse) {
        for (with_option, suffix) in [(false, ""), (true, " WITH GRANT OPTION")] {
            let privileges = item.privileges(|option| option == with_option, target.column.as_ref());
            if !privileges.is_empty() {
                grants.add(&item, target, text!["GRANT ", privileges, " ON ", target.on, " TO ", item.to(), suffix]);
            }
        }
    }
    grants
}

impl Grants {
    fn add(&mut self, item: &Item, target: &Target, statement: Text) {
        let statement = text![target.prefix, statement];
        if !item.grantee.is_empty() {
            self.roles.insert(item.grantee.clone());
        }
        let by = (item.grantor != target.owner).then(|| item.grantor.clone());
        self.roles.extend(by.clone());
        self.statements.push(Grant { by, statement });
    }
}

/// The role that grants by default: the grantor of the first item, which is the owner in `acldefault`.
pub(crate) fn grantor(items: &[Text]) -> Option<Text> {
    items.first().and_then(Item::parse).map(|item| item.grantor)
}

#[derive(Debug, PartialEq, Eq)]
struct Item {
    /// Empty: PUBLIC.
    grantee: Text,
    /// Letters, each with whether it carries the grant option.
    letters: Vec<(u8, bool)>,
    grantor: Text,
}

impl Item {
    fn parse(item: &Text) -> Option<Self> {
        let (grantee, rest) = name(item.as_bytes());
        let [b'=', rest @ ..] = rest else { return None };
        let slash = rest.iter().position(|&byte| byte == b'/')?;
        let mut letters = Vec::new();
        for &byte in &rest[..slash] {
            match (byte, letters.last_mut()) {
                (b'*', Some((_, option))) => *option = true,
                _ => letters.push((byte, false)),
            }
        }
        let (grantor, _) = name(&rest[slash + 1..]);
        Some(Self { grantee, letters, grantor })
    }

    fn to(&self) -> Text {
        if self.grantee.is_empty() { "PUBLIC".into() } else { self.grantee.ident() }
    }

    fn privileges(&self, wanted: impl Fn(bool) -> bool, column: Option<&Text>) -> Text {
        let column = column.map_or_else(Text::new, |column| text![" (", column.ident(), ")"]);
        let chosen = self.letters.iter().filter(|(_, option)| wanted(*option));
        Text::join(chosen.filter_map(|(letter, _)| privilege(*letter)).map(|word| text![word, column]), ", ")
    }
}

/// A role name, in double quotes where it has unusual letters, and what follows it.
fn name(bytes: &[u8]) -> (Text, &[u8]) {
    let mut name = Vec::new();
    let mut quoted = false;
    let mut rest = bytes;
    while let [byte, more @ ..] = rest {
        match (byte, more) {
            (b'"', [b'"', after @ ..]) if quoted => {
                name.push(b'"');
                rest = after;
                continue;
            }
            (b'"', _) => quoted = !quoted,
            (b'=', _) if !quoted => break,
            _ => name.push(*byte),
        }
        rest = more;
    }
    (name.into(), rest)
}

/// Letters of `src/include/utils/acl.h`.
fn privilege(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'r' => "SELECT",
        b'a' => "INSERT",
        b'w' => "UPDATE",
        b'd' => "DELETE",
        b'D' => "TRUNCATE",
        b'x' => "REFERENCES",
        b't' => "TRIGGER",
        b'm' => "MAINTAIN",
        b'X' => "EXECUTE",
        b'U' => "USAGE",
        b'C' => "CREATE",
        b'c' => "CONNECT",
        b'T' => "TEMPORARY",
        b's' => "SET",
        b'A' => "ALTER SYSTEM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(base: &[&str], actual: &[&str], column: Option<&str>) -> Vec<String> {
        let texts = |items: &[&str]| items.iter().map(|item| Text::from(*item)).collect::<Vec<_>>();
        let target = Target {
            on: "TABLE \"t\"".into(),
            of_table: true,
            column: column.map(Text::from),
            prefix: Text::new(),
            owner: "o".into(),
        };
        let grants = difference(&texts(base), &texts(actual), &target);
        grants.statements.iter().map(|grant| grant.sql().to_string()).collect()
    }

    #[test]
    fn what_is_gone_is_revoked_and_what_is_new_granted_in_order() {
        assert_eq!(
            statements(&["o=arw/o", "=r/o"], &["o=ar/o", "b=r*a/o", "=r/o", "\"c \"\"d\"\"\"=r/o"], None),
            [
                "REVOKE INSERT, SELECT, UPDATE ON TABLE \"t\" FROM \"o\"",
                "GRANT INSERT, SELECT ON TABLE \"t\" TO \"o\"",
                "GRANT INSERT ON TABLE \"t\" TO \"b\"",
                "GRANT SELECT ON TABLE \"t\" TO \"b\" WITH GRANT OPTION",
                "GRANT SELECT ON TABLE \"t\" TO \"c \"\"d\"\"\"",
            ]
        );
        assert_eq!(statements(&["o=r/o"], &["o=r/o"], None), Vec::<String>::new());
        assert_eq!(statements(&["=r/o"], &[], None), ["REVOKE SELECT ON TABLE \"t\" FROM PUBLIC"]);
    }

    #[test]
    fn columns_and_grants_of_other_roles() {
        assert_eq!(statements(&[], &["b=r/o"], Some("c")), ["GRANT SELECT (\"c\") ON TABLE \"t\" TO \"b\""]);
        let named = statements(&[], &["c=r/\"it's\""], None);
        assert_eq!(named.len(), 1);
        assert!(named[0].contains("SET LOCAL ROLE \"it''s\"; GRANT SELECT ON TABLE \"t\" TO \"c\";"), "{named:?}");
    }

    #[test]
    fn items_with_every_quoting() {
        let item = Item::parse(&Text::from("\"a=b/c\"\"\"=r*w/\"d e\"")).expect("an item");
        assert_eq!((item.grantee, item.grantor), ("a=b/c\"".into(), "d e".into()));
        assert_eq!(item.letters, [(b'r', true), (b'w', false)]);
        assert_eq!(Item::parse(&Text::from("nonsense")), None);
        assert_eq!(grantor(&["=r/x".into()]), Some("x".into()));
    }
}
