//! Removal of what a restore will create, so that it can be created again.

use crate::object::{Kind, Object, Pass};
use crate::plan::{granted, is_created};
use crate::restore::batches;
use crate::restore::prepare::plan::Plan;
use crate::text;
use crate::text::Text;
use crate::text::lex;

/// Statements that remove what the plan creates, the last first, each with the number of locks
/// that it takes. What is not there is passed over.
pub(crate) fn statements(plan: &Plan) -> Vec<(Text, usize)> {
    let objects = &plan.manifest.objects;
    let gone = gone_with(plan);
    let removed =
        plan.objects().filter(|object| is_created(object) && gone[object.id.0 as usize] == object.id.0 as usize);
    let mut removed: Vec<&Object> =
        removed.filter(|o| o.kind.pass() != Pass::Grants || granted(o, &plan.rendering)).collect();
    removed.reverse();
    let whole = |object: &Object| object.part_of.map(|whole| &objects[whole.0 as usize]);
    let with_locks = |object| drops(object, whole(object)).into_iter().map(|drop| (drop, batches::removal(object)));
    removed.into_iter().flat_map(with_locks).collect()
}

/// Lets large objects that are there go before they are created.
pub(crate) fn replace(large_objects: &mut Object) {
    let drops = drops(large_objects, None);
    large_objects.create.splice(0..0, drops);
}

/// By object: the one whose removal takes it along, itself if none does. A piece goes with what it is a piece of, unless
/// it needs something that is created later than that and so has to go before: a policy that reads another table.
fn gone_with(plan: &Plan) -> Vec<usize> {
    let objects = &plan.manifest.objects;
    let mut gone: Vec<usize> = Vec::with_capacity(objects.len());
    for (at, object) in objects.iter().enumerate() {
        let needed = || object.needs.iter().filter(|id| plan.chosen.keeps(**id)).map(|id| id.0 as usize);
        let whole = match object.kind {
            // Keys go first: tables may refer to each other in a circle.
            Kind::ForeignKey => None,
            // A sequence needs a table only if that owns it.
            Kind::Sequence => needed().find(|&needed| objects[needed].kind == Kind::Table),
            _ => object.part_of.filter(|whole| plan.chosen.keeps(*whole)).map(|whole| whole.0 as usize),
        };
        // A shell comes before its type.
        let whole = whole.and_then(|whole| gone.get(whole).copied());
        let along = whole.filter(|&whole| {
            matches!(object.kind, Kind::Sequence | Kind::TableAttach) || needed().all(|needed| gone[needed] <= whole)
        });
        gone.push(along.unwrap_or(at));
    }
    gone
}

fn drops(object: &Object, whole: Option<&Object>) -> Vec<Text> {
    match object.kind {
        Kind::LargeObjects => object.drop.iter().map(only_existing).collect(),
        Kind::Subscription => vec![subscription(&object.name.name)],
        Kind::Rule if object.identity.is_empty() => whole.and_then(emptied).into_iter().collect(),
        Kind::Default | Kind::DomainConstraint | Kind::RowSecurity | Kind::DefaultPrivileges => {
            object.drop.iter().map(where_it_is).collect()
        }
        _ if !object.drop.is_empty() => object.drop.iter().map(tolerant).collect(),
        _ if object.identity.is_empty() => Vec::new(),
        _ => {
            let (kind, name) = split(object);
            vec![text!["DROP ", kind, " IF EXISTS", name, if object.cascades { " CASCADE" } else { "" }]]
        }
    }
}

/// Takes a view's query away, where others need the view and it needs what comes after them. A view of the target that
/// has other columns cannot be kept.
fn emptied(view: &Object) -> Option<Text> {
    let dummy = lex::inserted_after(view.create.first()?, &["CREATE"], " OR REPLACE");
    let body = text![
        "BEGIN IF pg_catalog.to_regclass(",
        view.name.sql().literal(),
        ") IS NOT NULL THEN ",
        dummy,
        "; END IF; EXCEPTION WHEN invalid_table_definition THEN DROP VIEW ",
        view.name.sql(),
        "; WHEN undefined_object OR invalid_schema_name THEN NULL; END"
    ];
    Some(text!["DO ", body.literal()])
}

/// Removes a subscription that is as a restore leaves it; the slot of one that is enabled may be in use. What becomes of
/// the slot on the publisher is not for a restore to say.
fn subscription(name: &Text) -> Text {
    let body = text![
        "DECLARE enabled pg_catalog.bool; BEGIN SELECT s.subenabled INTO enabled FROM pg_catalog.pg_subscription s ",
        "JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database() ",
        "AND s.subname = ",
        name.literal(),
        "; IF enabled THEN RAISE 'subscription % is enabled', ",
        name.ident().literal(),
        " USING HINT = 'disable it first: its slot may be in use'; ELSIF FOUND THEN ALTER SUBSCRIPTION ",
        name.ident(),
        " SET (slot_name = NONE); DROP SUBSCRIPTION ",
        name.ident(),
        "; END IF; END"
    ];
    text!["DO ", body.literal()]
}

/// A statement that may find nothing to work on.
fn where_it_is(statement: &Text) -> Text {
    let body = text![
        "BEGIN ",
        statement,
        "; EXCEPTION WHEN undefined_object OR undefined_table OR undefined_column OR invalid_schema_name THEN NULL; END"
    ];
    text!["DO ", body.literal()]
}

/// The words for the kind and the rest of an identity, which begins with a blank.
fn split(object: &Object) -> (Text, Text) {
    let all = lex::tokens(object.identity.as_bytes());
    let words = match object.kind {
        Kind::UserMapping => 2,
        Kind::Transform => 1,
        _ => usize::MAX,
    };
    // `CAST (..)` and operators have no name in quotes.
    let is_keyword = |token: &lex::Token<'_>| token.bytes.iter().all(u8::is_ascii_uppercase);
    let ends = (0..all.len()).step_by(2).take_while(|&at| is_keyword(&all[at])).take(words);
    let end = ends.last().map_or(0, |at| at + 1);
    (lex::joined(&all[..end]), lex::joined(&all[end..]))
}

/// `ALTER TABLE .. DROP CONSTRAINT ..` that does nothing where the table or the constraint is missing.
fn tolerant(statement: &Text) -> Text {
    let table = lex::inserted_after(statement, &["ALTER", "TABLE"], " IF EXISTS");
    lex::inserted_after(&table, &["DROP", "CONSTRAINT"], " IF EXISTS")
}

/// Large objects that are there.
fn only_existing(statement: &Text) -> Text {
    let there = " WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_largeobject_metadata AS m WHERE m.oid OPERATOR(pg_catalog.=) o.oid)";
    text![statement, there]
}
