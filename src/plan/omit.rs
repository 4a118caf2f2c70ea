//! What to leave out of definitions: a dump never stores it, a restore never runs it.

use crate::object::{Kind, Object};
use crate::text::Text;
use crate::text::lex::{joined, tokens};

/// What to leave out. The default leaves out nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Omit {
    /// `-O`: everything belongs to the role that restores.
    pub owners: bool,
    /// `-x`: grants and default privileges.
    pub grants: bool,
    /// `--no-comments`.
    pub comments: bool,
    /// `--no-security-labels`.
    pub labels: bool,
    /// `--no-tablespaces`: everything is created in the database's own.
    pub tablespaces: bool,
    /// `--no-table-access-method`: tables are created with the target's default.
    pub access_methods: bool,
    /// `--no-toast-compression`: columns are compressed by the target's default.
    pub compression: bool,
}

impl Omit {
    /// Takes from an object what is left out.
    pub fn trim(self, object: &mut Object) {
        if self.owners {
            object.owner = None;
        }
        if self.grants {
            object.grants.clear();
            object.grantees.clear();
        }
        if self.comments {
            object.comments.clear();
        }
        if self.labels {
            object.labels.clear();
        }
        if self.tablespaces
            && let Some(tablespace) = object.tablespace.take()
        {
            // Settings do not reach CREATE DATABASE, which names its tablespace last.
            for statement in object.create.iter_mut().filter(|_| object.kind == Kind::Database) {
                *statement = without_tablespace(statement, &tablespace);
            }
        }
        if self.access_methods {
            object.access_method = None;
            object.partition_method.clear();
        }
        if self.compression {
            object.compression.clear();
        }
    }
}

/// CREATE DATABASE without its last clause.
fn without_tablespace(statement: &Text, tablespace: &Text) -> Text {
    match tokens(statement.as_bytes()).as_slice() {
        [rest @ .., _, word, _, name] if word.is_word("TABLESPACE") && name.name().as_ref() == Some(tablespace) => {
            joined(rest)
        }
        _ => statement.clone(),
    }
}
