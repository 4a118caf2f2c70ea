//! Selections from a small point-of-sale database.

use super::*;
use crate::error::Error;
use crate::object::{Column, Name, Table};

/// Objects by name, so that tests can speak of them.
pub(in crate::plan) struct Pos(pub(in crate::plan) Vec<Object>);

impl Pos {
    pub(in crate::plan) fn add(
        &mut self,
        kind: Kind,
        name: &str,
        needs: &[&str],
        part_of: Option<&str>,
    ) -> &mut Object {
        let id = ObjectId(u32::try_from(self.0.len()).expect("small"));
        let parts: Vec<&str> = name.split('.').collect();
        let name = match parts[..] {
            [schema, table, name] => Name::on_table(schema, table, name),
            [schema, name] => Name::in_schema(schema, name),
            _ => Name::plain(name),
        };
        let mut needs: Vec<ObjectId> = needs.iter().map(|need| self.0[self.at(need)].id).collect();
        if let Some(schema) = &name.schema {
            let of_schema = |o: &&Object| o.kind == Kind::Schema && o.name.name == *schema;
            needs.extend(self.0.iter().find(of_schema).map(|object| object.id));
        }
        let has_rows = matches!(kind, Kind::Table | Kind::ForeignTable | Kind::LargeObjects);
        let columns = vec![Column { name: "id".into(), type_name: "bigint".into() }];
        let table = has_rows.then_some(Table { columns, unlogged: false, root: None, condition: None, server: None });
        let part_of = part_of.map(|whole| self.0[self.at(whole)].id);
        let create = vec![Text::from(format!("CREATE {}", kind.noun()))];
        self.0.push(Object { create, needs, part_of, table, ..bare(id, kind, name) });
        self.0.last_mut().expect("just pushed")
    }

    pub(in crate::plan) fn at(&self, name: &str) -> usize {
        self.0.iter().position(|object| shown(object) == name).expect(name)
    }

    fn names(&self, chosen: &[bool]) -> Vec<String> {
        let names = self.0.iter().zip(chosen).filter(|(_, chosen)| **chosen);
        names.map(|(object, _)| shown(object)).collect()
    }

    fn choose(&self, selection: &Selection) -> Chosen {
        let selected = select(&self.0, selection).expect("the selection makes sense");
        let name = |id: &ObjectId| shown(&self.0[id.0 as usize]);
        Chosen {
            keep: self.names(&selected.keep),
            data: self.names(&selected.data),
            required: selected.required.iter().map(name).collect(),
            left_out: selected.left_out.iter().map(|l| (name(&l.object), name(&l.needs), l.reason)).collect(),
        }
    }
}

/// The name without argument types.
fn shown(object: &Object) -> String {
    Name { arguments: None, ..object.name.clone() }.to_string()
}

#[derive(Debug)]
struct Chosen {
    keep: Vec<String>,
    data: Vec<String>,
    required: Vec<String>,
    left_out: Vec<(String, String, Reason)>,
}

impl Chosen {
    fn lacks(&self, name: &str) -> bool {
        !self.keep.iter().any(|kept| kept == name)
    }
}

fn bare(id: ObjectId, kind: Kind, name: Name) -> Object {
    Object {
        id,
        kind,
        section: kind.section(),
        name,
        oid: id.0,
        needs: Vec::new(),
        lacks: Vec::new(),
        part_of: None,
        inherits: Vec::new(),
        installed_in: None,
        identity: Text::new(),
        create: Vec::new(),
        drop: Vec::new(),
        owner: None,
        finish: Vec::new(),
        tablespace: None,
        access_method: None,
        partition_method: Vec::new(),
        superuser: false,
        grants_only: false,
        compression: Vec::new(),
        comments: vec!["COMMENT".into()],
        labels: Vec::new(),
        grants: vec![crate::object::Grant::by_owner("GRANT")],
        roles: Vec::new(),
        grantees: Vec::new(),
        collations: Vec::new(),
        settings: Vec::new(),
        compressed_by: Vec::new(),
        partitioned: false,
        cascades: false,
        key: None,
        table: None,
    }
}

