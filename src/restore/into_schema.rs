//! Restores a schema under another name, beside the live one: names in statements are rewritten.
//!
//! Statements quote every name, so a schema is found as `"name".` outside of strings. Strings and bodies of functions
//! are never rewritten, but for names that the server itself resolves (`'..'::regclass`); what mentions the schema there
//! is left out and named.

use std::collections::BTreeMap;

use memchr::memmem;

use crate::object::{Kind, Object};
use crate::text::Text;

/// Old names of schemas with their new ones.
pub(crate) type Names = BTreeMap<Text, Text>;

/// Rewrites an object.
///
/// # Errors
///
/// Why that is not possible; the object is to be left out then.
pub(crate) fn rename(object: &mut Object, names: &Names) -> Result<(), String> {
    let mut writer = Writer { names, queries: has_query(object.kind), strings: true };
    let transition = |name: &Text| *name == "old" || *name == "new";
    if matches!(object.kind, Kind::Rule | Kind::Trigger) && names.keys().any(transition) {
        return Err("calls its rows by the name of the schema".into());
    }
    for text in object.definition_mut() {
        *text = writer.rewrite(text)?;
    }
    object.identity = writer.rewrite(&object.identity)?;
    if let Some(arguments) = &mut object.name.arguments {
        *arguments = writer.rewrite(arguments)?;
    }
    for text in object.table.iter_mut().flat_map(|table| [&mut table.root, &mut table.condition]).flatten() {
        *text = writer.rewrite(text)?;
    }
    // What people wrote about an object stays as they wrote it.
    writer.strings = false;
    for text in object.remarks_mut() {
        *text = writer.rewrite(text)?;
    }
    let schema = if object.kind == Kind::Schema { Some(&mut object.name.name) } else { object.name.schema.as_mut() };
    if let Some(schema) = schema
        && let Some(new) = names.get(schema)
    {
        *schema = new.clone();
    }
    Ok(())
}

/// Whether what comes back under another name may use this object of a schema that keeps its name; what triggers call
/// acts on tables.
pub(crate) fn may_use(object: &Object, names: &Names) -> bool {
    use Kind::*;
    let stays = object.name.schema.as_ref().is_some_and(|schema| !names.contains_key(schema));
    stays && matches!(object.kind, Type | ShellType | Domain | Function | Procedure | Aggregate)
}

/// Kinds whose statements hold queries, in which a table or an alias can be called as the schema is.
fn has_query(kind: Kind) -> bool {
    use Kind::*;
    matches!(kind, View | MaterializedView | Rule | Policy | Function | Procedure | Trigger)
}

struct Writer<'a> {
    names: &'a Names,
    queries: bool,
    /// Whether what stands in strings matters.
    strings: bool,
}

impl Writer<'_> {
    fn rewrite(&self, statement: &Text) -> Result<Text, String> {
        let bytes = statement.as_bytes();
        let mut out = Text::new();
        let mut at = 0;
        while at < bytes.len() {
            let end = token_end(bytes, at);
            let (token, rest) = (&bytes[at..end], &bytes[end..]);
            match bytes[at] {
                b'"' => out.push(self.name(token, &bytes[..at], rest)?),
                b'\'' => out.push(self.string(token, rest)?),
                _ => {
                    if token.len() > 1 {
                        self.refuse_mention(token, "its body")?;
                    }
                    out.push(token);
                }
            }
            at = end;
        }
        Ok(out)
    }

    fn name(&self, token: &[u8], before: &[u8], rest: &[u8]) -> Result<Text, String> {
        let found = self.names.iter().find(|(old, _)| old.ident().as_bytes() == token);
        let Some((old, new)) = found else { return Ok(verbatim(token)) };
        let qualifies = rest.first() == Some(&b'.') && before.last() != Some(&b'.');
        if qualifies || before.ends_with(b"SCHEMA ") {
            return Ok(new.ident());
        }
        if self.queries {
            return Err(format!("uses {old} as another name in its query"));
        }
        Ok(verbatim(token))
    }

    fn string(&self, token: &[u8], rest: &[u8]) -> Result<Text, String> {
        if is_resolved(rest) {
            let inner = verbatim(&token[1..token.len().max(2) - 1]).lossy().replace("''", "'");
            return Ok(self.rewrite(&Text::from(inner))?.literal());
        }
        self.refuse_mention(token, "a string")?;
        Ok(verbatim(token))
    }

    fn refuse_mention(&self, text: &[u8], place: &str) -> Result<(), String> {
        let mentioned = self.names.keys().find(|old| self.strings && mentions(text, old));
        mentioned.map_or(Ok(()), |old| Err(format!("mentions schema {old} in {place}")))
    }
}

