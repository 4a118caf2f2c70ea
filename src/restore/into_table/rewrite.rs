//! Statements with other names for relations. All names in them are quoted; strings stay as they are but for names that
//! the server itself resolves.

use std::collections::{HashMap, HashSet};

use memchr::memmem;

use crate::restore::into_schema::{is_resolved, is_word, token_end};
use crate::restore::into_table::names::Place;
use crate::text;
use crate::text::Text;

/// What an unqualified name of a table means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unqualified {
    /// A column, or the row where `.*` follows.
    Row,
    /// The table that an expression of a policy is about.
    Table,
    /// Nobody knows: a table or another name for one.
    Alias,
}

/// Rewrites the statements of one object.
pub(super) struct Writer<'a> {
    pub(super) names: &'a HashMap<Place, Place>,
    /// All schemas: a policy that reads one of the same name as the table says it in the same way.
    pub(super) schemas: &'a HashSet<Text>,
    pub(super) unqualified: Unqualified,
    /// Old and new name of the index that the object is or has: it is also named without its schema.
    pub(super) own: Option<(Text, Text)>,
    /// Whether bodies and strings must not mention a table that gets another name.
    pub(super) bodies: bool,
}

impl Writer<'_> {
    pub(super) fn rewrite(&self, statement: &Text) -> Result<Text, String> {
        let bytes = statement.as_bytes();
        let mut out = Text::new();
        let mut at = 0;
        while at < bytes.len() {
            let mut end = token_end(bytes, at);
            let (token, rest) = (&bytes[at..end], &bytes[end..]);
            match bytes[at] {
                b'"' if at > 0 && bytes[at - 1] == b'.' => out.push(token),
                b'"' => {
                    let second = rest.strip_prefix(b".").filter(|rest| rest.starts_with(b"\""));
                    let second = second.map(|rest| &rest[..token_end(rest, 0)]);
                    let pair = second.and_then(|name| self.names.get(&(unquoted(token), unquoted(name))));
                    if let (Some(second), Some((schema, name))) = (second, pair) {
                        out.push(text![schema.ident(), ".", name.ident()]);
                        end += 1 + second.len();
                    } else {
                        out.push(self.alone(token, &bytes[..at], rest)?);
                    }
                }
                b'\'' => out.push(self.string(token, &bytes[..at], rest)?),
                _ => {
                    self.refuse_mention(token)?;
                    out.push(token);
                }
            }
            at = end;
        }
        Ok(out)
    }

    /// A name that is not that of a relation with its schema.
    fn alone(&self, token: &[u8], before: &[u8], rest: &[u8]) -> Result<Text, String> {
        if let Some((_, new)) = self.own.as_ref().filter(|(old, _)| old.ident().as_bytes() == token)
            && [&b"INDEX "[..], b"CONSTRAINT ", b"CLUSTER ON "].iter().any(|words| before.ends_with(words))
        {
            return Ok(new.ident());
        }
        let name = unquoted(token);
        let table = self.names.iter().find(|((_, old), _)| *old == name).map(|(_, (_, new))| new);
        match (table, self.unqualified) {
            (Some(new), Unqualified::Row) if rest.starts_with(b".*") => Ok(new.ident()),
            (Some(new), Unqualified::Table) if rest.starts_with(b".") && !self.schemas.contains(&name) => {
                Ok(new.ident())
            }
            (Some(_), Unqualified::Alias | Unqualified::Table) if rest.starts_with(b".") => {
                Err(format!("uses {name} as another name in its query"))
            }
            _ => Ok(Text::from(token)),
        }
    }

    fn string(&self, token: &[u8], before: &[u8], rest: &[u8]) -> Result<Text, String> {
        // A grant in the name of another role is a statement in a string.
        if is_resolved(rest) || before.trim_ascii() == b"DO" {
            return Ok(self.rewrite(&content(token))?.literal());
        }
        self.refuse_mention(token)?;
        Ok(Text::from(token))
    }

    fn refuse_mention(&self, token: &[u8]) -> Result<(), String> {
        if !self.bodies || token.len() < 2 {
            return Ok(());
        }
        match self.names.keys().find(|place| mentions(token, place)) {
            Some((schema, name)) => Err(format!("mentions {schema}.{name} in its body")),
            None => Ok(()),
        }
    }
}

/// Columns of CREATE TABLE whose default takes numbers from a sequence that gets no other name.
pub(super) fn columns_of_live_sequences(statement: &Text, names: &HashMap<Place, Place>) -> Vec<Text> {
    let bytes = statement.as_bytes();
    let (mut depth, mut at) = (0, 0);
    let mut column = None;
    let mut found = Vec::new();
    while at < bytes.len() {
        let end = token_end(bytes, at);
        let (token, rest) = (&bytes[at..end], &bytes[end..]);
        match bytes[at] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 1 => column = None,
            b'"' if depth == 1 && column.is_none() => column = Some(unquoted(token)),
            b'\'' if takes_number(&bytes[..at]) && !is_renamed(token, rest, names) => found.extend(column.clone()),
            _ => {}
        }
        at = end;
    }
    found.dedup();
    found
}

