//! What a family of objects knows of one object before the order is settled.
//!
//! A draft becomes an [`Object`](crate::object::Object) in `assemble.rs`: only the order decides which checks and
//! defaults stay inside their table, so statements are templates until then.

use crate::error::Result;
use crate::object::{Grant, Key, Kind, Name, Table};
use crate::pg::Row;
use crate::text::Text;

/// An object as `pg_depend` names it: the oid of the catalog it is a row of, and its own oid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Address {
    pub(crate) class: u32,
    pub(crate) oid: u32,
}

/// Oids of the catalogs, the same on every server since long before 13 (`src/include/catalog/*.h`).
pub(crate) mod class {
    pub(crate) const TYPE: u32 = 1247;
    pub(crate) const PROC: u32 = 1255;
    pub(crate) const CLASS: u32 = 1259;
    pub(crate) const TABLESPACE: u32 = 1213;
    pub(crate) const AUTHID: u32 = 1260;
    pub(crate) const AUTH_MEMBERS: u32 = 1261;
    pub(crate) const DATABASE: u32 = 1262;
    pub(crate) const FDW: u32 = 2328;
    pub(crate) const SERVER: u32 = 1417;
    pub(crate) const USER_MAPPING: u32 = 1418;
    pub(crate) const AM: u32 = 2601;
    pub(crate) const ATTRDEF: u32 = 2604;
    pub(crate) const CAST: u32 = 2605;
    pub(crate) const CONSTRAINT: u32 = 2606;
    pub(crate) const CONVERSION: u32 = 2607;
    pub(crate) const LANGUAGE: u32 = 2612;
    pub(crate) const LARGE_OBJECT: u32 = 2613;
    pub(crate) const NAMESPACE: u32 = 2615;
    pub(crate) const OPCLASS: u32 = 2616;
    pub(crate) const OPERATOR: u32 = 2617;
    pub(crate) const OPFAMILY: u32 = 2753;
    pub(crate) const REWRITE: u32 = 2618;
    pub(crate) const TRIGGER: u32 = 2620;
    pub(crate) const EXTENSION: u32 = 3079;
    pub(crate) const POLICY: u32 = 3256;
    pub(crate) const STATISTIC_EXT: u32 = 3381;
    pub(crate) const COLLATION: u32 = 3456;
    pub(crate) const EVENT_TRIGGER: u32 = 3466;
    pub(crate) const TRANSFORM: u32 = 3576;
    pub(crate) const TS_DICT: u32 = 3600;
    pub(crate) const TS_PARSER: u32 = 3601;
    pub(crate) const TS_CONFIG: u32 = 3602;
    pub(crate) const TS_TEMPLATE: u32 = 3764;
    pub(crate) const DEFAULT_ACL: u32 = 826;
    pub(crate) const PARAMETER_ACL: u32 = 6243;
    /// `pg_db_role_setting` has no oids: settings are addressed by the oid of the role.
    pub(crate) const DB_ROLE_SETTING: u32 = 2964;
    pub(crate) const SUBSCRIPTION: u32 = 6100;
    pub(crate) const PUBLICATION: u32 = 6104;
    pub(crate) const PUBLICATION_REL: u32 = 6106;
    pub(crate) const PUBLICATION_NAMESPACE: u32 = 6237;
    /// `pg_inherits` has no oids: an attachment is addressed by the oid of the child.
    pub(crate) const INHERITS: u32 = 2611;
    /// Not catalogs: things that only a dump knows, addressed by the oid of the relation or type they belong to.
    pub(crate) const SHELL_TYPE: u32 = 1;
    pub(crate) const ROW_SECURITY: u32 = 2;
    pub(crate) const REFRESH: u32 = 3;
    /// A foreign key that a partition had before its parent: `pg_depend` has it depend on that of the parent, which
    /// takes it over.
    pub(crate) const MERGED_KEY: u32 = 4;
}

/// A piece of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// As it is.
    Text(Text),
    /// Only while the draft at this address stays inside the statement: an inline check, a default.
    Inline(Address, Text),
    /// Items with `,\n    ` between them; an item that comes out empty vanishes with its comma.
    List(Vec<Vec<Piece>>),
}

