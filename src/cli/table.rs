//! Rows of text as a table with aligned columns and no lines around them.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};

/// A table being filled.
pub(crate) struct Table {
    inner: comfy_table::Table,
    headers: Vec<&'static str>,
}

impl Table {
    /// Headers name the columns; one that begins with `>` aligns its column to the right.
    pub(crate) fn new<const N: usize>(headers: [&'static str; N]) -> Self {
        let mut inner = comfy_table::Table::new();
        // Never wrapped to the width of a terminal: people pipe tables into other programs.
        inner.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        inner.set_header(headers.map(|header| header.trim_start_matches('>')));
        Self { inner, headers: headers.to_vec() }
    }

    /// Adds a row; its cells must have been made safe for a terminal.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.inner.add_row(cells);
    }

    /// All lines, each with its newline, behind `indent` and without trailing spaces.
    pub(crate) fn text(mut self, indent: &str) -> String {
        for (column, header) in self.inner.column_iter_mut().zip(&self.headers) {
            column.set_padding((0, 2));
            if header.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.inner.lines().map(|line| format!("{indent}{}\n", line.trim_end())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(["name", ">rows"]);
        table.row(["ord".into(), "1,000".into()]);
        table.row(["訂單".into(), "2".into()]);
        assert_eq!(table.text("  "), "  name   rows\n  ord   1,000\n  訂單      2\n");
    }
}
