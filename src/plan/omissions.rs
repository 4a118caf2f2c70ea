//! What to leave out of definitions: a dump never stores it, a restore never runs it.

use crate::object::{Kind, Object};
use crate::text;

/// What to leave out. The default leaves out nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Omissions {
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

impl Omissions {
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
            let clause = text![" TABLESPACE ", tablespace.ident()];
            for statement in object.create.iter_mut().filter(|_| object.kind == Kind::Database) {
                if let Some(rest) = statement.as_bytes().strip_suffix(clause.as_bytes()) {
                    *statement = rest.into();
                }
            }
        }
        if self.access_methods {
            object.access_method = None;
        }
        if self.compression {
            object.compression.clear();
        }
    }
}
