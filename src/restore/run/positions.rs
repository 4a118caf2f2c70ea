//! Statements that set sequences to where they stood.

use crate::repository::Position;
use crate::text;
use crate::text::Text;

/// Sets sequences, named as quoted SQL: those that a crash of the server resets, or the others; the target says which
/// they are. `forward`: only those that stand behind, so that what others took meanwhile is never given out again.
pub(crate) fn statement(wanted: &[(Text, &Position)], unlogged: bool, forward: bool) -> Text {
    if forward {
        return Text::join(wanted.iter().map(|(name, position)| only_forward(name, position, unlogged)), "; ");
    }
    let values = wanted.iter().map(|(name, position)| {
        text!["(", name.literal(), format!(", {}::pg_catalog.int8, {})", position.last_value, position.is_called)]
    });
    text![
        "SELECT pg_catalog.setval(c.oid, p.last, p.called) FROM (VALUES ",
        Text::join(values, ", "),
        ") AS p (name, last, called) JOIN pg_catalog.pg_class c ON c.oid = p.name::pg_catalog.regclass WHERE ",
        persistence(unlogged)
    ]
}

fn persistence(unlogged: bool) -> &'static str {
    if unlogged { "c.relpersistence = 'u'" } else { "c.relpersistence <> 'u'" }
}

fn only_forward(name: &Text, position: &Position, unlogged: bool) -> Text {
    let (value, is_called) = (position.last_value, position.is_called);
    let behind = |sign: &str| {
        format!("s.last_value {sign} {value} OR s.last_value = {value} AND {is_called} AND NOT s.is_called")
    };
    text![
        format!("SELECT pg_catalog.setval(c.oid, {value}, {is_called}) FROM "),
        name,
        " AS s, pg_catalog.pg_sequence AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.seqrelid WHERE p.seqrelid = ",
        name.literal(),
        "::pg_catalog.regclass AND ",
        persistence(unlogged),
        format!(" AND CASE WHEN p.seqincrement > 0 THEN {} ELSE {} END", behind("<"), behind(">"))
    ]
}