pub(in crate::plan) fn pos() -> Pos {
    let mut pos = Pos(Vec::new());
    pos.add(Kind::Database, "pos_one", &[], None);
    for schema in ["users", "ord", "payments"] {
        pos.add(Kind::Schema, schema, &[], None);
    }
    pos.add(Kind::Extension, "citext", &["users"], None);
    pos.add(Kind::Type, "ord.status", &[], None);
    pos.add(Kind::Function, "payments.audit", &[], None).name.arguments = Some("integer, text".into());
    pos.add(Kind::Sequence, "ord.number", &[], None);
    pos.add(Kind::Table, "users.account", &["citext"], None);
    pos.add(Kind::Table, "ord.order", &["ord.status", "ord.number"], None);
    pos.add(Kind::Table, "payments.payment", &["citext"], None);
    pos.add(Kind::Sequence, "payments.payment_id_seq", &["payments.payment"], None);
    pos.add(Kind::Table, "payments.by_month", &[], None);
    pos.add(Kind::Table, "payments.january", &[], None);
    pos.add(Kind::Table, "payments.typed", &["ord.status"], None);
    pos.add(Kind::View, "payments.open", &["payments.payment", "ord.order"], None);
    pos.add(
        Kind::TableAttach,
        "payments.january.at",
        &["payments.by_month", "payments.january"],
        Some("payments.january"),
    );
    pos.add(
        Kind::Default,
        "payments.payment.id",
        &["payments.payment", "payments.payment_id_seq"],
        Some("payments.payment"),
    );
    pos.add(Kind::LargeObjects, "1", &[], None);
    pos.add(Kind::Constraint, "ord.order.order_pkey", &["ord.order"], Some("ord.order"));
    pos.add(Kind::Constraint, "payments.typed.typed_pkey", &["payments.typed"], Some("payments.typed"));
    pos.add(Kind::Index, "payments.payment.payment_by_day", &["payments.payment"], Some("payments.payment"));
    pos.add(Kind::Trigger, "payments.payment.log", &["payments.payment", "payments.audit"], Some("payments.payment"));
    pos.add(
        Kind::ForeignKey,
        "payments.payment.payment_order_fkey",
        &["payments.payment", "ord.order.order_pkey", "ord.order"],
        Some("payments.payment"),
    );
    pos.add(Kind::ForeignKey, "ord.order.order_account_fkey", &["ord.order", "users.account"], Some("ord.order"));
    pos.add(Kind::RowSecurity, "payments.payment.rls", &["payments.payment"], Some("payments.payment"));
    pos.add(Kind::Publication, "everything", &[], None);
    pos
}

fn schema(name: &str) -> Vec<Pattern> {
    vec![Pattern::of_schema(name).expect("a pattern")]
}

fn table(name: &str) -> Vec<TablePattern> {
    vec![TablePattern { pattern: Pattern::of_relation(name).expect("a pattern"), children: false }]
}

fn restore() -> Selection {
    Selection { purpose: Purpose::Restore, ..Selection::default() }
}

#[test]
fn nothing_said_means_everything() {
    let pos = pos();
    let chosen = pos.choose(&Selection::default());
    assert_eq!(chosen.keep.len(), pos.0.len());
    assert_eq!(chosen.data.len(), 9, "{:?}", chosen.data);
    assert!(chosen.required.is_empty() && chosen.left_out.is_empty());
}

