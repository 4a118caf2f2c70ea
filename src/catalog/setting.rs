//! Settings as catalogs store them (`proconfig`, `setconfig`): `name=value` in one string.

use crate::catalog::options;
use crate::text;
use crate::text::Text;

/// Settings whose value is a list of quoted names (`GUC_LIST_QUOTE` of the server); each name has to be written as a
/// string of its own, or `a, b` would become one name.
const LISTS: &[&str] = &[
    "local_preload_libraries",
    "oauth_validator_libraries",
    "output_plugin_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// The name of the setting.
pub(crate) fn name_of(entry: &Text) -> Text {
    options::split(entry).0
}

/// `"name" TO 'value'`, to follow SET.
pub(crate) fn assignment(entry: &Text) -> Text {
    let (name, value) = options::split(entry);
    let is_list = LISTS.iter().any(|list| name.as_bytes().eq_ignore_ascii_case(list.as_bytes()));
    let names = if is_list { names(value.as_bytes()) } else { None };
    let value = match names {
        Some(names) => Text::join(names.iter().map(Text::literal), ", "),
        None => value.literal(),
    };
    text![name.ident(), " TO ", value]
}

/// The elements of a list of names, as the server's `SplitGUCList` takes it apart; `None` where there are none or the
/// list is not well formed.
fn names(list: &[u8]) -> Option<Vec<Text>> {
    let mut names = Vec::new();
    let mut rest = list.trim_ascii();
    loop {
        let (name, after) = name(rest)?;
        names.push(name);
        match after.trim_ascii_start() {
            [] => return Some(names),
            [b',', more @ ..] => rest = more.trim_ascii_start(),
            _ => return None,
        }
    }
}

/// The first name, in double quotes or not, and what follows it.
fn name(list: &[u8]) -> Option<(Text, &[u8])> {
    let [b'"', quoted @ ..] = list else {
        let end = list.iter().position(|&b| b == b',' || b.is_ascii_whitespace()).unwrap_or(list.len());
        return (end > 0).then(|| (Text::from(&list[..end]), &list[end..]));
    };
    let mut name = Vec::new();
    let mut rest = quoted;
    loop {
        match rest {
            [b'"', b'"', more @ ..] => (name.push(b'"'), rest = more).1,
            [b'"', more @ ..] => return Some((name.into(), more)),
            [byte, more @ ..] => (name.push(*byte), rest = more).1,
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_names_apart() {
        for (stored, written) in [
            (r#"search_path=a, "B ""c, d""", """#, r#""search_path" TO 'a', 'B "c, d"', ''"#),
            (r#"search_path="""#, r#""search_path" TO ''"#),
            ("search_path=", r#""search_path" TO ''"#),
            ("search_path=$user,public", r#""search_path" TO '$user', 'public'"#),
            ("work_mem=5MB", r#""work_mem" TO '5MB'"#),
            ("my.thing=it's a=b, c", r#""my.thing" TO 'it''s a=b, c'"#),
            (r#"Temp_Tablespaces="broken"#, r#""Temp_Tablespaces" TO '"broken'"#),
        ] {
            assert_eq!(assignment(&stored.into()), written);
        }
    }
}
