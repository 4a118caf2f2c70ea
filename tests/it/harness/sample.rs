//! The sample database of `testdata/pos`: a restaurant's point of sale.

use std::fs;
use std::path::{Path, PathBuf};

use pgkeep::pg::sql::for_version;

use super::database::Database;

/// Creates and fills the sample database. Scale 1 is about 0.8 MB of COPY text, beside one photo of 24 MB; size grows linearly with it.
pub(crate) fn load(database: &Database, scale: u32) {
    let mut driver = database.driver();
    for file in files() {
        driver.run(&statements(&file, database.server().major(), scale));
    }
}

/// A day of sales on top of it: appended rows, and a few changed ones.
pub(crate) fn sell_for_a_day(database: &Database, scale: u32) {
    database.driver().run(&sales_day(database.server().major(), scale));
}

/// The statements of that day.
pub(crate) fn sales_day(major: u32, scale: u32) -> String {
    statements(&folder().join("sales_day.sql"), major, scale)
}

/// The statements of one file for this server and scale.
pub(crate) fn statements(file: &Path, major: u32, scale: u32) -> String {
    let sql = fs::read_to_string(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
    for_version(&sql, major).replace(":scale", &scale.to_string())
}

/// The numbered files, in order.
pub(crate) fn files() -> Vec<PathBuf> {
    let all = fs::read_dir(folder()).expect("testdata/pos is there").map(|entry| entry.expect("an entry").path());
    let numbered = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes()[0].is_ascii_digit());
    let mut files: Vec<PathBuf> = all.filter(numbered).collect();
    files.sort();
    files
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/pos")
}
