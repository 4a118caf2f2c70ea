//! What has rows, and its columns as COPY sees them.

use serde::{Deserialize, Serialize};

use crate::text;
use crate::text::Text;

/// What has rows: a table, the rows of an extension's configuration table, a foreign table on request, or the pages of
/// large objects. Persisted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Table {
    /// Columns in COPY order: neither dropped nor generated. Empty: rows are empty lines and no list is written.
    pub columns: Vec<Column>,
    /// Whether it is UNLOGGED.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unlogged: bool,
    /// The table to COPY into instead, as quoted SQL: the root of a partition tree whose rows may route differently on
    /// another server.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub root: Option<Text>,
    /// `WHERE ..` of an extension's configuration table.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub condition: Option<Text>,
    /// The foreign server whose rows these are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub server: Option<Text>,
}

/// A column as COPY sees it. Persisted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Column {
    /// Unquoted.
    pub name: Text,
    /// As `format_type` prints it.
    #[serde(rename = "type")]
    pub type_name: Text,
}

impl Table {
    /// ` ("a", "b")`, or nothing where there is no column.
    #[must_use]
    pub fn column_list(&self) -> Text {
        if self.columns.is_empty() {
            return Text::new();
        }
        text![" (", Text::join(self.columns.iter().map(|c| c.name.ident()), ", "), ")"]
    }
}
