//! The currency for schema: objects with the statements that create them, and the tables whose rows are kept.
//!
//! Owns the types that catalog makes, the repository stores and restore runs. Statements are made at dump time and
//! stored, so that restore and verify need no catalog code. All types here are persisted in the contents stream of a
//! manifest: add optional fields only, and write them into `repository/FORMAT.md`. Never reads a catalog, never learns
//! a fact from the text of a statement, and knows no version of a server.

mod facts;
mod grant;
mod kind;
mod name;
mod table;
mod table_lock;

use serde::{Deserialize, Serialize};

use crate::text;
use crate::text::Text;
use crate::text::lex::{TokenKind, tokens};

pub use facts::{Facts, Space, Without};
pub use grant::Grant;
pub use kind::{Kind, Pass, Section};
pub use name::Name;
pub use table::{Column, Table};
pub use table_lock::TableLock;

/// Position of an object in its snapshot: dense, from 0, in the order of creation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ObjectId(pub u32);

/// One thing in the catalog that has to be created, with everything that belongs to it. Persisted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Object {
    /// Position in the snapshot.
    pub id: ObjectId,
    /// What it is.
    pub kind: Kind,
    /// When it is created: [`Kind::section`], or where a dependency loop moved it.
    pub section: Section,
    /// What it is called.
    pub name: Name,
    /// Its oid on the source; 0 for what has none.
    pub oid: u32,
    /// Objects that must exist before it, by id; they all have smaller ids.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub needs: Vec<ObjectId>,
    /// What it needs and the snapshot does not have: the dump was asked for a selection without it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lacks: Vec<Lack>,
    /// The relation, domain or publication that this object is a piece of: it goes where that goes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub part_of: Option<ObjectId>,
    /// Tables that it names in its INHERITS list.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub inherits: Vec<ObjectId>,
    /// Of an extension that has members in the schema that it was installed in: this schema.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub installed_in: Option<Text>,
    /// How SQL names it after ALTER, COMMENT ON and DROP: `TABLE "ord"."order"`. Empty where no statement does.
    #[serde(skip_serializing_if = "Text::is_empty", default)]
    pub identity: Text,
    /// Statements that create it, without final semicolons, run in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub create: Vec<Text>,
    /// Statements that remove it, without IF EXISTS, for kinds whose removal is not `DROP` and the identity.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub drop: Vec<Text>,
    /// Role that owns it, where owners are settable: `ALTER <identity> OWNER TO <role>`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<Text>,
    /// Statements that run after the owner is set.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub finish: Vec<Text>,
    /// `default_tablespace` while it is created; empty means the database's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tablespace: Option<Text>,
    /// `default_table_access_method` while it is created.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub access_method: Option<Text>,
    /// Statements that choose the access method where no setting does: of a partitioned table, run after `create`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub partition_method: Vec<Text>,
    /// Whether servers let only a superuser create it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub superuser: bool,
    /// Whether it comes with an extension, its position too, and only its grants are kept.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub grants_only: bool,
    /// Statements that choose how values of its columns are compressed, run after `create`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub compression: Vec<Text>,
    /// COMMENT statements of it and its columns.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub comments: Vec<Text>,
    /// SECURITY LABEL statements of it and its columns.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub labels: Vec<Text>,
    /// What is revoked and granted on it and its columns, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub grants: Vec<Grant>,
    /// Roles that its statements name, beside owner and grants: of policies, user mappings, default privileges.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub roles: Vec<Text>,
    /// Roles that its grants name.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub grantees: Vec<Text>,
    /// Collations of the system that its definition names, where the server keeps a record of it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub collations: Vec<Text>,
    /// Names of the settings that its statements make for others: those of the database.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub settings: Vec<Text>,
    /// Ways to compress that its columns ask for and that not every server has.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub compressed_by: Vec<Text>,
    /// Whether it is a partitioned table.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub partitioned: bool,
    /// Whether it and what it needs need each other, so that it is removed with CASCADE: a type with functions of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub cascades: bool,
    /// What is known of a foreign key. Not in snapshots of early writers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<Key>,
    /// The rows it has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub table: Option<Table>,
}

/// How a foreign key holds. Persisted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Key {
    /// Whether all rows were checked.
    pub valid: bool,
    /// Whether rows are checked at all.
    pub enforced: bool,
}

impl Object {
    /// All SQL that defines or removes it; what people wrote about it apart.
    pub fn definition_mut(&mut self) -> impl Iterator<Item = &mut Text> {
        let Self { create, partition_method, compression, finish, drop, grants, .. } = self;
        let grants = grants.iter_mut().map(|grant| &mut grant.statement);
        [create, partition_method, compression, finish, drop].into_iter().flatten().chain(grants)
    }

    /// Whether it is a table of an extension of which only rows are kept.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        let has_condition = self.table.as_ref().is_some_and(|table| table.condition.is_some());
        self.kind == Kind::Table && self.create.is_empty() && has_condition
    }

    /// Statements that hold what people wrote about it.
    pub fn remarks_mut(&mut self) -> impl Iterator<Item = &mut Text> {
        self.comments.iter_mut().chain(&mut self.labels)
    }

    /// Numbers of the large objects that it is, with commas between them.
    #[must_use]
    pub fn large_objects(&self) -> Text {
        let all = tokens(self.identity.as_bytes());
        let numbers = all.iter().filter(|token| token.kind == TokenKind::Number && self.kind == Kind::LargeObjects);
        Text::join(numbers.map(|token| token.bytes), ",")
    }

    /// The statement that gives it to a role, where one can be said: members of a group of large objects are given one
    /// by one.
    #[must_use]
    pub fn give_to(&self, role: &Text) -> Option<Text> {
        if self.identity.is_empty() {
            return None;
        }
        let oids = self.large_objects();
        if !oids.as_bytes().contains(&b',') {
            return Some(text!["ALTER ", self.identity, " OWNER TO ", role.ident()]);
        }
        let to_role = text![" OWNER TO ", role.ident()];
        let body = text![
            "DECLARE oid pg_catalog.oid; BEGIN FOREACH oid IN ARRAY '{",
            oids,
            "}'::pg_catalog.oid[] LOOP EXECUTE 'ALTER LARGE OBJECT ' || oid || ",
            to_role.literal(),
            "; END LOOP; END"
        ];
        Some(text!["DO ", body.literal()])
    }
}

/// Something that an object needs and that is not in the snapshot. Persisted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lack {
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub name: Name,
    /// Where a table needs a table: whether it inherits from it, or only uses its row type. Unknown in old snapshots.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inherited: Option<bool>,
    /// As [`Object::installed_in`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub installed_in: Option<Text>,
}
