//! How far a restore proved that the target has the rows of the snapshot, and what it has to read back by itself since
//! something on the target may have changed them.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::restore::readback::{TableCheck, Verdict};

/// How far it is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Rows were sent with the numbers and digests of the snapshot, and the server counted as many.
    #[default]
    Sent,
    /// Every table that was filled was read back from the target and has the rows of the snapshot, but for those that
    /// are named as unproven.
    ReadBack,
}

/// A table whose rows on the target cannot be compared with the snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unproven {
    /// As people write it.
    pub table: String,
    /// Why.
    pub reason: &'static str,
}

/// The error of tables that differ, where some do. `meddlers` may have changed them.
fn difference(tables: &[TableCheck], meddlers: &[String]) -> Option<Error> {
    let differs = tables.iter().filter(|table| table.verdict == Verdict::Differs);
    let differing: Vec<String> =
        differs.map(|table| format!("{} ({} of {} rows)", table.table, table.rows_found, table.rows)).collect();
    if differing.is_empty() {
        return None;
    }
    let mut message = format!("tables of the target are not what the snapshot has: {}", differing.join(", "));
    if !meddlers.is_empty() {
        message += &format!("; what may have changed them: {}", meddlers.join(", "));
    }
    Some(Error::Differs { message })
}

/// How many tables are as in the snapshot, where none differs.
pub(super) fn compare(tables: &[TableCheck], meddlers: &[String]) -> Result<u64> {
    if let Some(difference) = difference(tables, meddlers) {
        return Err(difference);
    }
    let uncompared: Vec<String> = tables.iter().filter_map(TableCheck::not_compared).collect();
    if !uncompared.is_empty() {
        let message =
            format!("everything is restored, but not everything could be compared: {}", uncompared.join("; "));
        return Err(Error::Partial { message });
    }
    Ok(tables.iter().filter(|table| table.verdict == Verdict::Same).count() as u64)
}
