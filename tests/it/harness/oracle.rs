//! Decides whether two databases are the same, by programs and queries that are not ours.
//!
//! `pg_dump` of both sides must agree but for noise that each normalisation below names; rows, sequences and large
//! objects must agree exactly; catalog queries look where pg_dump is blind.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::database::{Database, quoted, shown};

/// Ends the test with a readable difference unless `pg_dump --schema-only` says the same of both.
#[track_caller]
pub(crate) fn assert_same_schema(a: &Database, b: &Database) {
    let differences = schema_differences(&schema_text(a), &schema_text(b));
    assert!(differences.is_empty(), "schemas of {} and {} differ:\n{differences}", a.name(), b.name());
}

/// Ends the test unless all rows, sequence positions and large objects are equal.
#[track_caller]
pub(crate) fn assert_same_data(a: &Database, b: &Database) {
    assert_same_rows(a, b, &tables(a));
    assert_eq!(tables(a), tables(b), "tables");
    assert_eq!(sequences(a), sequences(b), "positions of sequences");
    assert_eq!(large_objects(a), large_objects(b), "large objects");
}

/// Ends the test unless these tables (quoted and with schema, as [`tables`] returns them) hold equal rows.
#[track_caller]
pub(crate) fn assert_same_rows(a: &Database, b: &Database, tables: &[String]) {
    let (left, right) = (rows_of(a, tables), rows_of(b, tables));
    for (table, rows) in &left {
        let other = &right[table];
        if rows != other {
            panic!("rows of {table} differ: {}", row_differences(rows, other));
        }
    }
}

/// Ends the test unless the catalogs agree where pg_dump does not look.
#[track_caller]
pub(crate) fn assert_same_blind_spots(a: &Database, b: &Database) {
    for query in include_str!("blind_spots.sql").split(";\n").filter(|query| !query.trim().is_empty()) {
        let query = format!("SET search_path = '';\n{query}");
        let (left, right) = (a.query_rows(&query), b.query_rows(&query));
        let only_left: Vec<_> = left.iter().filter(|row| !right.contains(row)).take(20).collect();
        let only_right: Vec<_> = right.iter().filter(|row| !left.contains(row)).take(20).collect();
        let same = only_left.is_empty() && only_right.is_empty();
        assert!(same, "{query}\nonly in {}: {only_left:#?}\nonly in {}: {only_right:#?}", a.name(), b.name());
    }
}

/// What `pg_dump --schema-only` says, freed of noise.
pub(crate) fn schema_text(database: &Database) -> String {
    schema_text_with(database, &[])
}

/// The same with further options of pg_dump, such as `--schema=payments`.
pub(crate) fn schema_text_with(database: &Database, options: &[&str]) -> String {
    normalised(&schema_script(database, options))
}

/// What `pg_dump --schema-only` writes, as a script to run.
pub(crate) fn schema_script(database: &Database, options: &[&str]) -> String {
    let mut command = database.client("pg_dump");
    // Without a key of ours the `\restrict` line is random.
    let output = command.args(["--schema-only", "--restrict-key=x"]).args(options).output().expect("pg_dump runs");
    assert!(output.status.success(), "pg_dump of {}: {}", database.name(), shown(&output.stderr));
    shown(&output.stdout)
}

/// All tables and materialized views with rows, quoted and with their schema.
pub(crate) fn tables(database: &Database) -> Vec<String> {
    let sql = "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND c.relpersistence <> 't'
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1";
    first_column(database, sql)
}

/// Rows of one table in COPY text, sorted. Columns are sorted by name, since children of inheritance may come back in
/// another order of columns.
pub(crate) fn sorted_rows(database: &Database, table: &str) -> Vec<Vec<u8>> {
    let mut all = rows_of(database, &[table.to_owned()]);
    all.remove(table).expect("the table that was asked for")
}