#[test]
fn a_schema_comes_back_and_says_what_stayed_behind() {
    let chosen = pos().choose(&Selection { schemas: schema("payments"), ..restore() });
    let expected = [
        "payments",
        "payments.audit",
        "payments.payment",
        "payments.payment_id_seq",
        "payments.by_month",
        "payments.january",
        "payments.january.at",
        "payments.payment.id",
        "payments.payment.payment_by_day",
        "payments.payment.log",
        "payments.payment.rls",
    ];
    assert_eq!(chosen.keep, expected);
    assert_eq!(chosen.data, ["payments.payment", "payments.payment_id_seq", "payments.by_month", "payments.january"]);
    assert_eq!(chosen.required, ["citext"]);
    let left_out = |object: &str, needs: &str| (object.to_owned(), needs.to_owned(), Reason::NotSelected);
    assert_eq!(
        chosen.left_out,
        [
            left_out("payments.typed", "ord.status"),
            left_out("payments.open", "ord.order"),
            left_out("payments.payment.payment_order_fkey", "ord.order"),
        ]
    );
}

#[test]
fn what_the_target_has_is_no_reason_to_leave_out() {
    let pos = pos();
    let present = ["ord.order", "ord.order.order_pkey", "ord.status", "citext"].map(|name| pos.0[pos.at(name)].id);
    let chosen = pos.choose(&Selection { schemas: schema("payments"), present: Some(present.into()), ..restore() });
    assert!(chosen.left_out.is_empty() && chosen.required.is_empty(), "{chosen:?}");
}

#[test]
fn a_dump_of_a_schema_keeps_what_was_asked_for() {
    let chosen = pos().choose(&Selection { schemas: schema("pay*"), ..Selection::default() });
    assert!(!chosen.lacks("payments.open") && !chosen.lacks("payments.payment.payment_order_fkey"));
    assert!(chosen.lacks("everything") && chosen.lacks("citext") && chosen.lacks("pos_one") && chosen.lacks("1"));
    assert!(chosen.left_out.is_empty());
}

#[test]
fn a_table_comes_back_complete() {
    let chosen = pos().choose(&Selection { tables: table("payments.payment"), ..restore() });
    let expected = [
        "payments.payment",
        "payments.payment_id_seq",
        "payments.payment.id",
        "payments.payment.payment_by_day",
        "payments.payment.rls",
    ];
    assert_eq!(chosen.keep, expected);
    assert_eq!(chosen.data, ["payments.payment", "payments.payment_id_seq"]);
    assert_eq!(chosen.required, ["payments", "citext"]);
    assert_eq!(chosen.left_out.len(), 2, "{:?}", chosen.left_out);
    // Named itself, so it comes although it needs a type: the target must have that.
    let chosen = pos().choose(&Selection { tables: table("typed"), ..restore() });
    assert_eq!(chosen.keep, ["payments.typed", "payments.typed.typed_pkey"]);
    assert_eq!(chosen.required, ["payments", "ord.status"]);
}

#[test]
fn dependencies_come_along_where_wanted() {
    let chosen = pos().choose(&Selection { tables: table("payment"), with_dependencies: true, ..restore() });
    for name in ["citext", "users", "payments", "payments.audit", "ord.order", "ord.order.order_pkey", "ord.number"] {
        assert!(!chosen.lacks(name), "{name}");
    }
    assert_eq!(
        chosen.left_out,
        [("ord.order.order_account_fkey".to_owned(), "users.account".to_owned(), Reason::NotSelected)]
    );
    assert!(chosen.required.is_empty() && chosen.lacks("pos_one"));
    assert!(chosen.data.contains(&"ord.order".to_owned()));
}

#[test]
fn partitions_follow_on_restore_and_on_request() {
    let mut selection = Selection { tables: table("payments.by_month"), ..Selection::default() };
    assert_eq!(pos().choose(&selection).keep, ["payments.by_month"]);
    selection.tables[0].children = true;
    assert_eq!(pos().choose(&selection).keep, ["payments.by_month", "payments.january", "payments.january.at"]);
    let chosen = pos().choose(&Selection { tables: table("by_month"), ..restore() });
    assert_eq!(chosen.keep, ["payments.by_month", "payments.january", "payments.january.at"]);
    let chosen = pos().choose(&Selection { tables: table("january"), ..restore() });
    assert_eq!(chosen.keep, ["payments.january"]);
    assert_eq!(chosen.left_out.len(), 1);
}

