//! All that is known of a kind of objects, a row each. What the plan, a restore and a script do for a kind they read here;
//! a kind without a row does not compile.

use super::kind::{Kind, Pass, Section};
use super::table_lock::TableLock;

/// What is known of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// As people say it: `foreign key`.
    pub noun: &'static str,
    /// The section where no dependency loop moved the object.
    pub section: Section,
    /// The pass in which it is created.
    pub pass: Pass,
    /// Smaller ones are created first where no dependency says otherwise.
    ///
    /// The order is that of pg_dump 18, so that its output for source and target can be compared. Casts come before
    /// functions on purpose: the server records views that use a cast as depending on the cast's function.
    pub priority: u8,
    /// Objects of one space collide where they have one name; none where nobody looks one up by name alone.
    pub space: Option<Space>,
    /// The lock that its creation takes on the relation that it belongs to.
    pub own_lock: TableLock,
    /// The lock that its creation takes on relations that it only needs.
    pub needed_lock: TableLock,
    /// Whether the server clones it onto partitions, which are locked alike.
    pub spreads: bool,
    /// Whether rows of the relation that it belongs to are not right without it.
    pub comes_with_rows: bool,
    /// Whether it says nothing of its own and only connects two others.
    pub only_connects: bool,
    /// Whether a target is expected to have it, or to get it on the way.
    pub assumed: bool,
    /// Whether it is made of the rows of tables, and so belongs to them rather than to definitions.
    pub is_rows: bool,
    /// The section in which the planner's statistics of it come back; none where the planner keeps none.
    pub planner_statistics: Option<Section>,
    /// The switch that leaves it out.
    pub left_out_by: Option<Without>,
    /// Loops of dependencies are looked for from smaller ones first.
    pub rank_in_loops: u8,
}

/// Switches of a selection that leave out all objects of some kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Without {
    /// `--no-publications`
    Publications,
    /// `--no-subscriptions`
    Subscriptions,
    /// `--no-policies`
    Policies,
    /// `--no-privileges`
    Grants,
}

/// Names of different spaces do not collide.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Space {
    /// Schemas.
    Schema,
    /// Extensions.
    Extension,
    /// Tables, views, sequences.
    Relation,
    /// Functions, procedures, aggregates, told apart by their arguments too.
    Routine,
    /// Types and domains.
    Type,
}

impl Facts {
    const fn new(noun: &'static str, section: Section, priority: u8) -> Self {
        Self {
            noun,
            section,
            pass: Pass::Main,
            priority,
            space: None,
            own_lock: TableLock::AccessExclusive,
            needed_lock: TableLock::AccessShare,
            spreads: false,
            comes_with_rows: false,
            only_connects: false,
            assumed: false,
            is_rows: false,
            planner_statistics: None,
            left_out_by: None,
            rank_in_loops: 3,
        }
    }

    const fn in_space(self, space: Space) -> Self {
        Self { space: Some(space), ..self }
    }

    const fn in_pass(self, pass: Pass) -> Self {
        Self { pass, ..self }
    }

    const fn locks(self, own: TableLock, needed: TableLock) -> Self {
        Self { own_lock: own, needed_lock: needed, ..self }
    }

    const fn spreads(self) -> Self {
        Self { spreads: true, ..self }
    }

    const fn comes_with_rows(self) -> Self {
        Self { comes_with_rows: true, ..self }
    }

    const fn only_connects(self) -> Self {
        Self { only_connects: true, ..self }
    }

    const fn assumed(self) -> Self {
        Self { assumed: true, ..self }
    }

    const fn is_rows(self) -> Self {
        Self { is_rows: true, ..self }
    }

    const fn planned_by_statistics(self, section: Section) -> Self {
        Self { planner_statistics: Some(section), ..self }
    }

    const fn left_out_by(self, switch: Without) -> Self {
        Self { left_out_by: Some(switch), ..self }
    }

    const fn rank_in_loops(self, rank_in_loops: u8) -> Self {
        Self { rank_in_loops, ..self }
    }
}

