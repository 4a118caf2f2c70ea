//! What was chosen for a restore, in the form in which its ledger keeps it: JSON with a version number, so that another
//! pgkeep knows whether it would run the same statements in the same batches.

use serde::{Deserialize, Serialize};

use crate::hash::StoredId;
use crate::plan::Omit;
use crate::text::Text;

/// Raised whenever the same choices lead to other statements or other batches than before.
const VERSION: u32 = 1;

/// The form in the ledger.
#[derive(Debug, Serialize, Deserialize)]
struct Form {
    version: u32,
    /// The pgkeep that wrote it.
    pgkeep: String,
    choices: serde_json::Value,
}

/// Everything that decides which statements run in which batch. What is not chosen is not written, so that a later
/// version with more to choose from writes the same where none of that is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choices {
    /// Hash of what is done with each object of the snapshot, as [`Choices::objects`] makes it.
    pub(crate) objects: String,
    /// Hash of the order of objects, as [`Choices::order`] makes it, where it is not that of the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<String>,
    /// What is left out of definitions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) omit: Vec<String>,
    /// Owners and the roles in their places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) owners: Vec<(Text, Text)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) create_database: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) clean: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) into_schema: Vec<(Text, Text)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) into_table: Vec<(Table, Table)>,
    /// What rows do to those that are there: `add`, `truncate` or `keep_existing`.
    pub(crate) fill: String,
}

/// A table as it was named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<Text>,
    pub(crate) name: Text,
}

impl Choices {
    /// BLAKE3 of one byte an object, in the order of the manifest: 1 where it is created, 2 where it gets rows, 3 for
    /// both.
    pub(crate) fn objects(keep: &[bool], data: &[bool]) -> String {
        let done = keep.iter().zip(data).map(|(keep, data)| u8::from(*keep) | u8::from(*data) << 1);
        StoredId::of(&done.collect::<Vec<u8>>()).to_string()
    }

    /// BLAKE3 of the positions of objects in the manifest, in decimal with a comma after each, in the order of creation.
    pub(crate) fn order(order: &[usize]) -> String {
        let positions: String = order.iter().map(|at| format!("{at},")).collect();
        StoredId::of(positions.as_bytes()).to_string()
    }

    /// As the ledger keeps it.
    pub(crate) fn stored(&self) -> Text {
        let choices = serde_json::to_value(self).unwrap_or_default();
        let form = Form { version: VERSION, pgkeep: env!("CARGO_PKG_VERSION").into(), choices };
        Text::from(serde_json::to_string(&form).unwrap_or_default())
    }

    /// From a ledger; of another form, the version of pgkeep that wrote it.
    pub(crate) fn read(stored: &Text) -> Result<Self, String> {
        let form: Form = serde_json::from_slice(stored.as_bytes()).map_err(|_| "of another form".to_owned())?;
        if form.version != VERSION {
            return Err(form.pgkeep);
        }
        serde_json::from_value(form.choices).map_err(|_| form.pgkeep)
    }
}

/// Names of what is left out; they are stored, and never change.
pub(crate) fn omitted(omit: Omit) -> Vec<String> {
    let Omit { owners, grants, comments, labels, tablespaces, access_methods, compression } = omit;
    let all = [
        (owners, "owners"),
        (grants, "grants"),
        (comments, "comments"),
        (labels, "labels"),
        (tablespaces, "tablespaces"),
        (access_methods, "access_methods"),
        (compression, "compression"),
    ];
    all.into_iter().filter(|(left_out, _)| *left_out).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Choices {
        let table = |name: &str| Table { schema: Some("s".into()), name: name.into() };
        Choices {
            objects: Choices::objects(&[true, false, true], &[false, true, true]),
            omit: omitted(Omit { owners: true, grants: true, ..Omit::default() }),
            role: Some(Text::from(&b"caf\xe9"[..])),
            into_table: vec![(table("a"), table("b"))],
            fill: "add".into(),
            ..Choices::default()
        }
    }

    /// A later version must read what this one wrote: the form is pinned.
    #[test]
    fn the_stored_form_stays() {
        let stored = some().stored().lossy().replace(env!("CARGO_PKG_VERSION"), "X");
        let objects = StoredId::of(&[1, 2, 3]).to_string();
        let into = r#"[[{"name":"a","schema":"s"},{"name":"b","schema":"s"}]]"#;
        let choices = format!(
            r#"{{"fill":"add","into_table":{into},"objects":"{objects}","omit":["owners","grants"],"role":{{"hex":"636166e9"}}}}"#
        );
        assert_eq!(stored, format!(r#"{{"version":1,"pgkeep":"X","choices":{choices}}}"#));
    }

    #[test]
    fn what_is_read_is_what_was_chosen() {
        assert_eq!(Choices::read(&some().stored()), Ok(some()));
        let plain = Choices { fill: "add".into(), ..Choices::default() };
        assert_eq!(Choices::read(&plain.stored()), Ok(plain));
    }

    #[test]
    fn another_form_says_who_wrote_it() {
        let later = r#"{"version":2,"pgkeep":"9.9.9","choices":{"anything":1}}"#;
        assert_eq!(Choices::read(&Text::from(later)), Err("9.9.9".into()));
        let more = r#"{"version":1,"pgkeep":"1.9.9","choices":{"objects":"","fill":"add","new":true}}"#;
        assert_eq!(Choices::read(&Text::from(more)), Err("1.9.9".into()));
        assert!(Choices::read(&Text::from("9f")).is_err());
    }
}
