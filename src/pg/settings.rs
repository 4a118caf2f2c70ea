//! The settings under which a database is read and written, as `SET LOCAL` statements.
//!
//! Databases and roles can carry any setting, so every value that matters is made explicit. `SET LOCAL` works through a
//! transaction pooler, leaves nothing behind, and is a utility statement: it does not fix the server snapshot, as a
//! `SELECT set_config(..)` would.

/// Lets row security hide rows, where a dump is asked for those that it shows.
pub const ROW_SECURITY: &str = "SET LOCAL row_security = on";

/// The setting that says how many digits floating point numbers are printed with.
pub const FLOAT_DIGITS: &str = "extra_float_digits";

/// What opens foreign tables to a transaction with [`reading`] and what closes them again; `None` where they are open.
#[must_use]
pub fn foreign_tables(version: u32) -> Option<(&'static str, &'static str)> {
    restricts_relations(version).then_some((
        "SET LOCAL restrict_nonsystem_relation_kind = 'view'",
        "SET LOCAL restrict_nonsystem_relation_kind = 'view, foreign-table'",
    ))
}

/// Settings for a transaction that reads a database: its catalog and its rows.
///
/// `version` is `server_version_num`, `encoding` the encoding of the database. DDL is printed by the same output
/// functions as rows, so date styles and float digits matter to both.
#[must_use]
pub fn reading(version: u32, encoding: &str) -> String {
    let mut all = both(version, encoding);
    all.extend([
        "extra_float_digits = 3".into(),
        "bytea_output = 'hex'".into(),
        "xmlbinary = 'base64'".into(),
        // The same table gives the same order of rows on every run.
        "synchronize_seqscans = off".into(),
        "max_parallel_workers_per_gather = 0".into(),
        "jit = off".into(),
        "enable_tidscan = on".into(),
        // Names and keywords of a newer target cannot collide with what is always quoted.
        "quote_all_identifiers = on".into(),
    ]);
    if restricts_relations(version) {
        // A relation swapped for a view between listing and reading must not run code.
        all.push("restrict_nonsystem_relation_kind = 'view, foreign-table'".into());
    }
    statements(&all)
}

/// Settings for a transaction that creates objects and loads rows.
#[must_use]
pub fn loading(version: u32, encoding: &str) -> String {
    let mut all = both(version, encoding);
    all.extend([
        "check_function_bodies = off".into(),
        "xmloption = 'content'".into(),
        "standard_conforming_strings = on".into(),
        "escape_string_warning = off".into(),
        "backslash_quote = 'safe_encoding'".into(),
        "transform_null_equals = off".into(),
        "array_nulls = on".into(),
        "client_min_messages = 'warning'".into(),
        "default_tablespace = ''".into(),
        "default_table_access_method = 'heap'".into(),
        "synchronous_commit = off".into(),
    ]);
    statements(&all)
}

fn both(version: u32, encoding: &str) -> Vec<String> {
    let client = if encoding == "SQL_ASCII" { "SQL_ASCII" } else { "UTF8" };
    let mut all = vec![
        format!("client_encoding = '{client}'"),
        "search_path = ''".into(),
        "DateStyle = 'ISO, MDY'".into(),
        "IntervalStyle = 'postgres'".into(),
        "TimeZone = 'UTC'".into(),
        "lc_monetary = 'C'".into(),
        "row_security = off".into(),
        "statement_timeout = 0".into(),
        "lock_timeout = 0".into(),
        "idle_in_transaction_session_timeout = 0".into(),
    ];
    if version >= 140_000 {
        all.push("idle_session_timeout = 0".into());
    }
    if version >= 170_000 {
        all.push("transaction_timeout = 0".into());
    }
    all
}

/// `restrict_nonsystem_relation_kind` came with 17 and with the minor releases of August 2024.
fn restricts_relations(version: u32) -> bool {
    let (major, minor) = (version / 10_000, version % 10_000);
    match major {
        ..13 => false,
        13 => minor >= 16,
        14 => minor >= 13,
        15 => minor >= 8,
        16 => minor >= 4,
        17.. => true,
    }
}

fn statements(settings: &[String]) -> String {
    settings.iter().map(|setting| format!("SET LOCAL {setting};")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_follow_the_version() {
        assert!(!reading(130_015, "UTF8").contains("restrict_nonsystem"));
        assert!(reading(130_016, "UTF8").contains("restrict_nonsystem"));
        assert!(!reading(160_009, "UTF8").contains("transaction_timeout"));
        assert!(loading(180_000, "SQL_ASCII").contains("client_encoding = 'SQL_ASCII'"));
    }
}