#[test]
fn inheritance_children_are_told_from_users_of_a_row_type() {
    let mut pos = Pos(Vec::new());
    let parent = pos.add(Kind::Table, "s.parent", &[], None).id;
    pos.add(Kind::Table, "s.child", &["s.parent"], None).inherits = vec![parent];
    pos.add(Kind::Table, "s.user", &["s.parent"], None);
    let mut selection = Selection { exclude_tables: table("s.parent"), ..Selection::default() };
    selection.exclude_tables[0].children = true;
    assert_eq!(pos.choose(&selection).keep, ["s.user"]);
}

#[test]
fn exclusions() {
    let exclude = Selection { exclude_schemas: schema("ord"), exclude_tables: table("payments.p*"), ..restore() };
    let chosen = pos().choose(&exclude);
    assert!(chosen.lacks("ord") && chosen.lacks("ord.order") && chosen.lacks("payments.payment.rls"));
    assert!(!chosen.lacks("everything") && !chosen.lacks("citext") && !chosen.lacks("1"));
    let rows = Selection { exclude_table_data: table("ord.*"), ..Selection::default() };
    let chosen = pos().choose(&rows);
    assert_eq!(chosen.keep.len(), pos().0.len());
    assert!(!chosen.data.iter().any(|name| name.starts_with("ord.")));
    let chosen = pos().choose(&Selection { exclude_extensions: schema("citext"), ..Selection::default() });
    assert!(chosen.lacks("citext"));
}

#[test]
fn sections_rows_and_definitions() {
    let sections = |sections: &[Section]| Selection { sections: sections.to_vec(), ..Selection::default() };
    let chosen = pos().choose(&sections(&[Section::PostData]));
    assert!(chosen.data.is_empty() && chosen.lacks("ord.order") && !chosen.lacks("ord.order.order_pkey"));
    let chosen = pos().choose(&sections(&[Section::Data]));
    assert_eq!((chosen.keep.len(), chosen.data.len()), (1, 9));
    let chosen = pos().choose(&Selection { data_only: true, ..Selection::default() });
    assert_eq!((chosen.keep, chosen.data.len()), (vec!["1".to_owned()], 9));
    let chosen = pos().choose(&Selection { schema_only: true, ..Selection::default() });
    assert!(chosen.data.is_empty() && chosen.lacks("1"));
}

#[test]
fn kinds_that_are_switched_off() {
    let off = Selection { no_policies: true, no_publications: true, no_large_objects: true, ..Selection::default() };
    let chosen = pos().choose(&off);
    assert!(chosen.lacks("payments.payment.rls") && chosen.lacks("everything") && chosen.lacks("1"));
    assert_eq!(chosen.keep.len(), pos().0.len() - 3);
    let mut object = bare(ObjectId(0), Kind::Table, Name::plain("t"));
    Omit { comments: true, grants: true, ..Omit::default() }.trim(&mut object);
    assert!(object.comments.is_empty() && object.grants.is_empty());
}

#[test]
fn indexes_functions_and_triggers_by_name() {
    let mut selection = restore();
    selection.indexes = schema("payment_by_day");
    selection.functions = vec![FunctionPattern::new(&"AUDIT(integer,text)".into()).expect("a pattern")];
    let chosen = pos().choose(&selection);
    assert_eq!(chosen.keep, ["payments.audit", "payments.payment.payment_by_day"]);
    assert_eq!(chosen.required, ["payments", "payments.payment"]);
    selection.functions = vec![FunctionPattern::new(&"audit(integer)".into()).expect("a pattern")];
    assert!(select(&pos().0, &selection).is_err());
}

