//! The settings under which a database is read and written: one table that says of each what it is made and why.
//!
//! A database, a role, a role in a database and `options=` can carry any setting, and their owners are not ours. A
//! session pins the table at the start of every transaction, as `SET LOCAL`: that works through a transaction pooler,
//! leaves nothing behind, looks up no operator or function, and is a utility statement that does not fix the server
//! snapshot, as a `SELECT set_config(..)` would.

/// Lets row security hide rows, where a dump is asked for those that it shows.
pub const ROW_SECURITY: &str = "SET LOCAL row_security = on";

/// The setting that says how many digits floating point numbers are printed with.
pub const FLOAT_DIGITS: &str = "extra_float_digits";

/// What a session is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To read a database: its catalog and its rows. DDL is printed by the same output functions as rows.
    #[default]
    Reading,
    /// To create objects and load rows.
    Loading,
}

/// One setting of the server.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Whether a server of this `server_version_num` has it.
    pub exists: fn(u32) -> bool,
    /// What it is made.
    pub value: Value,
    /// Why.
    pub why: &'static str,
}

/// What a setting is made; values are SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// The same for every purpose.
    Always(&'static str),
    /// Another one for each purpose: reading, loading.
    Each(&'static str, &'static str),
    /// Only to read.
    Reading(&'static str),
    /// Only to load.
    Loading(&'static str),
    /// A property of the transaction, which is made before its first query and gives way to what BEGIN says.
    Transaction(&'static str),
    /// The same, only to load.
    LoadingTransaction(&'static str),
    /// By the encoding of the database.
    ClientEncoding,
    /// Whatever the session has.
    Left,
}

use Value::{Always, ClientEncoding, Each, Left, Loading, LoadingTransaction, Reading, Transaction};

/// Every setting that changes what a statement means, what the server prints or how it reads, and those that look so.
///
/// The order is that of the statements: what could end them comes first.
pub const SETTINGS: &[Setting] = &[
    of("statement_timeout", ALL, Always("0"), "a dump and a restore take as long as they take"),
    of("transaction_timeout", |v| v >= 170_000, Always("0"), "the same"),
    of("lock_timeout", ALL, Always("0"), "waiting for locks is decided by our own flags"),
    of("idle_in_transaction_session_timeout", ALL, Always("0"), "the server snapshot is held while others work"),
    of("idle_session_timeout", |v| v >= 140_000, Always("0"), "sessions wait for work"),
    of("exit_on_error", ALL, Always("off"), "an error that is expected must not end the session"),
    of("transaction_isolation", ALL, Transaction("'read committed'"), "a standby refuses serializable transactions"),
    of("transaction_deferrable", ALL, Transaction("off"), "a deferrable transaction may wait for ever to begin"),
    of("transaction_read_only", ALL, LoadingTransaction("off"), "a restore writes where others only read by default"),
    of("client_encoding", ALL, ClientEncoding, "names travel in UTF-8, or as bytes where the server knows no encoding"),
    of(
        "search_path",
        ALL,
        // A restore that creates something without its schema must fail, and not create it among the system's objects.
        Each("pg_catalog, pg_temp", "''"),
        "names and operators of others must not stand in for those of the system; printed names come out qualified",
    ),
    of("standard_conforming_strings", ALL, Always("on"), "strings are printed and read as the standard has them"),
    of("escape_string_warning", ALL, Always("off"), "bodies of functions may use backslashes as they like"),
    of("backslash_quote", ALL, Always("safe_encoding"), "whether \\' is a quote decides where a string ends"),
    of("quote_all_identifiers", ALL, Each("on", "off"), "keywords of a newer target cannot collide with quoted names"),
    of("array_nulls", ALL, Always("on"), "NULL in an array is no string"),
    of("transform_null_equals", ALL, Always("off"), "`= NULL` is not `IS NULL`"),
    of("operator_precedence_warning", |v| v < 140_000, Always("off"), "it puts parentheses into printed expressions"),
    of("xmloption", ALL, Always("content"), "pieces of documents are XML too"),
    of("xmlbinary", ALL, Always("base64"), "bytes in XML are printed and read the same way"),
    of("DateStyle", ALL, Always("'ISO, MDY'"), "dates are printed without doubt and read as they were printed"),
    of("IntervalStyle", ALL, Always("postgres"), "the same of intervals"),
    of("TimeZone", ALL, Always("'UTC'"), "the same of moments"),
    of("timezone_abbreviations", ALL, Always("'Default'"), "abbreviations in expressions mean the same everywhere"),
    of("lc_monetary", ALL, Always("'C'"), "money is printed without a locale that another server lacks"),
    of("lc_numeric", ALL, Always("'C'"), "so are numbers by a pattern"),
    of("bytea_output", ALL, Always("hex"), "the form that has one reading"),
    of(FLOAT_DIGITS, ALL, Always("3"), "floating point numbers come back to the last bit"),
    of("row_security", ALL, Always("off"), "hidden rows are an error, never missing without a word"),
    of("client_min_messages", ALL, Always("warning"), "nobody reads the rest"),
    of("gin_fuzzy_search_limit", ALL, Always("0"), "an index must not leave rows out"),
    of("force_parallel_mode", |v| v < 160_000, Always("off"), "a plan of tests, slow for everybody else"),
    of("debug_parallel_query", |v| v >= 160_000, Always("off"), "the same by its newer name"),
    of(
        "restrict_nonsystem_relation_kind",
        restricts_relations,
        Each("'view, foreign-table'", "''"),
        "a table swapped for a view between listing and reading must not run code",
    ),
    of("synchronize_seqscans", ALL, Reading("off"), "the same table gives the same order of rows on every run"),
    of("max_parallel_workers_per_gather", ALL, Reading("0"), "the same"),
    of("enable_tidscan", ALL, Reading("on"), "parts of a table are ranges of its blocks"),
    of("jit", ALL, Reading("off"), "compiling a query of the catalog takes longer than answering it"),
    of("from_collapse_limit", ALL, Reading("8"), "queries of the catalog are planned as they were tried"),
    of("join_collapse_limit", ALL, Reading("8"), "the same"),
    of("enable_bitmapscan", ALL, Reading("on"), "the same"),
    of("enable_hashagg", ALL, Reading("on"), "the same"),
    of("enable_hashjoin", ALL, Reading("on"), "the same"),
    of("enable_indexonlyscan", ALL, Reading("on"), "the same"),
    of("enable_indexscan", ALL, Reading("on"), "the same"),
    of("enable_material", ALL, Reading("on"), "the same"),
    of("enable_mergejoin", ALL, Reading("on"), "the same"),
    of("enable_nestloop", ALL, Reading("on"), "the same"),
    of("enable_seqscan", ALL, Reading("on"), "the same"),
    of("enable_sort", ALL, Reading("on"), "the same"),
    of("check_function_bodies", ALL, Loading("off"), "what a body needs may come after it"),
    of("default_tablespace", ALL, Loading("''"), "an object without a tablespace lives in that of its database"),
    of("default_table_access_method", ALL, Loading("heap"), "others are named"),
    of("createrole_self_grant", |v| v >= 160_000, Loading("''"), "memberships are those of the snapshot"),
    of("synchronous_commit", ALL, Loading("off"), "thousands of commits need not each wait for the disk"),
    of("session_replication_role", ALL, Left, "a superuser's own choice for a restore without triggers"),
    of("role", ALL, Left, "a login role that acts as another one by default goes on doing so"),
    of("zero_damaged_pages", ALL, Left, "a superuser's last means to read what a damaged disk still has"),
    of("lo_compat_privileges", ALL, Left, "a superuser's; what may be read is asked of the server"),
    of("work_mem", ALL, Left, "memory is tuned by who knows the machine; it changes no result"),
    of("default_text_search_config", ALL, Left, "expressions of a database mean what they mean in it"),
    of("default_statistics_target", ALL, Left, "how well a table is analyzed is its owner's choice"),
    of("default_toast_compression", |v| v >= 140_000, Left, "columns name theirs; the rest is the target's choice"),
    of("temp_tablespaces", ALL, Left, "where the server sorts changes no result"),
    of("lc_messages", ALL, Left, "errors are known by their codes; people read them in their language"),
];

const ALL: fn(u32) -> bool = |_| true;

const fn of(name: &'static str, exists: fn(u32) -> bool, value: Value, why: &'static str) -> Setting {
    Setting { name, exists, value, why }
}

impl Setting {
    /// What it is made for this purpose.
    fn value(&self, purpose: Purpose, client: &'static str) -> Option<&'static str> {
        let reads = purpose == Purpose::Reading;
        match self.value {
            Always(value) | Transaction(value) => Some(value),
            Each(reading, loading) => Some(if reads { reading } else { loading }),
            Reading(value) => reads.then_some(value),
            Loading(value) | LoadingTransaction(value) => (!reads).then_some(value),
            ClientEncoding => Some(client),
            Left => None,
        }
    }

    fn is_of_transaction(&self) -> bool {
        matches!(self.value, Transaction(_) | LoadingTransaction(_))
    }
}

/// What opens foreign tables to a transaction for [`Purpose::Reading`] and what closes them again; `None` where they are
/// open.
#[must_use]
pub fn foreign_tables(version: u32) -> Option<(&'static str, &'static str)> {
    restricts_relations(version).then_some((
        "SET LOCAL restrict_nonsystem_relation_kind = 'view'",
        "SET LOCAL restrict_nonsystem_relation_kind = 'view, foreign-table'",
    ))
}

/// What every transaction begins with, as statements that each end in a semicolon.
///
/// `version` is `server_version_num`, `encoding` the encoding of the database.
pub(crate) fn of_transaction(purpose: Purpose, version: u32, encoding: &str) -> String {
    statements(purpose, version, encoding, |_| Some("SET LOCAL"))
}

/// The same for what runs between transactions of a session that is ours alone.
pub(crate) fn of_session(purpose: Purpose, version: u32, encoding: &str) -> String {
    let defaults = "SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off; \
                    SET default_transaction_read_only = off;";
    statements(purpose, version, encoding, |setting| (!setting.is_of_transaction()).then_some("SET")) + defaults
}

fn statements(purpose: Purpose, version: u32, encoding: &str, verb: fn(&Setting) -> Option<&'static str>) -> String {
    let client = if encoding == "SQL_ASCII" { "SQL_ASCII" } else { "UTF8" };
    let mut all = String::new();
    for setting in SETTINGS.iter().filter(|setting| (setting.exists)(version)) {
        if let (Some(value), Some(verb)) = (setting.value(purpose, client), verb(setting)) {
            all.extend([verb, " ", setting.name, " = ", value, "; "]);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(version: u32) -> String {
        of_transaction(Purpose::Reading, version, "UTF8")
    }

    #[test]
    fn settings_follow_the_version() {
        assert!(!reading(130_015).contains("restrict_nonsystem"));
        assert!(reading(130_016).contains("restrict_nonsystem"));
        assert!(!reading(160_009).contains("transaction_timeout"));
        assert!(reading(130_016).contains("operator_precedence_warning"));
        assert!(!reading(140_000).contains("operator_precedence_warning"));
        assert!(of_transaction(Purpose::Loading, 180_000, "SQL_ASCII").contains("client_encoding = SQL_ASCII"));
    }

    #[test]
    fn properties_of_a_transaction_give_way_to_its_begin() {
        assert!(reading(180_000).contains("SET LOCAL transaction_isolation"));
        assert!(!reading(180_000).contains("read_only"), "a standby refuses it");
        assert!(of_transaction(Purpose::Loading, 180_000, "UTF8").contains("SET LOCAL transaction_read_only = off"));
        assert!(of_session(Purpose::Loading, 180_000, "UTF8").contains("SET idle_session_timeout = 0"));
        assert!(!of_session(Purpose::Loading, 180_000, "UTF8").contains("LOCAL"));
    }

    #[test]
    fn no_setting_has_two_rows() {
        let names: std::collections::BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        assert_eq!(names.len(), SETTINGS.len());
    }
}