fn rows_of(database: &Database, tables: &[String]) -> BTreeMap<String, Vec<Vec<u8>>> {
    /// Stands before the number of each table in psql's output; no COPY text starts so, for it escapes it not but no
    /// test writes it.
    const MARK: &str = "\u{1d}";
    let mut script = String::new();
    for (number, table) in tables.iter().enumerate() {
        let sql = format!(
            "SELECT attname FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped
             AND attrelid = '{}'::pg_catalog.regclass ORDER BY attname",
            table.replace('\'', "''")
        );
        let columns: Vec<String> = first_column(database, &sql).iter().map(|name| quoted(name)).collect();
        let columns = columns.join(", ");
        writeln!(script, "\\echo {MARK}{number}\nCOPY (SELECT {columns} FROM ONLY {table}) TO STDOUT;")
            .expect("a string takes everything");
    }
    let mut found: BTreeMap<String, Vec<Vec<u8>>> = tables.iter().map(|name| (name.clone(), Vec::new())).collect();
    let output = database.psql_output(&script);
    let mut current = None;
    for line in output.strip_suffix(b"\n").unwrap_or(&output).split(|byte| *byte == b'\n') {
        if let Some(number) = line.strip_prefix(MARK.as_bytes()) {
            let number: usize = shown(number).parse().expect("the number that was echoed");
            current = found.get_mut(&tables[number]);
        } else if let Some(rows) = current.as_mut() {
            rows.push(line.to_vec());
        }
    }
    found.values_mut().for_each(|rows| rows.sort_unstable());
    found
}

/// Name, last value and whether it was used, for every sequence.
pub(crate) fn sequences(database: &Database) -> Vec<Vec<String>> {
    let sql = "SELECT format('SELECT %L, last_value, is_called FROM %I.%I', format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'S' AND c.relpersistence <> 't' ORDER BY 1";
    let queries = first_column(database, sql);
    if queries.is_empty() { Vec::new() } else { database.query_rows(&queries.join(" UNION ALL ")) }
}

fn large_objects(database: &Database) -> Vec<Vec<String>> {
    database.query_rows(
        "SELECT oid, pg_catalog.pg_get_userbyid(lomowner), lomacl, pg_catalog.md5(pg_catalog.lo_get(oid)),
         pg_catalog.obj_description(oid, 'pg_largeobject') FROM pg_catalog.pg_largeobject_metadata ORDER BY oid",
    )
}

fn first_column(database: &Database, sql: &str) -> Vec<String> {
    database.query_rows(sql).into_iter().map(|mut row| row.swap_remove(0)).collect()
}

/// One entry of pg_dump's table of contents after another, sorted.
fn normalised(dump: &str) -> String {
    let mut entries = vec![String::new()];
    let (mut tablespace, mut access_method) = (String::new(), String::new());
    let mut lines = dump.lines().peekable();
    while let Some(line) = lines.next() {
        // Versions of server and client stand in comments.
        if line.starts_with("-- Dumped from ") || line.starts_with("-- Dumped by ") {
            continue;
        }
        // A setting holds for all entries up to the next one, whose order is noise: say it with each entry instead.
        if let Some(value) = line.strip_prefix("SET default_tablespace = ") {
            value.clone_into(&mut tablespace);
            continue;
        }
        if let Some(value) = line.strip_prefix("SET default_table_access_method = ") {
            value.clone_into(&mut access_method);
            continue;
        }
        if line == "--" && lines.peek().is_some_and(|next| next.starts_with("-- Name: ")) {
            entries.push(String::new());
        }
        let entry = entries.last_mut().expect("there is always one entry");
        if line.starts_with("CREATE TABLE ") || line.starts_with("CREATE MATERIALIZED VIEW ") {
            writeln!(entry, "-- tablespace {tablespace} access method {access_method}")
                .expect("a string takes everything");
        }
        // Runs of blank lines depend on which entries came between.
        if !(line.is_empty() && entry.ends_with("\n\n")) {
            entry.push_str(line);
            entry.push('\n');
        }
    }
    let comparable =
        |entry: &String| without_extension_order(&without_member_order(&without_column_order(entry.trim_end())));
    let mut entries: Vec<String> = entries.iter().map(comparable).collect();
    // Entries without dependencies between them come by name, and ties by OID.
    entries[1..].sort();
    entries.join("\n\n")
}