/// Whether a default takes numbers from a sequence that gets no other name.
pub(super) fn takes_from_live_sequence(statement: &Text, names: &HashMap<Place, Place>) -> bool {
    !columns_of_live_sequences(&text!["(\"c\" ", statement, ")"], names).is_empty()
}

fn takes_number(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let open = before.iter().rev().take_while(|byte| **byte == b'(').count();
    let call = &before[..before.len() - open];
    open > 0 && (call.ends_with(b"nextval") || call.ends_with(b"nextval\""))
}

fn is_renamed(token: &[u8], rest: &[u8], names: &HashMap<Place, Place>) -> bool {
    let content = content(token);
    let bytes = content.as_bytes();
    if !is_resolved(rest) || !bytes.starts_with(b"\"") {
        return false;
    }
    let (schema, name) = bytes.split_at(token_end(bytes, 0));
    name.strip_prefix(b".").is_some_and(|name| names.contains_key(&(unquoted(schema), unquoted(name))))
}

fn unquoted(token: &[u8]) -> Text {
    within(token, b'"')
}

/// What a plain string says.
fn content(token: &[u8]) -> Text {
    within(token, b'\'')
}

fn within(token: &[u8], quote: u8) -> Text {
    let inner = token.strip_prefix(&[quote]).and_then(|rest| rest.strip_suffix(&[quote])).unwrap_or(token);
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == quote {
            bytes.next_if_eq(&quote);
        }
        out.push(byte);
    }
    Text::from(out)
}

/// Whether a text has `schema.table` in it, quoted or not, in any case.
fn mentions(text: &[u8], (schema, name): &Place) -> bool {
    let bare = |bytes: &[u8]| bytes.iter().filter(|b| **b != b'"').map(u8::to_ascii_lowercase).collect::<Vec<u8>>();
    let (text, sought) = (bare(text), bare(text![schema, ".", name].as_bytes()));
    memmem::find_iter(&text, &sought).any(|at| {
        let begins = at == 0 || !is_word(text[at - 1]);
        begins && !text.get(at + sought.len()).copied().is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> HashMap<Place, Place> {
        let place = |name: &str| (Text::from("o"), Text::from(name));
        [(place("t"), (Text::from("n"), Text::from("t \"2"))), (place("t_seq"), (Text::from("n"), Text::from("u_seq")))]
            .into()
    }

    fn rewritten(unqualified: Unqualified, bodies: bool, statement: &str) -> Result<String, String> {
        let own = Some((Text::from("i"), Text::from("i2")));
        let names = names();
        let schemas = HashSet::from([Text::from("o")]);
        let writer = Writer { names: &names, schemas: &schemas, unqualified, own, bodies };
        writer.rewrite(&statement.into()).map(|text| text.to_string())
    }

    #[test]
    fn only_names_of_the_relations_are_rewritten() {
        for (statement, expected) in [
            (r#"COMMENT ON COLUMN "o"."t"."t" IS 'o.t'"#, r#"COMMENT ON COLUMN "n"."t ""2"."t" IS 'o.t'"#),
            (r#"CREATE INDEX "i" ON "o"."t" ("i", "t")"#, r#"CREATE INDEX "i2" ON "n"."t ""2" ("i", "t")"#),
            (r#"CHECK (f("t".*) AND "t" > 0 AND "x"."t" = 1)"#, r#"CHECK (f("t ""2".*) AND "t" > 0 AND "x"."t" = 1)"#),
            (r#"nextval('"o"."t_seq"'::"regclass")"#, r#"nextval('"n"."u_seq"'::"regclass")"#),
            (r#"DO 'GRANT x ON "o"."t" TO "it''s"'"#, r#"DO 'GRANT x ON "n"."t ""2" TO "it''s"'"#),
        ] {
            assert_eq!(rewritten(Unqualified::Row, false, statement).as_deref(), Ok(expected));
        }
        let policy =
            r#"CREATE POLICY "i" ON "o"."t" USING ((EXISTS ( SELECT 1 FROM "o"."u" WHERE "u"."id" = "t"."id")))"#;
        let expected = policy.replace(r#""o"."t" "#, r#""n"."t ""2" "#).replace(r#""t"."id""#, r#""t ""2"."id""#);
        assert_eq!(rewritten(Unqualified::Table, false, policy), Ok(expected));
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        let refused = |statement| rewritten(Unqualified::Alias, true, statement).unwrap_err();
        assert_eq!(refused(r#"SELECT "t"."a" FROM "o"."t""#), "uses t as another name in its query");
        assert_eq!(refused(r#"AS $body$ select from O."t"; $body$"#), "mentions o.t in its body");
        assert!(rewritten(Unqualified::Alias, true, "AS $body$ select from o.tt, xo.t $body$").is_ok());
    }

    #[test]
    fn defaults_that_take_from_a_live_sequence_are_found() {
        let table = r#"CREATE TABLE "o"."t" (
            "a" int DEFAULT "nextval"('"o"."t_seq"'::"regclass"), "b" numeric(3,2) DEFAULT 'x, (',
            "c,"" d" int DEFAULT (1 + "nextval"('"o"."live"'::"regclass")), "e" int DEFAULT nextval(('o.t_seq'::text)::regclass))"#;
        assert_eq!(columns_of_live_sequences(&table.into(), &names()), [Text::from("c,\" d"), Text::from("e")]);
    }
}
