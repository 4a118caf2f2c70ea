//! The one notation for lines of SQL that only some server versions have.
//!
//! A line that ends in `--@ 15+` is kept for servers from major version 15 on, `--@ ..14` up to 14, `--@ 15..16` for
//! both; queries beside the code and fixtures in `testdata` are written with it.

use crate::text;
use crate::text::Text;

/// The lines of `sql` that a server of this major version has.
///
/// # Panics
///
/// On a mark that is not of the notation: statements are ours, and a test reads them all.
#[must_use]
pub fn for_version(sql: &str, major: u32) -> String {
    let mut kept = String::with_capacity(sql.len());
    for line in sql.lines() {
        match line.rsplit_once("--@") {
            Some((statement, mark)) if covers(mark.trim(), major) => kept.push_str(statement.trim_end()),
            Some(_) => continue,
            None => kept.push_str(line),
        }
        kept.push('\n');
    }
    kept
}

/// `sql` with a list of rows or values in the place of `$name`, which stands in it once. The list is SQL, with literals
/// that the caller has quoted.
#[must_use]
pub fn with_list(sql: &str, name: &str, list: &Text) -> Text {
    let (before, after) = sql.split_once(name).unwrap_or((sql, ""));
    text![before, list, after]
}

fn covers(mark: &str, major: u32) -> bool {
    let number = |text: &str| text.parse::<u32>().expect("a version mark is `N+`, `..N` or `M..N`");
    match (mark.strip_suffix('+'), mark.split_once("..")) {
        (Some(from), _) => major >= number(from),
        (None, Some(("", to))) => major <= number(to),
        (None, Some((from, to))) => major >= number(from) && major <= number(to),
        (None, None) => major == number(mark),
    }
}

#[cfg(test)]
mod tests {
    use super::for_version;

    #[test]
    fn lines_follow_the_version() {
        let sql = "a\nb --@ 15+\nc --@ ..14\nd --@ 14..16\n";
        assert_eq!(for_version(sql, 13), "a\nc\n");
        assert_eq!(for_version(sql, 14), "a\nc\nd\n");
        assert_eq!(for_version(sql, 18), "a\nb\n");
    }
}
