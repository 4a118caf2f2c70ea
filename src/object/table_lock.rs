//! The locks that PostgreSQL takes on tables, and which of them wait for each other.

/// A table lock of PostgreSQL, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TableLock {
    /// Reading.
    AccessShare,
    /// Checking foreign keys.
    RowShare,
    /// COPY into a table.
    RowExclusive,
    /// VALIDATE CONSTRAINT, CREATE STATISTICS.
    ShareUpdateExclusive,
    /// CREATE INDEX: several at once on one table are fine.
    Share,
    /// ADD FOREIGN KEY, CREATE TRIGGER.
    ShareRowExclusive,
    /// REFRESH CONCURRENTLY.
    Exclusive,
    /// TRUNCATE and most of ALTER TABLE.
    AccessExclusive,
}

impl TableLock {
    /// Whether one session waits for the other (table 13.2 of the PostgreSQL manual).
    #[must_use]
    pub fn conflicts(self, other: Self) -> bool {
        use TableLock::*;
        let (weaker, stronger) = (self.min(other), self.max(other));
        match stronger {
            AccessExclusive => true,
            Exclusive => weaker >= RowShare,
            ShareRowExclusive => weaker >= RowExclusive,
            Share => matches!(weaker, RowExclusive | ShareUpdateExclusive),
            ShareUpdateExclusive => weaker == ShareUpdateExclusive,
            RowExclusive | RowShare | AccessShare => false,
        }
    }
}
