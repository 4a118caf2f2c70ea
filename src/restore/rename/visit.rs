//! One walk over the pieces of a statement, which gives names their new ones.
//!
//! Statements quote every name, so one with its schema is `"schema"."name"`. Strings are entered in one place, where the
//! server itself takes them for names: `'..'::regclass`, `SET search_path`, the block of a DO.

use crate::restore::rename::names::Renames;
use crate::text;
use crate::text::Text;
use crate::text::lex::{Token, TokenKind, is_mentioned, tokens};

/// What an unqualified name means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// A column, or the row where `.*` follows.
    Row,
    /// The table that an expression of a policy is about.
    Table,
    /// Nobody knows: a relation or another name for one.
    Alias,
}

/// What becomes of an object that says an old name in a string or a comment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    /// It comes back as it is; nobody needs to know.
    Stays,
    /// It comes back as it is and is told.
    Told,
    /// It is left out for what its body says, since that acts on what is live.
    Body,
    /// It is left out.
    Acts,
}

/// Rewrites the statements of one object.
pub(super) struct Visitor<'a> {
    pub(super) renames: &'a Renames,
    pub(super) alone: Alone,
    /// Old and new name of the index that the object is or has: it is also named without its schema.
    pub(super) own: Option<(Text, Text)>,
    pub(super) speech: Speech,
    /// What was said of old names in what stays as it is.
    pub(super) told: Vec<String>,
}

