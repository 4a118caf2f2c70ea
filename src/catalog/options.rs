//! Options as catalogs keep them, `name=value`, as lists for SQL.

use crate::text;
use crate::text::Text;

/// What servers keep for themselves among the options of a column: a version of it, in minor releases of November 2026
/// and later. Others refuse it.
const INTERNAL: &str = "pg_attver";

/// Options of a column that somebody gave.
pub(crate) fn stated(mut options: Vec<Text>) -> Vec<Text> {
    options.retain(|option| split(option).0 != *INTERNAL);
    options
}

/// For `WITH (..)` and `SET (..)` of relations and columns: `"fillfactor"='70'`.
pub(crate) fn storage(options: &[Text]) -> Text {
    list(options, "", "=")
}

/// Options of a relation and of its TOAST table, as the content of `WITH (..)`.
pub(crate) fn with_toast(options: &[Text], toast: &[Text]) -> Text {
    let lists = [list(options, "", "="), list(toast, "toast.", "=")];
    Text::join(lists.iter().filter(|list| !list.is_empty()), ", ")
}

/// For `OPTIONS (..)` of foreign things: `"user" 'x'`.
pub(crate) fn generic(options: &[Text]) -> Text {
    list(options, "", " ")
}

/// ` WITH (..)`, or nothing where there is no option.
pub(crate) fn with_clause(content: &Text) -> Text {
    if content.is_empty() { Text::new() } else { text![" WITH (", content, ")"] }
}

/// Name and value of `name=value`.
pub(crate) fn split(option: &Text) -> (Text, Text) {
    let bytes = option.as_bytes();
    let at = bytes.iter().position(|&byte| byte == b'=').unwrap_or(bytes.len());
    (Text::from(&bytes[..at]), Text::from(bytes.get(at + 1..).unwrap_or_default()))
}

fn list(options: &[Text], prefix: &str, between: &str) -> Text {
    let written = options.iter().map(|option| {
        let (name, value) = split(option);
        text![prefix, name.ident(), between, value.literal()]
    });
    Text::join(written, ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_anything() {
        let options = ["fillfactor=70", "odd=a='b", "empty="].map(Text::from);
        assert_eq!(storage(&options), r#""fillfactor"='70', "odd"='a=''b', "empty"=''"#);
        assert_eq!(generic(&options[1..]), r#""odd" 'a=''b', "empty" ''"#);
        assert_eq!(with_toast(&[], &options[..1]), r#"toast."fillfactor"='70'"#);
    }
}
