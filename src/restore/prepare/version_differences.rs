//! What a definition of an older server has to say on a newer one so that it means the same.

use crate::object::{Kind, Object};
use crate::text;
use crate::text::Text;

/// Options of subscriptions whose default on newer servers is not what older ones did: the first version that has the
/// option, by `server_version_num`, and what it was before.
const SUBSCRIPTION_OPTIONS: [(u32, &str); 2] = [(140_000, "streaming = off"), (160_000, "run_as_owner = true")];

/// Adapts all objects of a snapshot. Versions are `server_version_num`.
pub(crate) fn adapt(objects: &mut [Object], source: u32, target: u32) {
    let created = |object: &&mut Object| object.kind == Kind::Subscription && !object.create.is_empty();
    for object in objects.iter_mut().filter(created) {
        let new = SUBSCRIPTION_OPTIONS.iter().filter(|(since, _)| source < *since && *since <= target);
        let options = Text::join(new.map(|(_, option)| option), ", ");
        if !options.is_empty() {
            let set = text!["ALTER SUBSCRIPTION ", object.name.name.ident(), " SET (", options, ")"];
            object.create.insert(1, set);
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
        let set = |source, target| {
            let mut objects = [subscription()];
            adapt(&mut objects, source, target);
            objects[0].create.get(1).map(|statement| statement.to_string())
        };
        let said = |options: &str| Some(format!("ALTER SUBSCRIPTION \"s\" SET ({options})"));
        assert_eq!(set(130_023, 130_023), None);
        assert_eq!(set(130_023, 150_001), said("streaming = off"));
        assert_eq!(set(130_023, 180_004), said("streaming = off, run_as_owner = true"));
        assert_eq!(set(150_001, 180_004), said("run_as_owner = true"));
        assert_eq!(set(160_000, 180_004), None);
    }
}
