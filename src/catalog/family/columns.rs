//! Columns of tables, foreign tables, views and materialized views, and what is said of them after their relation is
//! created: statistics targets, storage, compression, options.

use std::collections::HashMap;

use crate::catalog::family::partitions::Inheritance;
use crate::catalog::options;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::object;
use crate::pg::Row;
use crate::text;
use crate::text::Text;

/// A column that is not dropped.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) number: i16,
    pub(crate) name: Text,
    /// As `format_type` prints it.
    pub(crate) type_name: Text,
    /// Quoted, where it is not the one of the type.
    pub(crate) collation: Option<Text>,
    pub(crate) not_null: bool,
    /// Whether it is the table's own, not only inherited.
    pub(crate) local: bool,
    /// How it is generated: `s` stored, `v` virtual.
    pub(crate) generated: Option<char>,
    storage: char,
    type_storage: char,
    compression: Option<char>,
    statistics: Option<i32>,
    options: Vec<Text>,
    fdw_options: Vec<Text>,
}

/// Columns by relation, in order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Columns(HashMap<u32, Vec<Column>>);

pub(crate) async fn load(source: &Source) -> Result<Columns> {
    let mut all = Columns::default();
    for row in &source.query("columns", include_str!("columns.sql")).await? {
        all.0.entry(row.number("relation")?).or_default().push(column(row)?);
    }
    Ok(all)
}

fn column(row: &Row) -> Result<Column> {
    let present = |letter: char| (letter != '\0').then_some(letter);
    let collation = match (row.maybe("collation_schema")?, row.maybe("collation_name")?) {
        (Some(schema), Some(name)) => Some(text![schema.ident(), ".", name.ident()]),
        _ => None,
    };
    Ok(Column {
        number: row.number("number")?,
        name: row.text("name")?,
        type_name: row.text("type")?,
        collation,
        not_null: row.boolean("not_null")?,
        local: row.boolean("local")?,
        generated: present(row.letter("generated")?),
        storage: row.letter("storage")?,
        type_storage: row.letter("type_storage")?,
        compression: present(row.letter("compression")?),
        statistics: row.maybe_number("statistics")?,
        options: options::stated(row.texts("options")?),
        fdw_options: row.texts("fdw_options")?,
    })
}

impl Columns {
    /// Columns of a relation; none where it is unknown.
    pub(crate) fn of(&self, relation: u32) -> &[Column] {
        self.0.get(&relation).map_or(&[], Vec::as_slice)
    }

    /// A column by its number.
    pub(crate) fn at(&self, relation: u32, number: i16) -> Option<&Column> {
        let columns = self.of(relation);
        columns.binary_search_by_key(&number, |column| column.number).ok().map(|at| &columns[at])
    }

    /// A column by its name.
    pub(crate) fn named(&self, relation: u32, name: &Text) -> Option<&Column> {
        self.of(relation).iter().find(|column| column.name == *name)
    }

    /// Numbers and names, for comments, labels and grants.
    pub(crate) fn names(&self, relation: u32) -> Vec<(i16, Text)> {
        self.of(relation).iter().map(|column| (column.number, column.name.clone())).collect()
    }

    /// Columns as COPY sees them: generated ones are computed, never copied.
    pub(crate) fn copied(&self, relation: u32) -> Vec<object::Column> {
        let copied = self.of(relation).iter().filter(|column| column.generated.is_none());
        copied.map(|c| object::Column { name: c.name.clone(), type_name: c.type_name.clone() }).collect()
    }

    /// What follows `ALTER TABLE ONLY t` to give all columns, inherited ones too, what CREATE does not say.
    pub(crate) fn alterations(&self, relation: u32, inheritance: &Inheritance) -> Option<Text> {
        self.altered(relation, |column| column.actions(&self.inherited(relation, column, inheritance)))
    }

    /// The same for compression, which a target may not have.
    pub(crate) fn compression(&self, relation: u32, inheritance: &Inheritance) -> Option<Text> {
        self.altered(relation, |column| {
            column.compressed(&self.inherited(relation, column, inheritance)).into_iter().collect()
        })
    }

    /// Methods of compression that columns of a relation ask for and that not every server has.
    pub(crate) fn compressed_by(&self, relation: u32) -> Vec<Text> {
        let lz4 = self.of(relation).iter().any(|column| column.compression == Some('l'));
        lz4.then(|| Text::from("lz4")).into_iter().collect()
    }

    fn altered(&self, relation: u32, actions: impl Fn(&Column) -> Vec<Text>) -> Option<Text> {
        let mut all = Vec::new();
        for column in self.of(relation) {
            let alter = |action: Text| text!["ALTER COLUMN ", column.name.ident(), " ", action];
            all.extend(actions(column).into_iter().map(alter));
        }
        (!all.is_empty()).then(|| Text::join(all, ", "))
    }

    /// The columns of parents that this one takes its storage from. A partition is created without its parent.
    fn inherited(&self, relation: u32, column: &Column, inheritance: &Inheritance) -> Vec<&Column> {
        let parents = inheritance.inherited(relation).iter();
        parents.filter_map(|parent| self.named(parent.oid, &column.name)).collect()
    }
}

impl Column {
    fn actions(&self, inherited: &[&Column]) -> Vec<Text> {
        let mut actions = Vec::new();
        if let Some(target) = self.statistics {
            actions.push(text!["SET STATISTICS ", target.to_string()]);
        }
        if self.storage != self.type_storage || inherited.iter().any(|parent| parent.storage != self.storage) {
            actions.push(text!["SET STORAGE ", storage(self.storage)]);
        }
        if !self.options.is_empty() {
            actions.push(text!["SET (", options::storage(&self.options), ")"]);
        }
        if !self.fdw_options.is_empty() {
            actions.push(text!["OPTIONS (", options::generic(&self.fdw_options), ")"]);
        }
        actions
    }

    fn compressed(&self, inherited: &[&Column]) -> Option<Text> {
        match self.compression {
            Some(letter) => Some(text!["SET COMPRESSION ", if letter == 'l' { "lz4" } else { "pglz" }]),
            None if inherited.iter().any(|parent| parent.compression.is_some()) => {
                Some("SET COMPRESSION default".into())
            }
            None => None,
        }
    }

    /// ` COLLATE "s"."c"` where it needs saying.
    pub(crate) fn collate(&self) -> Text {
        self.collation.as_ref().map_or_else(Text::new, |collation| text![" COLLATE ", collation])
    }
}

fn storage(letter: char) -> &'static str {
    match letter {
        'p' => "PLAIN",
        'e' => "EXTERNAL",
        'm' => "MAIN",
        _ => "EXTENDED",
    }
}
