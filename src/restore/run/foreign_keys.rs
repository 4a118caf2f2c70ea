//! Foreign keys in two steps: added without a look at the rows, which takes strong locks for a moment, then checked under
//! weak locks beside other work. Afterwards the catalog is as if they had been added in one.

use crate::object::{Key, Kind, Name, Object};
use crate::text;
use crate::text::Text;

/// The two statements of a foreign key.
pub(crate) struct Steps {
    pub(crate) add: Text,
    pub(crate) validate: Text,
}

/// Whether a foreign key can be made in two steps: it is checked, and between plain tables. A partitioned table on either
/// side refuses NOT VALID, or keeps it in the copies for partitions. `objects` are all of the snapshot.
pub(crate) fn in_two_steps(object: &Object, objects: &[Object]) -> bool {
    let mut needs = object.needs.iter().filter_map(|id| objects.get(id.0 as usize));
    object.kind == Kind::ForeignKey && !needs.any(|need| need.partitioned) && steps(object).is_some()
}

/// The steps, where it is known to be valid and enforced.
pub(crate) fn steps(object: &Object) -> Option<Steps> {
    let (Some(Key { valid: true, enforced: true }), [statement]) = (object.key, object.create.as_slice()) else {
        return None;
    };
    let Name { schema, table, name, .. } = &object.name;
    let table = Name::in_schema(schema.clone()?, table.clone()?).sql();
    let validate = text!["ALTER TABLE ONLY ", table, " VALIDATE CONSTRAINT ", name.ident()];
    Some(Steps { add: text![statement, " NOT VALID"], validate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &serde_json::Value) -> Object {
        let name = serde_json::json!({"schema": "s", "table": "a", "name": "k"});
        let statement = r#"ALTER TABLE ONLY "s"."a" ADD CONSTRAINT "k" FOREIGN KEY ("NOT VALID") REFERENCES "s"."b""#;
        let object = serde_json::json!({"id": 0, "kind": "foreign_key", "section": "post-data", "name": name, "oid": 1,
            "create": [statement], "key": key});
        serde_json::from_value(object).expect("a foreign key as manifests have it")
    }

    #[test]
    fn a_plain_key_is_added_and_then_checked() {
        let steps = steps(&key(&serde_json::json!({"valid": true, "enforced": true}))).expect("a plain key");
        assert_eq!(steps.validate.lossy(), r#"ALTER TABLE ONLY "s"."a" VALIDATE CONSTRAINT "k""#);
        assert!(steps.add.lossy().ends_with(r#"REFERENCES "s"."b" NOT VALID"#));
    }

    #[test]
    fn other_keys_are_added_as_they_are() {
        let json = |valid, enforced| serde_json::json!({"valid": valid, "enforced": enforced});
        for other in [json(false, true), json(true, false), serde_json::Value::Null] {
            assert!(steps(&key(&other)).is_none(), "{other}");
        }
    }
}