impl<T: Into<Text>> From<T> for Piece {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// A statement without its final semicolon.
pub(crate) type Template = Vec<Piece>;

/// What the access privileges of an object are computed from (`grants.rs`).
#[derive(Clone, Debug)]
pub(crate) struct Acl {
    /// How GRANT names the object: `TABLE "s"."t"`, `FUNCTION "s"."f"(integer)`, `TYPE ..` also for domains.
    pub(crate) on: Text,
    /// Items of the catalog's column; `None` is NULL, the built-in default, and differs from no items.
    pub(crate) actual: Option<Vec<Text>>,
    /// `acldefault` of its owner, on the source.
    pub(crate) default: Vec<Text>,
}

impl Acl {
    /// From the columns `acl` and `acl_default` of a row.
    pub(crate) fn of(row: &Row, on: Text) -> Result<Self> {
        Ok(Self { on, actual: row.maybe_texts("acl")?, default: row.texts("acl_default")? })
    }
}

/// One object of the source, or a piece of one.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) address: Address,
    /// Other addresses that mean this object: the row type and array of a table, the index of a key.
    pub(crate) aliases: Vec<Address>,
    pub(crate) kind: Kind,
    pub(crate) name: Name,
    /// Sort keys after schema and name (pg-objects 9.1: tie-breakers).
    pub(crate) tie: Vec<Text>,
    /// The relation, type or view that this is a piece of.
    pub(crate) part_of: Option<Address>,
    /// Created by a statement of `part_of` (or not at all: a shell type, a view's `_RETURN` rule) unless a dependency
    /// loop forces it out; `create` is what it takes then.
    pub(crate) inline: bool,
    /// What must exist before it, beyond `pg_depend`.
    pub(crate) needs: Vec<Address>,
    /// Tables that it names in its INHERITS list.
    pub(crate) inherits: Vec<Address>,
    /// Of an extension with members in the schema that it was installed in.
    pub(crate) installed_in: Option<Text>,
    /// How SQL names it after ALTER, COMMENT ON and DROP.
    pub(crate) identity: Text,
    /// Number and name of columns that may have comments, labels and grants.
    pub(crate) columns: Vec<(i16, Text)>,
    pub(crate) create: Vec<Template>,
    /// Statements that create a view with the right columns but without its query, where a loop needs that.
    pub(crate) dummy: Vec<Text>,
    pub(crate) drop: Vec<Text>,
    pub(crate) owner: Option<Text>,
    pub(crate) finish: Vec<Text>,
    pub(crate) tablespace: Option<Text>,
    pub(crate) access_method: Option<Text>,
    /// Statements that choose the access method where no setting does.
    pub(crate) partition_method: Vec<Text>,
    /// Whether servers let only a superuser create it.
    pub(crate) superuser: bool,
    pub(crate) compression: Vec<Text>,
    pub(crate) acl: Option<Acl>,
    /// Filled by `comments.rs`, `labels.rs`, `grants.rs`.
    pub(crate) comments: Vec<Text>,
    pub(crate) labels: Vec<Text>,
    pub(crate) grants: Vec<Grant>,
    /// Roles that statements name, beside the owner and those of grants.
    pub(crate) roles: Vec<Text>,
    /// Roles that grants name.
    pub(crate) grantees: Vec<Text>,
    /// Collations of the system that the definition names; filled by `assemble.rs`.
    pub(crate) collations: Vec<Text>,
    /// Names of settings that statements make for the database.
    pub(crate) settings: Vec<Text>,
    pub(crate) compressed_by: Vec<Text>,
    pub(crate) partitioned: bool,
    pub(crate) cascades: bool,
    pub(crate) key: Option<Key>,
    pub(crate) table: Option<Table>,
    /// A sequence whose position is kept although an extension brings it, or a schema that one brings.
    pub(crate) configuration: bool,
}

impl Draft {
    /// A draft with nothing but its names; families fill in the rest.
    pub(crate) fn new(class: u32, oid: u32, kind: Kind, name: Name, identity: Text) -> Self {
        Self {
            address: Address { class, oid },
            aliases: Vec::new(),
            kind,
            name,
            tie: Vec::new(),
            part_of: None,
            inline: false,
            needs: Vec::new(),
            inherits: Vec::new(),
            installed_in: None,
            identity,
            columns: Vec::new(),
            create: Vec::new(),
            dummy: Vec::new(),
            drop: Vec::new(),
            owner: None,
            finish: Vec::new(),
            tablespace: None,
            access_method: None,
            partition_method: Vec::new(),
            superuser: takes_superuser(kind),
            compression: Vec::new(),
            acl: None,
            comments: Vec::new(),
            labels: Vec::new(),
            grants: Vec::new(),
            roles: Vec::new(),
            grantees: Vec::new(),
            collations: Vec::new(),
            settings: Vec::new(),
            compressed_by: Vec::new(),
            partitioned: false,
            cascades: false,
            key: None,
            table: None,
            configuration: false,
        }
    }

    /// Adds a statement that depends on nothing else.
    pub(crate) fn creates(&mut self, statement: Text) {
        self.create.push(vec![Piece::Text(statement)]);
    }
}

/// Kinds that only a superuser may create, whatever they say.
fn takes_superuser(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Language
            | Kind::ShellType
            | Kind::OperatorFamily
            | Kind::OperatorClass
            | Kind::AccessMethod
            | Kind::TextSearchParser
            | Kind::TextSearchTemplate
            | Kind::ForeignDataWrapper
            | Kind::PublicationSchema
            | Kind::EventTrigger
    )
}