fn verbatim(bytes: &[u8]) -> Text {
    Text::new().with(bytes)
}

/// Where the name, the string or the single byte ends that begins here.
pub(crate) fn token_end(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'"' => at + quoted(&bytes[at..], b'"', false),
        b'\'' => at + quoted(&bytes[at..], b'\'', is_escaped(bytes, at)),
        b'$' => at + dollars(bytes, at),
        _ => at + 1,
    }
}

/// Whether the server takes the string before this for the name of a relation or another object.
pub(crate) fn is_resolved(rest: &[u8]) -> bool {
    let resolved = [&b"::reg"[..], b"::\"reg", b"::\"pg_catalog\".\"reg", b"::pg_catalog.reg"];
    resolved.iter().any(|cast| rest.starts_with(cast))
}

/// Length of what is quoted, with its quotes; all that is left where the end is missing.
fn quoted(bytes: &[u8], quote: u8, escapes: bool) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Whether the string that begins here is one with backslash escapes: `E'..'`.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| bytes[at]);
    matches!(before(1), Some(b'E' | b'e')) && !before(2).is_some_and(is_word)
}

/// Length of a string between dollar signs, or 1 where none begins here.
fn dollars(bytes: &[u8], at: usize) -> usize {
    if at > 0 && is_word(bytes[at - 1]) {
        return 1;
    }
    let Some(tag) = bytes[at + 1..].iter().position(|&byte| !is_word(byte)).map(|length| &bytes[at..at + length + 2])
    else {
        return 1;
    };
    if tag.last() != Some(&b'$') || tag[1].is_ascii_digit() {
        return 1;
    }
    let body = at + tag.len();
    memmem::find(&bytes[body..], tag).map_or(bytes.len() - at, |length| tag.len() * 2 + length)
}

pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether a text has `name.` or `"name".` in it, in any case.
fn mentions(text: &[u8], name: &Text) -> bool {
    let (text, name) = (text.to_ascii_lowercase(), name.as_bytes().to_ascii_lowercase());
    memmem::find_iter(&text, &name).any(|at| {
        let after = &text[at + name.len()..];
        let begins = at == 0 || !is_word(text[at - 1]);
        begins && (after.starts_with(b".") || after.starts_with(b"\"."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(queries: bool, statement: &str) -> Result<String, String> {
        let names = Names::from([("pay".into(), "pay \"2".into())]);
        let writer = Writer { names: &names, queries, strings: true };
        writer.rewrite(&statement.into()).map(|text| text.lossy().into_owned())
    }

    #[test]
    fn only_names_of_the_schema_are_rewritten() {
        let cases = [
            (r#"CREATE TABLE "pay"."pay" ("pay" int)"#, r#"CREATE TABLE "pay ""2"."pay" ("pay" int)"#),
            (r#"CREATE SCHEMA "pay""#, r#"CREATE SCHEMA "pay ""2""#),
            (r#"nextval('"pay"."q''s"'::"regclass")"#, r#"nextval('"pay ""2"."q''s"'::"regclass")"#),
            (r#"CHECK ("t" = 'pay' OR "t" = 'repay.')"#, r#"CHECK ("t" = 'pay' OR "t" = 'repay.')"#),
            (r#"$body$ select payday.x $body$ "pay"."f"()"#, r#"$body$ select payday.x $body$ "pay ""2"."f"()"#),
        ];
        for (statement, expected) in cases {
            assert_eq!(rewritten(false, statement).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_cannot_be_rewritten_is_refused() {
        let refused = |queries, statement| rewritten(queries, statement).unwrap_err();
        assert_eq!(refused(false, "DEFAULT f('Pay.x')"), "mentions schema pay in a string");
        assert_eq!(refused(false, r#"E'a\' "pay".'"#), "mentions schema pay in a string");
        assert_eq!(refused(false, r#"AS $body$ select * from "pay".t $body$"#), "mentions schema pay in its body");
        assert_eq!(refused(true, r#"SELECT "pay"."c" FROM "s"."t" "pay""#), "uses pay as another name in its query");
    }
}
