//! The SQLSTATE codes that the code asks for, by the names of PostgreSQL's manual (appendix A). No code stands as a bare
//! string elsewhere.

/// A class of codes: the first two characters of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Class(&'static str);

impl Class {
    /// True if the code is of this class.
    #[must_use]
    pub fn has(self, code: &str) -> bool {
        code.starts_with(self.0)
    }
}

/// Class 57: somebody ends the session, cancels the statement, or stops the server.
pub const OPERATOR_INTERVENTION: Class = Class("57");

/// `pg_hba.conf` turns away a role, a host, or a connection that is (not) encrypted.
pub const INVALID_AUTHORIZATION_SPECIFICATION: &str = "28000";
/// The password is wrong.
pub const INVALID_PASSWORD: &str = "28P01";
/// There is no such database.
pub const INVALID_CATALOG_NAME: &str = "3D000";
/// There is no such schema.
pub const INVALID_SCHEMA_NAME: &str = "3F000";
/// Transactions cannot be put into one order; also what a standby says where a query is in the way of recovery.
pub const SERIALIZATION_FAILURE: &str = "40001";
/// Two transactions wait for each other.
pub const DEADLOCK_DETECTED: &str = "40P01";
/// There is no such column.
pub const UNDEFINED_COLUMN: &str = "42703";
/// There is no such object of a kind without a code of its own.
pub const UNDEFINED_OBJECT: &str = "42704";
/// There is no such function.
pub const UNDEFINED_FUNCTION: &str = "42883";
/// There is no such table.
pub const UNDEFINED_TABLE: &str = "42P01";
/// All connections of the server are in use.
pub const TOO_MANY_CONNECTIONS: &str = "53300";
/// Somebody else holds the lock, and nobody wanted to wait for it.
pub const LOCK_NOT_AVAILABLE: &str = "55P03";
/// The server is still starting up or already shutting down.
pub const CANNOT_CONNECT_NOW: &str = "57P03";
/// As in "could not open relation with OID" and "cache lookup failed".
pub const INTERNAL_ERROR: &str = "XX000";
