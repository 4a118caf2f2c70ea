//! What kinds of objects there are, and when they are created. What else is known of a kind stands in its row of facts.

use serde::{Deserialize, Serialize};

use super::facts::Space;

/// What an object is. The order of the variants means nothing; see [`Kind::facts`] for the order of
/// creation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Role of the cluster.
    Role,
    /// Settings of a role, or of all roles, in every database.
    RoleSettings,
    /// Membership of a role in another one.
    Membership,
    /// Tablespace.
    Tablespace,
    /// Setting of the server with grants on it.
    Parameter,
    /// Properties of the database itself: CREATE DATABASE, its settings, its grants.
    Database,
    /// Schema.
    Schema,
    /// Procedural language.
    Language,
    /// Collation.
    Collation,
    /// Transform of a type for a language.
    Transform,
    /// Extension; its members come with it.
    Extension,
    /// Base, range, enum, composite or undefined type.
    Type,
    /// The empty first half of a base or range type, where its functions need it.
    ShellType,
    /// Domain.
    Domain,
    /// CHECK or NOT NULL of a domain.
    DomainConstraint,
    /// Cast.
    Cast,
    /// Function.
    Function,
    /// Procedure.
    Procedure,
    /// Aggregate.
    Aggregate,
    /// Access method.
    AccessMethod,
    /// Operator.
    Operator,
    /// Operator family.
    OperatorFamily,
    /// Operator class.
    OperatorClass,
    /// Conversion between encodings.
    Conversion,
    /// Text search parser.
    TextSearchParser,
    /// Text search template.
    TextSearchTemplate,
    /// Text search dictionary.
    TextSearchDictionary,
    /// Text search configuration.
    TextSearchConfiguration,
    /// Foreign data wrapper.
    ForeignDataWrapper,
    /// Foreign server.
    ForeignServer,
    /// User mapping of a foreign server.
    UserMapping,
    /// Table or partitioned table.
    Table,
    /// Foreign table.
    ForeignTable,
    /// View.
    View,
    /// Materialized view.
    MaterializedView,
    /// Sequence, identity columns' included.
    Sequence,
    /// Attachment of a partition to its parent.
    TableAttach,
    /// Default of a column.
    Default,
    /// CHECK or NOT NULL of a table.
    Check,
    /// Type that the server makes by itself (row type, array, multirange): for the order only, never stored.
    DummyType,
    /// Large objects with the same owner and grants.
    LargeObjects,
    /// Primary key, unique or exclusion constraint.
    Constraint,
    /// Index.
    Index,
    /// Attachment of an index to the index of the parent table.
    IndexAttach,
    /// Extended statistics object.
    Statistics,
    /// Rewrite rule.
    Rule,
    /// Trigger.
    Trigger,
    /// Foreign key.
    ForeignKey,
    /// ENABLE ROW LEVEL SECURITY of a table.
    RowSecurity,
    /// Row security policy.
    Policy,
    /// Publication.
    Publication,
    /// Table in a publication.
    PublicationTable,
    /// Schema in a publication.
    PublicationSchema,
    /// Subscription.
    Subscription,
    /// Default privileges.
    DefaultPrivileges,
    /// Event trigger.
    EventTrigger,
    /// First filling of a materialized view.
    Refresh,
}

/// When an object is created relative to the rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// Everything that must exist before rows are loaded.
    PreData,
    /// Rows, sequence positions, large objects.
    Data,
    /// Indexes, keys, triggers and all that is faster or safer after the rows.
    PostData,
}

/// The three passes of a restore, orthogonal to sections: grants come after all objects exist, and event triggers and
/// refreshes after the grants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pass {
    /// Definitions, owners, comments, labels, rows.
    Main,
    /// Grants and default privileges.
    Grants,
    /// Event triggers and refreshes of materialized views.
    Last,
}

impl Kind {
    /// The section of this kind where no dependency loop moved the object.
    #[must_use]
    pub fn section(self) -> Section {
        self.facts().section
    }

    /// The pass in which objects of this kind are created.
    #[must_use]
    pub fn pass(self) -> Pass {
        self.facts().pass
    }

    /// As people say it: `foreign key`.
    #[must_use]
    pub fn noun(self) -> &'static str {
        self.facts().noun
    }

    /// Whether it is found by its name among relations.
    #[must_use]
    pub fn is_relation(self) -> bool {
        self.facts().space == Some(Space::Relation)
    }

    /// Whether it is called with arguments.
    #[must_use]
    pub fn is_routine(self) -> bool {
        self.facts().space == Some(Space::Routine)
    }
}
