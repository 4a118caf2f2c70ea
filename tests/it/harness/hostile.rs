//! Settings that somebody else made: each changes what the server prints, how it reads, or ends statements.

use std::fmt::Write as _;

use super::database::{Database, quoted};

/// Name, hostile value, the value under which oracles read if they care, and the versions that have it.
const SETTINGS: &[(&str, &str, &str, std::ops::RangeInclusive<u32>)] = &[
    ("statement_timeout", "150ms", "0", 13..=99),
    ("lock_timeout", "10ms", "0", 13..=99),
    ("idle_in_transaction_session_timeout", "2s", "0", 13..=99),
    ("idle_session_timeout", "2s", "0", 14..=99),
    ("transaction_timeout", "1500ms", "0", 17..=99),
    ("exit_on_error", "on", "off", 13..=99),
    ("default_transaction_isolation", "serializable", "read\\ committed", 13..=99),
    ("default_transaction_deferrable", "on", "off", 13..=99),
    ("default_transaction_read_only", "on", "off", 13..=99),
    ("standard_conforming_strings", "off", "on", 13..=99),
    ("escape_string_warning", "on", "off", 13..=99),
    ("backslash_quote", "on", "safe_encoding", 13..=99),
    ("quote_all_identifiers", "on", "off", 13..=99),
    ("array_nulls", "off", "on", 13..=99),
    ("transform_null_equals", "on", "off", 13..=99),
    ("operator_precedence_warning", "on", "off", 13..=13),
    ("xmloption", "document", "content", 13..=99),
    ("xmlbinary", "hex", "base64", 13..=99),
    ("datestyle", "SQL, DMY", "iso,mdy", 13..=99),
    ("intervalstyle", "sql_standard", "postgres", 13..=99),
    ("timezone", "Asia/Kathmandu", "UTC", 13..=99),
    ("timezone_abbreviations", "India", "Default", 13..=99),
    ("bytea_output", "escape", "hex", 13..=99),
    ("extra_float_digits", "-15", "3", 13..=99),
    ("lc_monetary", "POSIX", "C", 13..=99),
    ("lc_numeric", "POSIX", "C", 13..=99),
    ("row_security", "on", "off", 13..=99),
    ("client_min_messages", "log", "warning", 13..=99),
    ("gin_fuzzy_search_limit", "1", "0", 13..=99),
    ("synchronize_seqscans", "on", "off", 13..=99),
    ("max_parallel_workers_per_gather", "8", "0", 13..=99),
    ("force_parallel_mode", "on", "off", 13..=15),
    ("debug_parallel_query", "on", "off", 16..=99),
    ("jit", "on", "", 13..=99),
    ("from_collapse_limit", "1", "8", 13..=99),
    ("join_collapse_limit", "1", "8", 13..=99),
    ("geqo_threshold", "2", "", 13..=99),
    ("work_mem", "64kB", "", 13..=99),
    ("enable_bitmapscan", "off", "on", 13..=99),
    ("enable_hashagg", "off", "on", 13..=99),
    ("enable_hashjoin", "off", "on", 13..=99),
    ("enable_indexonlyscan", "off", "on", 13..=99),
    ("enable_indexscan", "off", "on", 13..=99),
    ("enable_material", "off", "on", 13..=99),
    ("enable_mergejoin", "off", "on", 13..=99),
    ("enable_nestloop", "off", "on", 13..=99),
    ("enable_seqscan", "off", "on", 13..=99),
    ("enable_sort", "off", "on", 13..=99),
    ("enable_tidscan", "off", "on", 13..=99),
    ("check_function_bodies", "on", "", 13..=99),
    ("createrole_self_grant", "set, inherit", "", 16..=99),
    ("default_statistics_target", "1", "", 13..=99),
    ("default_text_search_config", "pg_catalog.german", "", 13..=99),
    ("password_encryption", "md5", "", 13..=99),
];

fn of(major: u32) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let there = SETTINGS.iter().filter(move |(_, _, _, versions)| versions.contains(&major));
    there.map(|(name, hostile, sane, _)| (*name, *hostile, *sane))
}

/// Names of all of them that this version has.
pub(crate) fn names(major: u32) -> Vec<&'static str> {
    of(major).map(|(name, ..)| name).collect()
}

/// `-c name=value ..` for the start-up options of whoever must not see them.
pub(crate) fn sane_options(major: u32) -> String {
    let known = of(major).filter(|(_, _, sane)| !sane.is_empty());
    known.map(|(name, _, sane)| format!("-c {name}={sane} ")).collect()
}

/// The same with the hostile values.
pub(crate) fn hostile_options(major: u32) -> String {
    of(major).map(|(name, hostile, _)| format!("-c {name}={} ", hostile.replace(' ', "\\ "))).collect()
}

/// What sets them all, for `ALTER .. SET`: `DATABASE d`, `ROLE r`, `ROLE r IN DATABASE d`.
pub(crate) fn set_for(whom: &str, major: u32) -> String {
    let mut sql = String::new();
    for (name, hostile, _) in of(major) {
        // A list keeps its commas outside of quotes, and nothing but DateStyle and one more is one here.
        writeln!(sql, "ALTER {whom} SET {name} TO '{hostile}';").expect("a string takes everything");
    }
    sql
}

impl Database {
    /// Whether nobody can write to it.
    pub(crate) fn is_standby(&self) -> bool {
        self.query_one("SELECT pg_is_in_recovery()") == "t"
    }

    /// Sets everything hostile for the database, with a path through all of its schemas: sessions from now on have it.
    pub(crate) fn make_hostile(&self) {
        let name = quoted(self.name());
        let path = "SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname) FROM pg_namespace
            WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'";
        let path = self.query_one(path);
        let path = format!("ALTER DATABASE {name} SET search_path = {path};");
        self.psql(&format!("{}{path}", set_for(&format!("DATABASE {name}"), self.server().major())));
    }
}