impl Kind {
    /// The row of this kind.
    #[must_use]
    #[rustfmt::skip]
    pub const fn facts(self) -> Facts {
        use Section::{Data, PostData, PreData};
        use TableLock::{AccessExclusive, AccessShare, Share, ShareRowExclusive, ShareUpdateExclusive};
        match self {
            Kind::Role => Facts::new("role", PreData, 0),
            Kind::RoleSettings => Facts::new("role settings", PreData, 0),
            Kind::Membership => Facts::new("membership", PreData, 0),
            Kind::Tablespace => Facts::new("tablespace", PreData, 0),
            Kind::Parameter => Facts::new("parameter", PreData, 0),
            Kind::Database => Facts::new("database", PreData, 0),
            Kind::Schema => Facts::new("schema", PreData, 1).in_space(Space::Schema).assumed(),
            Kind::Language => Facts::new("language", PreData, 2).assumed(),
            Kind::Collation => Facts::new("collation", PreData, 3),
            Kind::Transform => Facts::new("transform", PreData, 4),
            Kind::Extension => Facts::new("extension", PreData, 5).in_space(Space::Extension).assumed(),
            Kind::Type => Facts::new("type", PreData, 6).in_space(Space::Type).rank_in_loops(2),
            Kind::ShellType => Facts::new("shell type", PreData, 6).rank_in_loops(2),
            Kind::Domain => Facts::new("domain", PreData, 6).in_space(Space::Type).rank_in_loops(2),
            Kind::DomainConstraint => Facts::new("domain constraint", PreData, 28).comes_with_rows(),
            Kind::Cast => Facts::new("cast", PreData, 7),
            Kind::Function => Facts::new("function", PreData, 8).in_space(Space::Routine).rank_in_loops(1),
            Kind::Procedure => Facts::new("procedure", PreData, 8).in_space(Space::Routine).rank_in_loops(1),
            Kind::Aggregate => Facts::new("aggregate", PreData, 9).in_space(Space::Routine),
            Kind::AccessMethod => Facts::new("access method", PreData, 10),
            Kind::Operator => Facts::new("operator", PreData, 11),
            Kind::OperatorFamily => Facts::new("operator family", PreData, 12),
            Kind::OperatorClass => Facts::new("operator class", PreData, 12),
            Kind::Conversion => Facts::new("conversion", PreData, 13),
            Kind::TextSearchParser => Facts::new("text search parser", PreData, 14),
            Kind::TextSearchTemplate => Facts::new("text search template", PreData, 15),
            Kind::TextSearchDictionary => Facts::new("text search dictionary", PreData, 16),
            Kind::TextSearchConfiguration => Facts::new("text search configuration", PreData, 17),
            Kind::ForeignDataWrapper => Facts::new("foreign data wrapper", PreData, 18),
            Kind::ForeignServer => Facts::new("foreign server", PreData, 19),
            Kind::UserMapping => Facts::new("user mapping", PreData, 20),
            Kind::Table => Facts::new("table", PreData, 21).in_space(Space::Relation).planned_by_statistics(Data).rank_in_loops(0),
            Kind::ForeignTable => Facts::new("foreign table", PreData, 21).in_space(Space::Relation).planned_by_statistics(Data).rank_in_loops(0),
            Kind::View => Facts::new("view", PreData, 21).in_space(Space::Relation).rank_in_loops(0),
            Kind::MaterializedView => Facts::new("materialized view", PreData, 21).in_space(Space::Relation).planned_by_statistics(PostData).rank_in_loops(0),
            Kind::Sequence => Facts::new("sequence", PreData, 21).in_space(Space::Relation).comes_with_rows().rank_in_loops(0),
            Kind::TableAttach => Facts::new("table attach", PreData, 22).comes_with_rows().only_connects(),
            Kind::Default => Facts::new("default", PreData, 24).comes_with_rows(),
            Kind::Check => Facts::new("check", PreData, 28).comes_with_rows(),
            Kind::DummyType => Facts::new("dummy type", PreData, 23).rank_in_loops(2),
            Kind::LargeObjects => Facts::new("large objects", Data, 26).is_rows(),
            Kind::Constraint => Facts::new("constraint", PostData, 28).comes_with_rows().planned_by_statistics(PostData),
            Kind::Index => Facts::new("index", PostData, 29).locks(Share, AccessShare).comes_with_rows().planned_by_statistics(PostData),
            Kind::IndexAttach => Facts::new("index attach", PostData, 30).locks(AccessExclusive, AccessExclusive).comes_with_rows().only_connects(),
            Kind::Statistics => Facts::new("statistics", PostData, 31).locks(ShareUpdateExclusive, ShareUpdateExclusive).only_connects(),
            Kind::Rule => Facts::new("rule", PostData, 32),
            Kind::Trigger => Facts::new("trigger", PostData, 33).locks(ShareRowExclusive, AccessShare).spreads(),
            Kind::ForeignKey => Facts::new("foreign key", PostData, 34).locks(ShareRowExclusive, ShareRowExclusive).spreads(),
            Kind::RowSecurity => Facts::new("row security", PostData, 35).left_out_by(Without::Policies),
            Kind::Policy => Facts::new("policy", PostData, 35).left_out_by(Without::Policies),
            Kind::Publication => Facts::new("publication", PostData, 36).left_out_by(Without::Publications),
            Kind::PublicationTable => Facts::new("publication table", PostData, 37).locks(ShareUpdateExclusive, ShareUpdateExclusive).only_connects().left_out_by(Without::Publications),
            Kind::PublicationSchema => Facts::new("publication schema", PostData, 38).only_connects().left_out_by(Without::Publications),
            Kind::Subscription => Facts::new("subscription", PostData, 39).left_out_by(Without::Subscriptions),
            Kind::DefaultPrivileges => Facts::new("default privileges", PostData, 40).in_pass(Pass::Grants).left_out_by(Without::Grants),
            Kind::EventTrigger => Facts::new("event trigger", PostData, 41).in_pass(Pass::Last),
            Kind::Refresh => Facts::new("refresh", PostData, 42).in_pass(Pass::Last).is_rows(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind, by the names in its source.
    fn all() -> Vec<(String, Kind)> {
        let (_, variants) = include_str!("kind.rs").split_once("pub enum Kind {").unwrap();
        let (variants, _) = variants.split_once("\n}").unwrap();
        let names = variants.lines().filter_map(|line| line.strip_prefix("    ")?.strip_suffix(','));
        let words = names.map(|name| {
            let word = |c: char| if c.is_ascii_uppercase() { format!(" {}", c.to_ascii_lowercase()) } else { c.into() };
            name.chars().map(word).collect::<String>().trim().to_owned()
        });
        let kind = |words: &String| serde_json::from_str(&format!("{:?}", words.replace(' ', "_"))).unwrap();
        words.map(|words| (words.clone(), kind(&words))).collect()
    }

    #[test]
    fn rows_are_of_one_piece() {
        let all = all();
        assert_eq!(all.len(), 57);
        for (noun, kind) in all {
            let facts = kind.facts();
            assert_eq!(facts.noun, noun);
            let late = [Kind::Check, Kind::DomainConstraint].contains(&kind);
            let range = match facts.section {
                Section::PreData => 0..if late { 29 } else { 25 },
                Section::Data => 26..27,
                Section::PostData => 28..43,
            };
            assert!(range.contains(&facts.priority), "{noun}: {}", facts.priority);
            assert!(facts.own_lock >= facts.needed_lock, "{noun}");
            assert!(facts.pass == Pass::Main || facts.section == Section::PostData, "{noun}");
            assert!(!facts.only_connects || facts.space.is_none(), "{noun}: what connects has no name of its own");
            assert!(
                facts.planner_statistics.is_none_or(|section| section >= Section::Data),
                "{noun}: of rows that are not there"
            );
            assert!(!facts.is_rows || facts.section != Section::PreData, "{noun}: rows before rows");
        }
    }
}
