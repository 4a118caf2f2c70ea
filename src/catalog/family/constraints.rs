//! Primary keys, unique and exclusion constraints, each with its index.

use crate::catalog::draft::{Address, Draft, class};
use crate::catalog::family::columns::Columns;
use crate::catalog::family::{checks, indexes};
use crate::catalog::options;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object::{Kind, Name};
use crate::pg::Row;
use crate::text;
use crate::text::Text;

pub(crate) async fn load(source: &Source, columns: &Columns) -> Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    for row in &source.query("constraints", include_str!("constraints.sql")).await? {
        let constraint = draft(row, columns)?;
        if row.boolean("index_commented")? {
            drafts.push(index(row, &constraint)?);
        }
        drafts.push(constraint);
    }
    Ok(drafts)
}

fn draft(row: &Row, columns: &Columns) -> Result<Draft> {
    let name = Name::on_table(row.text("schema")?, row.text("table")?, row.text("name")?);
    let table = Name::in_schema(row.text("schema")?, row.text("table")?).sql();
    let identity = text!["CONSTRAINT ", name.name.ident(), " ON ", table];
    let mut draft = Draft::new(class::CONSTRAINT, row.number("oid")?, Kind::Constraint, name, identity);
    draft.part_of = Some(Address { class: class::CLASS, oid: row.number("relation")? });
    draft.tablespace = Some(row.text("tablespace")?);
    let constraint = draft.name.name.ident();
    let whole_tree = row.boolean("whole_tree")?;
    let parent: u32 = row.number("parent")?;
    draft.needs = checks::addresses(&row.numbers::<u32>("not_nulls")?);
    if whole_tree && parent != 0 {
        draft.needs.push(Address { class: class::CONSTRAINT, oid: parent });
        of_the_tree(&mut draft, row, &table)?;
    } else {
        let only = if whole_tree { "" } else { "ONLY " };
        let add = text!["ALTER TABLE ", only, table, " ADD CONSTRAINT ", constraint, " "];
        draft.creates(text![add, definition(row, columns)?]);
    }
    draft.drop = vec![text!["ALTER TABLE ONLY ", table, " DROP CONSTRAINT ", constraint]];
    indexes::follow(&mut draft, row, &index_name(row)?)?;
    Ok(draft)
}

/// A partition's part of an exclusion constraint is there already, under a name that the server made up: servers up to
/// 17.10 and 18.5 cannot attach one that is created apart.
fn of_the_tree(draft: &mut Draft, row: &Row, table: &Text) -> Result<()> {
    let parent = Name::in_schema(row.text("parent_schema")?, row.text("parent_table")?).sql();
    let rename = text![
        "DECLARE made pg_catalog.name; BEGIN SELECT c.conname INTO made FROM pg_catalog.pg_constraint c ",
        "JOIN pg_catalog.pg_constraint p ON p.oid = c.conparentid WHERE p.conname = ",
        row.text("parent_name")?.literal(),
        " AND p.conrelid = ",
        parent.literal(),
        "::pg_catalog.regclass AND c.conrelid = ",
        table.literal(),
        "::pg_catalog.regclass; IF made <> ",
        draft.name.name.literal(),
        " THEN EXECUTE ",
        text!["ALTER TABLE ONLY ", table, " RENAME CONSTRAINT "].literal(),
        " || pg_catalog.quote_ident(made) || ",
        text![" TO ", draft.name.name.ident()].literal(),
        "; END IF; END"
    ];
    draft.creates(text!["DO ", rename.literal()]);
    let options = row.texts("options")?;
    if options != row.texts("parent_options")? && !options.is_empty() {
        draft.creates(text!["ALTER INDEX ", index_name(row)?.sql(), " SET (", options::storage(&options), ")"]);
    }
    Ok(())
}

fn definition(row: &Row, columns: &Columns) -> Result<Text> {
    if let Some(complete) = row.maybe("definition")? {
        return Ok(complete);
    }
    let mut definition = Text::from(match row.letter("contype")? {
        'p' => "PRIMARY KEY",
        _ if row.boolean("nulls_not_distinct")? => "UNIQUE NULLS NOT DISTINCT",
        _ => "UNIQUE",
    });
    let relation = row.number("relation")?;
    let numbers: Vec<i16> = row.numbers("columns")?;
    let names = numbers.iter().filter_map(|&number| columns.at(relation, number)).map(|column| column.name.ident());
    let mut names: Vec<Text> = names.collect();
    let included = names.split_off(names.len().min(row.number("key_columns")?));
    let without_overlaps = if row.boolean("period")? { " WITHOUT OVERLAPS" } else { "" };
    definition.push(text![" (", Text::join(names, ", "), without_overlaps, ")"]);
    if !included.is_empty() {
        definition.push(text![" INCLUDE (", Text::join(included, ", "), ")"]);
    }
    definition.push(options::with_clause(&options::storage(&row.texts("options")?)));
    if row.boolean("deferrable")? {
        definition.push(" DEFERRABLE");
    }
    if row.boolean("deferred")? {
        definition.push(" INITIALLY DEFERRED");
    }
    Ok(definition)
}

fn index_name(row: &Row) -> Result<Name> {
    Ok(Name::on_table(row.text("schema")?, row.text("table")?, row.text("index_name")?))
}

/// The index as an object of its own, for a comment on it and not on the constraint.
fn index(row: &Row, constraint: &Draft) -> Result<Draft> {
    let name = index_name(row)?;
    let identity = text!["INDEX ", name.sql()];
    let mut draft = Draft::new(class::CLASS, row.number("index")?, Kind::Index, name, identity);
    draft.part_of = constraint.part_of;
    draft.needs = vec![constraint.address];
    Ok(draft)
}
