//! Old names with their new ones: of schemas, or of relations.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::object::Object;
use crate::text::Text;

/// A relation by schema and name.
pub(crate) type Place = (Text, Text);

/// Old names with their new ones.
#[derive(Debug, Default)]
pub(crate) struct Renames {
    /// Of schemas.
    pub(crate) schemas: BTreeMap<Text, Text>,
    /// Of relations, and of what is named like one.
    pub(crate) relations: HashMap<Place, Place>,
    /// All schemas of the snapshot.
    pub(crate) known: HashSet<Text>,
}

impl Renames {
    /// Of schemas alone.
    pub(crate) fn of_schemas(objects: &[Object], schemas: &BTreeMap<Text, Text>) -> Self {
        Self { schemas: schemas.clone(), relations: HashMap::new(), known: known(objects) }
    }
}

/// All schemas of a snapshot.
pub(crate) fn known(objects: &[Object]) -> HashSet<Text> {
    objects.iter().filter_map(|object| object.name.schema.clone()).collect()
}