impl Visitor<'_> {
    pub(super) fn statement(&mut self, statement: &Text) -> Result<Text, String> {
        let all = tokens(statement.as_bytes());
        let mut out = Text::new();
        let mut at = 0;
        while let Some(token) = all.get(at) {
            let mut length = 1;
            match token.kind {
                TokenKind::Name => (out, length) = self.name(&all, at, out)?,
                TokenKind::Plain | TokenKind::Escaped => out.push(self.string(&all, at)?),
                TokenKind::Dollar | TokenKind::Unicode | TokenKind::Comment => {
                    self.hear(token)?;
                    out.push(token.bytes);
                }
                _ => out.push(token.bytes),
            }
            at += length;
        }
        Ok(out)
    }

    /// Appends the name at this place, or the two that are one; also says how many pieces that were.
    fn name(&self, all: &[Token<'_>], at: usize, out: Text) -> Result<(Text, usize), String> {
        let name = all[at].name().unwrap_or_default();
        if at > 0 && all[at - 1].is(b'.') {
            let of_schema = at > 1 && all[at - 2].name().is_some_and(|schema| self.renames.known.contains(&schema));
            if of_schema && self.alone != Alone::Row && self.renames.schemas.contains_key(&name) {
                return Err(another_name(&name));
            }
            return Ok((out.with(all[at].bytes), 1));
        }
        let qualifies = all.get(at + 1).is_some_and(|token| token.is(b'.'));
        if let Some((schema, second)) =
            second(all, at, false).and_then(|second| self.renames.relations.get(&(name.clone(), second)))
        {
            return Ok((text![out, schema.ident(), ".", second.ident()], 3));
        }
        if let Some(new) = self.renames.schemas.get(&name) {
            if qualifies || is_after(all, at, &["SCHEMA"]) {
                return Ok((out.with(new.ident()), 1));
            }
            if self.alone != Alone::Row {
                return Err(another_name(&name));
            }
        }
        Ok((out.with(self.alone(all, at, &name)?), 1))
    }

    /// A name that is not that of a relation with its schema.
    fn alone(&self, all: &[Token<'_>], at: usize, name: &Text) -> Result<Text, String> {
        let belongs =
            || [&["INDEX"][..], &["CONSTRAINT"], &["CLUSTER", "ON"]].iter().any(|words| is_after(all, at, words));
        if let Some((_, new)) = self.own.as_ref().filter(|(old, _)| old == name && belongs()) {
            return Ok(new.ident());
        }
        let relation = self.renames.relations.iter().find(|((_, old), _)| old == name).map(|(_, (_, new))| new);
        let follows = |at: usize, byte: u8| all.get(at).is_some_and(|token| token.is(byte));
        match (relation, self.alone) {
            (Some(new), Alone::Row) if follows(at + 1, b'.') && follows(at + 2, b'*') => Ok(new.ident()),
            (Some(new), Alone::Table) if follows(at + 1, b'.') && !self.renames.known.contains(name) => Ok(new.ident()),
            (Some(_), Alone::Alias | Alone::Table) if follows(at + 1, b'.') => Err(another_name(name)),
            _ => Ok(Text::from(all[at].bytes)),
        }
    }

    fn string(&mut self, all: &[Token<'_>], at: usize) -> Result<Text, String> {
        let content = all[at].string().unwrap_or_default();
        if is_after(all, at, &["DO"]) {
            return Ok(self.statement(&content)?.literal());
        }
        if let Some(cast) = resolved(all, at) {
            return Ok(self.resolved(&content, &cast).map_or_else(|| Text::from(all[at].bytes), |new| new.literal()));
        }
        if let Some(new) = self.renames.schemas.get(&content).filter(|_| is_in_search_path(all, at)) {
            return Ok(new.literal());
        }
        self.hear(&all[at])?;
        Ok(Text::from(all[at].bytes))
    }

    /// What the server takes for the name of an object of this kind, with other names; `None` where it has none of them.
    fn resolved(&self, content: &Text, cast: &Text) -> Option<Text> {
        let all = tokens(content.as_bytes());
        let mut out = Text::new();
        let (mut at, mut changed) = (0, false);
        while let Some(token) = all.get(at) {
            let name = token.name().filter(|_| at == 0 || !all[at - 1].is(b'.'));
            let pair = name.clone().zip(second(&all, at, true));
            let qualifies = pair.is_some() || *cast == "regnamespace";
            if let Some((schema, name)) = pair.and_then(|pair| self.renames.relations.get(&pair)) {
                out.push(text![schema.ident(), ".", name.ident()]);
                (at, changed) = (at + 2, true);
            } else if let Some(new) = name.filter(|_| qualifies).and_then(|name| self.renames.schemas.get(&name)) {
                out.push(new.ident());
                changed = true;
            } else {
                out.push(token.bytes);
            }
            at += 1;
        }
        changed.then_some(out)
    }

    /// Listens to what is said where no name is looked for.
    fn hear(&mut self, token: &Token<'_>) -> Result<(), String> {
        if self.speech == Speech::Stays {
            return Ok(());
        }
        let schemas = self.renames.schemas.keys().filter(|name| is_mentioned(token.bytes, &[name]));
        let relations =
            self.renames.relations.keys().filter(|(schema, name)| is_mentioned(token.bytes, &[schema, name]));
        let found = schemas.map(|name| format!("schema {name}"));
        let Some(found) = found.chain(relations.map(|(schema, name)| format!("{schema}.{name}"))).min() else {
            return Ok(());
        };
        let body = token.kind == TokenKind::Dollar;
        let said = format!("mentions {found} in {}", if body { "its body" } else { "a string" });
        match self.speech {
            Speech::Acts => return Err(said),
            Speech::Body if body => return Err(said),
            _ if self.told.contains(&said) => (),
            _ => self.told.push(said),
        }
        Ok(())
    }
}

fn another_name(name: &Text) -> String {
    format!("uses {name} as another name in its query")
}

/// The second of two names with a point between them; `words` are names too in what people wrote.
fn second(all: &[Token<'_>], at: usize, words: bool) -> Option<Text> {
    let (point, name) = (all.get(at + 1)?, all.get(at + 2)?);
    (point.is(b'.') && (words || name.kind == TokenKind::Name)).then(|| name.name())?
}

/// Whether these words stand right before a place.
fn is_after(all: &[Token<'_>], at: usize, words: &[&str]) -> bool {
    let mut before = all[..at].iter().rev().filter(|token| !token.is_blank());
    words.iter().rev().all(|word| before.next().is_some_and(|token| token.is_word(word)))
}

/// The type of system names that the string at this place is cast to, maybe by way of text: `('..'::text)::regclass`.
fn resolved(all: &[Token<'_>], at: usize) -> Option<Text> {
    let (mut before, mut after) = (at, at + 1);
    loop {
        let closes = all.get(after).is_some_and(|token| token.is(b')'));
        if closes {
            // The parentheses hold nothing else, and are no call.
            before = before.checked_sub(1).filter(|&open| all[open].is(b'('))?;
            let called = before.checked_sub(1).is_some_and(|at| all[at].name().is_some());
            after += 1;
            if called {
                return None;
            }
            continue;
        }
        let colons = all.get(after..after + 2)?;
        if !colons.iter().all(|token| token.is(b':')) {
            return None;
        }
        after += 2;
        if all.get(after)?.name()? == "pg_catalog" && all.get(after + 1)?.is(b'.') {
            after += 2;
        }
        let name = all.get(after)?.name()?;
        after += 1;
        match name.as_str()? {
            "text" | "varchar" | "name" => (),
            reg if reg.starts_with("reg") => return Some(name),
            _ => return None,
        }
    }
}

/// Whether the string at this place is one of `SET search_path TO 'a', 'b'`.
fn is_in_search_path(all: &[Token<'_>], at: usize) -> bool {
    let mut before = all[..at].iter().rev().filter(|token| {
        !(token.is_blank() || token.is(b',') || matches!(token.kind, TokenKind::Plain | TokenKind::Escaped))
    });
    before.next().is_some_and(|token| token.is_word("TO"))
        && before.next().and_then(Token::name).is_some_and(|name| name == "search_path")
        && before.next().is_some_and(|token| token.is_word("SET"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(renames: &Renames, alone: Alone, speech: Speech, statement: &str) -> Result<String, String> {
        let own = Some((Text::from("i"), Text::from("i2")));
        let mut visitor = Visitor { renames, alone, own, speech, told: Vec::new() };
        let text = visitor.statement(&statement.into())?;
        Ok(visitor.told.into_iter().fold(text.to_string(), |text, told| text + " <- " + &told))
    }

    fn schemas() -> Renames {
        let known = ["pay", "s"].map(Text::from).into();
        Renames { schemas: [("pay".into(), "pay \"2".into())].into(), known, ..Renames::default() }
    }

    fn relations() -> Renames {
        let place = |name: &str| (Text::from("o"), Text::from(name));
        let new = |name: &str| (Text::from("n"), Text::from(name));
        let relations = [(place("t"), new("t \"2")), (place("t_seq"), new("u_seq"))].into();
        Renames { relations, known: [Text::from("o")].into(), ..Renames::default() }
    }

    #[test]
    fn only_names_of_the_schema_are_rewritten() {
        let cases = [
            (r#"CREATE TABLE "pay"."pay" ("pay" int)"#, r#"CREATE TABLE "pay ""2"."pay" ("pay" int)"#),
            (r#"CREATE SCHEMA "pay""#, r#"CREATE SCHEMA "pay ""2""#),
            (r#"nextval('"pay"."q''s"'::"regclass")"#, r#"nextval('"pay ""2"."q''s"'::"regclass")"#),
            (r#"nextval(('Pay.Q'::"text")::"regclass")"#, r#"nextval(('"pay ""2".Q'::"text")::"regclass")"#),
            (
                r#"f('pay'::"pg_catalog"."regnamespace", 'pay'::"regclass")"#,
                r#"f('"pay ""2"'::"pg_catalog"."regnamespace", 'pay'::"regclass")"#,
            ),
            (
                r#"f('pay.x'::"text")::"regclass""#,
                r#"f('pay.x'::"text")::"regclass" <- mentions schema pay in a string"#,
            ),
            (
                r#"SET "search_path" TO 'x', 'pay' SET "y" TO 'pay'"#,
                r#"SET "search_path" TO 'x', 'pay "2' SET "y" TO 'pay'"#,
            ),
            (r#"CHECK ("t" = 'pay' OR "t" = 'repay.')"#, r#"CHECK ("t" = 'pay' OR "t" = 'repay.')"#),
            (r#"DEFAULT 'see "Pay".x'"#, r#"DEFAULT 'see "Pay".x' <- mentions schema pay in a string"#),
            (r#"$body$ select payday.x $body$ "pay"."f"()"#, r#"$body$ select payday.x $body$ "pay ""2"."f"()"#),
            (r#"DO 'ALTER TABLE "pay"."it''s" x'"#, r#"DO 'ALTER TABLE "pay ""2"."it''s" x'"#),
        ];
        for (statement, expected) in cases {
            assert_eq!(rewritten(&schemas(), Alone::Row, Speech::Told, statement).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_acts_on_what_is_live_is_refused() {
        let refused = |speech, statement| rewritten(&schemas(), Alone::Alias, speech, statement).unwrap_err();
        assert_eq!(refused(Speech::Acts, "f('Pay.x')"), "mentions schema pay in a string");
        assert_eq!(refused(Speech::Acts, r#"E'a\' "pay".'"#), "mentions schema pay in a string");
        let body = r#"AS $body$ select * from "pay".t $body$"#;
        assert_eq!(refused(Speech::Body, body), "mentions schema pay in its body");
        assert_eq!(
            refused(Speech::Told, r#"SELECT "pay"."c" FROM "s"."t" "pay""#),
            "uses pay as another name in its query"
        );
        assert_eq!(
            refused(Speech::Told, r#"SELECT "pay"."c" FROM "pay"."pay""#),
            "uses pay as another name in its query"
        );
        assert!(rewritten(&schemas(), Alone::Alias, Speech::Told, r#"SELECT "i"."pay" FROM "pay"."t" "i""#).is_ok());
    }

    #[test]
    fn only_names_of_the_relations_are_rewritten() {
        for (statement, expected) in [
            (
                r#"COMMENT ON COLUMN "o"."t"."t" IS 'o.t'"#,
                r#"COMMENT ON COLUMN "n"."t ""2"."t" IS 'o.t' <- mentions o.t in a string"#,
            ),
            (r#"CREATE INDEX "i" ON "o"."t" ("i", "t")"#, r#"CREATE INDEX "i2" ON "n"."t ""2" ("i", "t")"#),
            (r#"CHECK (f("t".*) AND "t" > 0 AND "x"."t" = 1)"#, r#"CHECK (f("t ""2".*) AND "t" > 0 AND "x"."t" = 1)"#),
            (r#"nextval('"o"."t_seq"'::"regclass")"#, r#"nextval('"n"."u_seq"'::"regclass")"#),
        ] {
            assert_eq!(rewritten(&relations(), Alone::Row, Speech::Told, statement).as_deref(), Ok(expected));
        }
        let policy =
            r#"CREATE POLICY "i" ON "o"."t" USING ((EXISTS ( SELECT 1 FROM "o"."u" WHERE "u"."id" = "t"."id")))"#;
        let expected = policy.replace(r#""o"."t" "#, r#""n"."t ""2" "#).replace(r#""t"."id""#, r#""t ""2"."id""#);
        assert_eq!(rewritten(&relations(), Alone::Table, Speech::Told, policy), Ok(expected));
        let refused = |statement| rewritten(&relations(), Alone::Alias, Speech::Body, statement).unwrap_err();
        assert_eq!(refused(r#"SELECT "t"."a" FROM "o"."t""#), "uses t as another name in its query");
        assert_eq!(refused(r#"AS $body$ select from O."t"; $body$"#), "mentions o.t in its body");
        assert!(rewritten(&relations(), Alone::Alias, Speech::Body, "$body$ select from o.tt, xo.t $body$").is_ok());
    }
}
