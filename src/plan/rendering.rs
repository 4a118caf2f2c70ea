//! The statements that a restore runs for an object, by what was asked to be left out.

use std::collections::BTreeMap;

use crate::object::{Grant, Kind, Object, Pass};
use crate::plan::Omit;
use crate::text;
use crate::text::Text;

/// What to leave out of the definitions or to write differently.
#[derive(Clone, Debug, Default)]
pub struct Rendering {
    /// What to leave out.
    pub omit: Omit,
    /// Owners to replace by other roles.
    pub owners: BTreeMap<Text, Text>,
}

impl Rendering {
    /// What is left out, in words.
    pub(crate) fn without(&self) -> Vec<&'static str> {
        let all = [
            (self.omit.owners, "owners"),
            (self.omit.grants, "grants"),
            (self.omit.comments, "comments"),
            (self.omit.labels, "security labels"),
            (self.omit.tablespaces, "tablespaces"),
            (self.omit.access_methods, "table access methods"),
            (self.omit.compression, "compression of columns"),
        ];
        all.into_iter().filter(|(left_out, _)| *left_out).map(|(_, what)| what).collect()
    }

    /// Statements of the main pass: definition, owner, comments, labels.
    #[must_use]
    pub fn create(&self, object: &Object) -> Vec<Text> {
        self.create_with("SET LOCAL ", object)
    }

    /// The same for a script, in which nothing begins a transaction.
    #[must_use]
    pub(crate) fn create_in_script(&self, object: &Object) -> Vec<Text> {
        self.create_with("SET ", object)
    }

    fn create_with(&self, set: &str, object: &Object) -> Vec<Text> {
        let mut all = self.surroundings(set, object);
        all.extend(object.create.iter().cloned());
        if !self.omit.access_methods {
            all.extend(object.partition_method.iter().cloned());
        }
        if !self.omit.compression {
            all.extend(object.compression.iter().cloned());
        }
        all.extend(self.owner(object));
        all.extend(object.finish.iter().cloned());
        if !self.omit.comments {
            all.extend(object.comments.iter().cloned());
        }
        if !self.omit.labels {
            all.extend(object.labels.iter().cloned());
        }
        all
    }

    /// Statements of the pass for grants.
    #[must_use]
    pub fn grants(&self, object: &Object) -> Vec<Text> {
        if self.omit.grants { Vec::new() } else { object.grants.iter().map(Grant::sql).collect() }
    }

    /// The role that will own an object.
    #[must_use]
    pub fn owner_of<'a>(&'a self, object: &'a Object) -> Option<&'a Text> {
        let owner = object.owner.as_ref().filter(|_| !self.omit.owners)?;
        Some(self.owners.get(owner).unwrap_or(owner))
    }

    /// Roles that must exist for what is run of an object.
    pub(crate) fn roles<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = &'a Text> {
        let grantees = object.grantees.iter().filter(|_| !self.omit.grants);
        self.owner_of(object).into_iter().chain(&object.roles).chain(grantees)
    }

    fn owner(&self, object: &Object) -> Option<Text> {
        self.owner_of(object).and_then(|role| object.give_to(role))
    }

    /// Settings while it is created, always set, so that one object's tablespace never leaks into the next.
    fn surroundings(&self, set: &str, object: &Object) -> Vec<Text> {
        let mut all = Vec::new();
        if let Some(tablespace) = object.tablespace.as_ref().filter(|_| !self.omit.tablespaces) {
            all.push(text![set, "default_tablespace = ", tablespace.literal()]);
        }
        if let Some(method) = object.access_method.as_ref().filter(|_| !self.omit.access_methods) {
            all.push(text![set, "default_table_access_method = ", method.literal()]);
        }
        all
    }
}

/// Whether the object is created with statements of its own, and not only changed or filled.
#[must_use]
pub(crate) fn is_created(object: &Object) -> bool {
    !object.create.is_empty() && object.kind != Kind::Database
}

/// Whether an object takes part in the pass for grants.
pub(crate) fn granted(object: &Object, rendering: &Rendering) -> bool {
    !rendering.omit.grants && (object.kind.pass() == Pass::Grants || !object.grants.is_empty())
}
