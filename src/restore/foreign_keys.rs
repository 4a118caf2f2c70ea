//! Foreign keys in two steps: added without a look at the rows, which takes strong locks for a moment, then checked under
//! weak locks beside other work. Afterwards the catalog is as if they had been added in one.

use memchr::memmem;

use crate::object::{Kind, Object};
use crate::text;
use crate::text::Text;

/// The two statements of a foreign key.
pub(crate) struct Steps {
    pub(crate) add: Text,
    pub(crate) validate: Text,
}

/// Whether a foreign key can be made in two steps: it is between plain tables. A partitioned table on either side refuses
/// NOT VALID, or keeps it in the copies for partitions. `objects` are all of the snapshot.
pub(crate) fn in_two_steps(object: &Object, objects: &[Object]) -> bool {
    let mut needs = object.needs.iter().filter_map(|id| objects.get(id.0 as usize));
    object.kind == Kind::ForeignKey && !needs.any(is_partitioned) && steps(object).is_some()
}

/// The steps, where its statement has the form for it.
pub(crate) fn steps(object: &Object) -> Option<Steps> {
    let [statement] = object.create.as_slice() else { return None };
    let bytes = statement.as_bytes();
    let says = |what: &[u8]| memmem::find(bytes, what).is_some();
    if !bytes.starts_with(b"ALTER TABLE ONLY ") || says(b"NOT VALID") || says(b"NOT ENFORCED") {
        return None;
    }
    let constraint = text!["ADD CONSTRAINT ", object.name.name.ident()];
    let table = &bytes[..memmem::find(bytes, constraint.as_bytes())?];
    let validate = text![table, "VALIDATE CONSTRAINT ", object.name.name.ident()];
    Some(Steps { add: text![statement, " NOT VALID"], validate })
}

fn is_partitioned(object: &Object) -> bool {
    let by = |statement: &Text| memmem::find(statement.as_bytes(), b"PARTITION BY").is_some();
    object.kind == Kind::Table && object.create.iter().any(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(statement: &str) -> Object {
        let name = serde_json::json!({"schema": "s", "table": "a", "name": "k"});
        let object = serde_json::json!({"id": 0, "kind": "foreign_key", "section": "post-data", "name": name, "oid": 1,
            "create": [statement]});
        serde_json::from_value(object).expect("a foreign key as manifests have it")
    }

    #[test]
    fn a_plain_key_is_added_and_then_checked() {
        let steps = steps(&key(r#"ALTER TABLE ONLY "s"."a" ADD CONSTRAINT "k" FOREIGN KEY ("x") REFERENCES "s"."b""#));
        let steps = steps.expect("a plain key");
        assert_eq!(steps.validate.lossy(), r#"ALTER TABLE ONLY "s"."a" VALIDATE CONSTRAINT "k""#);
        assert!(steps.add.lossy().ends_with(r#"REFERENCES "s"."b" NOT VALID"#));
    }

    #[test]
    fn other_keys_are_added_as_they_are() {
        for statement in [
            r#"ALTER TABLE "s"."a" ADD CONSTRAINT "k" FOREIGN KEY ("x") REFERENCES "s"."b""#,
            r#"ALTER TABLE ONLY "s"."a" ADD CONSTRAINT "k" FOREIGN KEY ("x") REFERENCES "s"."b" NOT VALID"#,
            r#"ALTER TABLE ONLY "s"."a" ADD CONSTRAINT "k" FOREIGN KEY ("x") REFERENCES "s"."b" NOT ENFORCED"#,
        ] {
            assert!(steps(&key(statement)).is_none(), "{statement}");
        }
    }
}