#[test]
fn triggers_are_found_by_name_and_as_pg_restore_lists_them() {
    let mut pos = pos();
    let table = pos.0.iter().find(|object| object.name.to_string() == "ord.order").expect("a table").id;
    let trigger = pos.add(Kind::Trigger, "ord.log it", &["ord.order"], Some("ord.order"));
    trigger.name = Name::on_table("ord", "order", "log it");
    assert_eq!(trigger.part_of, Some(table));
    for written in ["\"log it\"", "ord.\"log it\"", "order \"log it\"", "ord.order log*"] {
        let triggers = vec![TriggerPattern::new(&written.into()).expect("a pattern")];
        assert_eq!(pos.choose(&Selection { triggers, ..restore() }).keep, ["ord.order.log it"], "{written}");
    }
    for written in ["line \"log it\"", "\"order log it\"", "payments.order \"log it\""] {
        let triggers = vec![TriggerPattern::new(&written.into()).expect("a pattern")];
        assert!(select(&pos.0, &Selection { triggers, ..restore() }).is_err(), "{written}");
    }
}

#[test]
fn the_search_path_decides_on_names_without_a_schema() {
    let mut pos = pos();
    pos.add(Kind::Table, "users.order", &[], None);
    let visible = |path: &[&str]| Selection {
        tables: table("order"),
        search_path: path.iter().map(|schema| Text::from(*schema)).collect(),
        ..Selection::default()
    };
    assert_eq!(pos.choose(&visible(&["users", "ord"])).data, ["users.order"]);
    assert_eq!(pos.choose(&visible(&["ord", "users"])).data, ["ord.order"]);
    assert_eq!(pos.choose(&visible(&[])).data, ["ord.order", "users.order"]);
}

#[test]
fn rows_of_extensions_and_foreign_servers() {
    let mut pos = pos();
    let config = pos.add(Kind::Table, "users.config", &["citext"], None);
    config.create.clear();
    config.table.as_mut().expect("a table has rows").condition = Some("WHERE changed".into());
    pos.add(Kind::ForeignServer, "other", &[], None);
    pos.add(Kind::ForeignTable, "users.far", &[], None).table.as_mut().expect("has rows").server = Some("other".into());
    let chosen = pos.choose(&Selection::default());
    assert!(chosen.data.contains(&"users.config".to_owned()) && !chosen.data.contains(&"users.far".to_owned()));
    let chosen = pos.choose(&Selection { exclude_extensions: schema("citext"), ..Selection::default() });
    assert!(!chosen.data.contains(&"users.config".to_owned()));
    let chosen = pos.choose(&Selection { foreign_data: schema("oth*"), ..Selection::default() });
    assert!(chosen.data.contains(&"users.far".to_owned()));
}

#[test]
fn patterns_that_mean_nothing() {
    let message = |selection: &Selection| match select(&pos().0, selection) {
        Err(Error::Usage { message, .. }) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        message(&Selection { tables: table("nowhere"), ..Selection::default() }),
        "no matching tables were found for nowhere"
    );
    let mut half = Selection { schemas: schema("ord"), ..Selection::default() };
    half.schemas.extend(schema("nowhere"));
    assert_eq!(select(&pos().0, &half).expect("half matches").unmatched, ["nowhere"]);
    half.strict_names = true;
    assert_eq!(message(&half), "no matching schemas were found for nowhere");
    let other = Selection { tables: table("other.ord.order"), ..Selection::default() };
    assert_eq!(message(&other), "the pattern other.ord.order names another database");
}

#[test]
fn lies_of_a_manifest_do_no_harm() {
    let mut pos = pos();
    for (at, object) in pos.0.iter_mut().enumerate() {
        object.needs.push(ObjectId(u32::MAX));
        object.part_of = Some(ObjectId(u32::try_from(at).expect("small") ^ 1));
    }
    let selection = Selection { schemas: schema("payments"), with_dependencies: true, ..restore() };
    assert_eq!(select(&pos.0, &selection).expect("no panic").keep.len(), pos.0.len());
}
