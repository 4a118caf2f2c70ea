//! The list of a snapshot, edited and given back: single objects are left out, chosen, and made in another order.

use std::path::PathBuf;

use crate::cli_session::Keeping;
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, versions};

const OBJECTS: &str = "
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE parent (id int PRIMARY KEY, m mood);
    CREATE TABLE child (id serial, parent int, CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES parent);
    CREATE TRIGGER noted BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION note();
    CREATE INDEX child_by_parent ON child (parent);
    COMMENT ON TABLE child IS 'a child';
    GRANT SELECT ON child TO PUBLIC;
    INSERT INTO parent VALUES (1, 'good'); INSERT INTO child (parent) VALUES (1), (1);";

fn dumped(source: &Database) -> Keeping {
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    keeping
}

fn file(keeping: &Keeping, lines: &str) -> String {
    let path: PathBuf = keeping.folder.path().join("list");
    std::fs::write(&path, lines).unwrap();
    path.to_str().unwrap().to_owned()
}

fn without(list: &str, ends: &[&str]) -> String {
    let left = |line: &&str| ends.iter().any(|end| line.ends_with(end));
    assert_eq!(list.lines().filter(left).count(), ends.len(), "{list}");
    list.lines().map(|line| if left(&line) { format!(";{line}\n") } else { format!("{line}\n") }).collect()
}

fn names(target: &Database) -> String {
    target.query_one(
        "SELECT string_agg(name, ' ' ORDER BY name COLLATE \"C\") FROM (
             SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
             UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
             UNION ALL SELECT conname FROM pg_constraint WHERE contype = 'f'
             UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT typname FROM pg_type WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace) AS all_of (name)",
    )
}

#[test]
fn a_list_restores_its_lines_and_nothing_else() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("list_source");
        source.psql(OBJECTS);
        let keeping = dumped(&source);
        let list = keeping.ok(&["show", "latest", "--list"]);
        let whole = server.database("list_whole");
        keeping.ok(&["restore", "latest", "-d", &whole.url(), "--use-list", &file(&keeping, &list)]);
        assert_same_schema(&source, &whole);
        assert_same_data(&source, &whole);

        let some = without(
            &list,
            &[
                "trigger public.child.noted",
                "foreign key public.child.child_parent",
                "rows of table public.parent",
                "public.one()",
            ],
        );
        let expected = "child child_by_parent child_id_seq mood note parent parent_pkey";
        for script in [false, true] {
            let target = server.database("list_some");
            let file = file(&keeping, &some);
            if script {
                target.psql(&keeping.ok(&["sql", "latest", "-L", &file]));
            } else {
                keeping.ok(&["restore", "latest", "-d", &target.url(), "-L", &file]);
            }
            assert_eq!(names(&target), expected, "script: {script}");
            assert_eq!(target.query_one("SELECT (SELECT count(*) FROM parent) || ' ' || count(*) FROM child"), "0 2");
            assert_eq!(target.query_one("SELECT last_value FROM child_id_seq"), "2");
            assert_eq!(target.query_one("SELECT obj_description('child'::regclass)"), "a child");
        }

        let target = server.database("list_one");
        let one = list.lines().find(|line| line.ends_with("function public.one()")).unwrap();
        keeping.ok(&["restore", "latest", "-d", &target.url(), "-L", &file(&keeping, one)]);
        assert_eq!(names(&target), "one");
    }
}

#[test]
fn lines_are_made_in_the_order_in_which_they_stand() {
    let source = Server::shared(18).database("list_order");
    source.psql("CREATE TABLE a (x int, y int); CREATE TABLE b (x int); CREATE INDEX a_x ON a (x); CREATE INDEX a_y ON a (y); CREATE INDEX b_x ON b (x)");
    let keeping = dumped(&source);
    let list = keeping.ok(&["show", "latest", "-l"]);
    let reversed: String = list.lines().rev().map(|line| format!("{line}\n")).collect();
    let file = file(&keeping, &reversed);
    let script = keeping.ok(&["sql", "latest", "-L", &file]);
    let at = |what: &str| script.find(what).unwrap_or_else(|| panic!("{what}: {script}"));
    assert!(at("CREATE TABLE \"public\".\"b\"") < at("CREATE TABLE \"public\".\"a\""));
    assert!(at("COPY \"public\".\"b\"") < at("COPY \"public\".\"a\""));
    let target = Server::shared(18).database("list_order_target");
    keeping.ok(&["restore", "latest", "-d", &target.url(), "-L", &file, "-j", "4"]);
    let made = "SELECT string_agg(relname, ' ' ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(target.query_one(made), "b a b_x a_y a_x");
    assert_eq!(source.query_one(made), "a b a_x a_y b_x");
}

#[test]
fn a_list_of_another_snapshot_is_refused_where_it_means_something_else() {
    let source = Server::shared(18).database("list_other");
    source.psql(OBJECTS);
    let keeping = dumped(&source);
    let list = keeping.ok(&["show", "latest", "--list"]);
    source.psql("DROP FUNCTION one; CREATE TABLE new (a int)");
    keeping.ok(&["dump", "-d", &source.url()]);
    let target = Server::shared(18).database("list_other_target");
    let file = file(&keeping, &list);
    let url = target.url();
    for arguments in [&["restore", "latest", "-d", &url, "-L", &file][..], &["sql", "latest", "-L", &file]] {
        let ran = keeping.run(arguments);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("of the list: ") && ran.stderr.contains(" in this snapshot, not "),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
    assert_eq!(target.query_one("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "0");
    keeping.ok(&["restore", "latest~1", "-d", &target.url(), "-L", &file]);
}

/// What a list left of a restore that stopped is continued with the same list, and with no other.
#[test]
fn a_restore_of_a_list_is_continued_with_that_list() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("list_resume");
        source.psql(OBJECTS);
        let keeping = dumped(&source);
        let list = keeping.ok(&["show", "latest", "--list"]);
        // In another order, and without the rows that a foreign key wants.
        let (first, rest): (Vec<&str>, Vec<&str>) = list.lines().partition(|line| line.ends_with("public.one()"));
        let lines = first.into_iter().chain(rest).filter(|line| !line.ends_with("rows of table public.parent"));
        let edited: String = lines.map(|line| format!("{line}\n")).collect();
        let target = server.database("list_resumed");
        let url = target.url();
        let path = file(&keeping, &edited);
        let command = ["restore", "latest", "-d", &url, "-L", &path];
        let ran = keeping.run(&command);
        assert_eq!(ran.code, Some(4), "on {major}: {}{}", ran.stdout, ran.stderr);
        let again = [&command[..], &["--resume"]].concat();
        for other in [list.as_str(), &without(&edited, &["function public.one()"])] {
            file(&keeping, other);
            let ran = keeping.run(&again);
            assert_eq!(ran.code, Some(8), "on {major}: {}{}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains("was of another selection"), "{}", ran.stderr);
        }
        let ran = keeping.run(&["restore", "latest", "-d", &url, "--resume"]);
        assert!(ran.code == Some(8) && ran.stderr.contains("was of another selection"), "{}", ran.stderr);
        file(&keeping, &edited);
        target.psql("INSERT INTO parent VALUES (1, 'good')");
        keeping.ok(&again);
        assert_same_schema(&source, &target);
        assert_same_data(&source, &target);
    }
}
