//! What a definition of an older server has to say on a newer one so that it means the same.

use crate::object::{Kind, Object};
use crate::text;

/// Options of subscriptions whose default on newer servers is not what older ones did: the first version that has the
/// option, by `server_version_num`, and what it was before.
const SUBSCRIPTION_OPTIONS: [(u32, &[u8]); 2] = [(140_000, b", streaming = off"), (160_000, b", run_as_owner = true")];

/// Adapts all objects of a snapshot. Versions are `server_version_num`.
pub(crate) fn adapt(objects: &mut [Object], source: u32, target: u32) {
    for object in objects.iter_mut().filter(|object| object.kind == Kind::Subscription) {
        for statement in object.create.iter_mut().filter(|s| s.as_bytes().starts_with(b"CREATE SUBSCRIPTION ")) {
            for (since, option) in SUBSCRIPTION_OPTIONS {
                let Some(rest) = statement.as_bytes().strip_suffix(b")").filter(|_| source < since && since <= target)
                else {
                    continue;
                };
                *statement = text![rest, option, ")"];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_has_an_option_is_told() {
        let subscription = || -> Object {
            serde_json::from_value(serde_json::json!({"id": 0, "kind": "subscription", "section": "post-data", "oid": 1,
                "name": {"name": "s"}, "create": ["CREATE SUBSCRIPTION \"s\" CONNECTION 'x' PUBLICATION \"p\" WITH (connect = false)"]}))
            .expect("a subscription as manifests have it")
        };
        let ending = |source, target| {
            let mut objects = [subscription()];
            adapt(&mut objects, source, target);
            objects[0].create[0].lossy().rsplit_once("false").expect("the option").1.to_owned()
        };
        assert_eq!(ending(130_023, 130_023), ")");
        assert_eq!(ending(130_023, 150_001), ", streaming = off)");
        assert_eq!(ending(130_023, 180_004), ", streaming = off, run_as_owner = true)");
        assert_eq!(ending(150_001, 180_004), ", run_as_owner = true)");
        assert_eq!(ending(160_000, 180_004), ")");
    }
}
