//! Defaults that take numbers from a sequence, found in the statements that set them.

use std::collections::HashMap;

use crate::restore::rename::names::Place;
use crate::text;
use crate::text::Text;
use crate::text::lex::{Token, TokenKind, tokens};

/// Columns of CREATE TABLE whose default takes numbers from a sequence that gets no other name.
pub(crate) fn columns_of_live_sequences(statement: &Text, names: &HashMap<Place, Place>) -> Vec<Text> {
    let all = tokens(statement.as_bytes());
    let mut depth = 0;
    let mut column = None;
    let mut found = Vec::new();
    for (at, token) in all.iter().enumerate() {
        match token.kind {
            TokenKind::Other if token.is(b'(') => depth += 1,
            TokenKind::Other if token.is(b')') => depth -= 1,
            TokenKind::Other if token.is(b',') && depth == 1 => column = None,
            TokenKind::Name if depth == 1 && column.is_none() => column = token.name(),
            TokenKind::Plain | TokenKind::Escaped if takes_number(&all[..at]) && !is_renamed(token, names) => {
                found.extend(column.clone());
            }
            _ => {}
        }
    }
    found.dedup();
    found
}

/// Whether a default takes numbers from a sequence that gets no other name.
pub(crate) fn takes_from_live_sequence(statement: &Text, names: &HashMap<Place, Place>) -> bool {
    !columns_of_live_sequences(&text!["(\"c\" ", statement, ")"], names).is_empty()
}

/// Whether what comes next is what `nextval(` takes, in any parentheses.
fn takes_number(before: &[Token<'_>]) -> bool {
    let mut before = before.iter().rev().filter(|token| !token.is_blank()).peekable();
    let mut opened = false;
    while before.next_if(|token| token.is(b'(')).is_some() {
        opened = true;
    }
    opened && before.next().and_then(Token::name).is_some_and(|name| name == "nextval")
}

fn is_renamed(token: &Token<'_>, names: &HashMap<Place, Place>) -> bool {
    let content = token.string().unwrap_or_default();
    match tokens(content.as_bytes()).as_slice() {
        [schema, point, name] if point.is(b'.') => {
            schema.name().zip(name.name()).is_some_and(|place| names.contains_key(&place))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_that_take_from_a_live_sequence_are_found() {
        let place = |name: &str| (Text::from("o"), Text::from(name));
        let names = HashMap::from([(place("t_seq"), place("u_seq"))]);
        let table = r#"CREATE TABLE "o"."t" (
            "a" int DEFAULT "nextval"('"o"."t_seq"'::"regclass"), "b" numeric(3,2) DEFAULT 'x, (',
            "c,"" d" int DEFAULT (1 + "nextval"('"o"."live"'::"regclass")), "e" int DEFAULT nextval(('o.v_seq'::text)::regclass))"#;
        assert_eq!(columns_of_live_sequences(&table.into(), &names), [Text::from("c,\" d"), Text::from("e")]);
    }
}