/// Children of inheritance list own columns in an order that neither pg_dump nor anybody else can restore.
fn without_column_order(entry: &str) -> String {
    if !entry.contains("\nINHERITS (") {
        return entry.to_owned();
    }
    let mut lines: Vec<&str> = entry.lines().collect();
    let is_element = |line: &&str| line.starts_with("    ");
    let Some(first) = lines.iter().position(is_element) else { return entry.to_owned() };
    let count = lines[first..].iter().take_while(|line| is_element(line)).count();
    let elements = &mut lines[first..first + count];
    elements.iter_mut().for_each(|line| *line = line.trim_end_matches(','));
    elements.sort_unstable();
    // Older pg_dump says more of each column in statements that follow, in the same order.
    let follows = |line: &&str| line.starts_with("ALTER TABLE ONLY ");
    if let Some(first) = lines.iter().position(follows) {
        let count = lines[first..].iter().take_while(|line| follows(line) || line.is_empty()).count();
        lines[first..first + count].sort_unstable();
    }
    lines.join("\n")
}

/// pg_dump sorts the members of operator families and classes by their number only, and puts those of the same number in
/// the order in which it meets them.
fn without_member_order(entry: &str) -> String {
    if !entry.contains("\nALTER OPERATOR FAMILY ") && !entry.contains("\nCREATE OPERATOR CLASS ") {
        return entry.to_owned();
    }
    let is_member = |line: &&str| line.starts_with("    OPERATOR ") || line.starts_with("    FUNCTION ");
    let mut members: Vec<&str> =
        entry.lines().filter(is_member).map(|line| line.trim_end_matches([' ', ',', ';'])).collect();
    members.sort_unstable();
    let rest: Vec<&str> = entry.lines().filter(|line| !is_member(line)).collect();
    [rest, members].concat().join("\n")
}

/// pg_dump asks for the extensions on which a thing depends without an order, and tells them as `pg_depend` holds them.
fn without_extension_order(entry: &str) -> String {
    let depends = |line: &&str| line.contains(" DEPENDS ON EXTENSION ");
    let (mut told, rest): (Vec<&str>, Vec<&str>) = entry.lines().partition(depends);
    told.sort_unstable();
    [rest, told].concat().join("\n")
}

/// What differs between two normalised dumps; empty if nothing.
pub(crate) fn schema_differences(a: &str, b: &str) -> String {
    let (left, right) = (entries_by_title(a), entries_by_title(b));
    let mut told = String::new();
    let titles: Vec<&&str> = left.keys().chain(right.keys().filter(|title| !left.contains_key(*title))).collect();
    for title in titles {
        let (old, new) = (left.get(*title), right.get(*title));
        if old == new {
            continue;
        }
        let old: Vec<&str> = old.into_iter().flatten().flat_map(|body| body.lines()).collect();
        let new: Vec<&str> = new.into_iter().flatten().flat_map(|body| body.lines()).collect();
        writeln!(told, "@@ {title}").expect("a string takes everything");
        for line in line_differences(&old, &new) {
            writeln!(told, "{line}").expect("a string takes everything");
        }
    }
    told
}

fn entries_by_title(dump: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut entries: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in dump.split("\n\n--\n-- Name: ") {
        let (title, body) = entry.split_once('\n').unwrap_or((entry, ""));
        entries.entry(title).or_default().push(body);
    }
    entries
}

/// Lines of either side without those that both have at start and end; enough for entries of a few lines.
fn line_differences(old: &[&str], new: &[&str]) -> Vec<String> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = (&old[start..], &new[start..]);
    let end = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(a, b)| a == b).count();
    let removed = rest.0[..rest.0.len() - end].iter().map(|line| format!("- {line}"));
    let added = rest.1[..rest.1.len() - end].iter().map(|line| format!("+ {line}"));
    removed.chain(added).collect()
}

fn row_differences(a: &[Vec<u8>], b: &[Vec<u8>]) -> String {
    let some = |from: &[Vec<u8>], other: &[Vec<u8>]| -> Vec<String> {
        let missing = from.iter().filter(|row| other.binary_search(row).is_err());
        missing.take(5).map(|row| shown(&row[..row.len().min(300)])).collect()
    };
    let (only_a, only_b) = (some(a, b), some(b, a));
    format!("{} and {} rows; only left: {only_a:#?}; only right: {only_b:#?}", a.len(), b.len())
}
