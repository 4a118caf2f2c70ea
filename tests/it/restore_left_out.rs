//! What was asked for and does not come back is told and counts; what only says a name in a string comes back.

use crate::cli_session::{Keeping, Ran};
use crate::harness::{Server, versions};

/// Names of a schema wherever a definition may say one.
const NAMED: &str = "CREATE ROLE clerk; CREATE SCHEMA ord; GRANT USAGE ON SCHEMA ord TO clerk; CREATE SEQUENCE ord.q;
    CREATE TABLE ord.line (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text DEFAULT 'see ord.line',
        n bigint DEFAULT nextval(('ord.q'::text)::regclass), m bigint DEFAULT nextval('ord.q'),
        s regnamespace DEFAULT 'ord', t regclass DEFAULT 'ord.q', CHECK (note <> 'ord.x'));
    INSERT INTO ord.line (note) VALUES ('a'), ('b'), ('c'); CREATE STATISTICS ord.st (dependencies) ON id, n FROM ord.line;
    GRANT SELECT ON ord.line TO clerk WITH GRANT OPTION; GRANT UPDATE (note) ON ord.line TO clerk WITH GRANT OPTION;
    SET ROLE clerk; GRANT SELECT ON ord.line TO PUBLIC; GRANT UPDATE (note) ON ord.line TO PUBLIC; RESET ROLE;
    CREATE FUNCTION ord.count_it() RETURNS bigint LANGUAGE sql SET search_path = ord, pg_temp AS 'SELECT count(*) FROM line';
    CREATE FUNCTION ord.reads() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM ord.line';
    CREATE FUNCTION ord.acts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER acts BEFORE UPDATE ON ord.line FOR EACH ROW EXECUTE FUNCTION ord.acts('ord.line');
    CREATE VIEW ord.v AS SELECT id, 'ord.line' AS said FROM ord.line;
    CREATE POLICY p ON ord.line USING (id IN (SELECT v.id FROM ord.v v)); CREATE PUBLICATION p FOR TABLE ord.line;";

#[test]
fn a_table_comes_back_under_another_name_whatever_its_strings_say() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let live = server.database("said");
        live.psql(NAMED);
        if major >= 15 {
            live.psql("CREATE PUBLICATION all_of_it FOR TABLES IN SCHEMA ord");
        }
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &live.url()]);
        let ran = keeping.run(&["restore", "latest", "-d", &live.url(), "--into-schema", "ord=old", "--verify-target"]);
        assert_eq!(ran.code, Some(0), "on {major}: {}{}", ran.stdout, ran.stderr);
        for told in
            ["table old.line mentions schema ord in a string, which stays as it is", "view old.v mentions schema ord"]
        {
            assert!(ran.stderr.contains(told), "{told} in {} on {major}", ran.stderr);
        }
        for left in [
            "function ord.reads() mentions schema ord in its body",
            "trigger ord.line.acts mentions schema ord in a string",
        ] {
            assert!(ran.stdout.contains(left), "{left} in {} on {major}", ran.stdout);
        }
        let same = |what: &str| {
            let of = |schema: &str| live.query_one(&what.replace(":s", schema));
            assert_eq!(of("ord"), of("old"), "{what} on {major}");
        };
        same("SELECT count(*) || ' ' || sum(id) FROM :s.line");
        same("SELECT relacl FROM pg_class WHERE oid = ':s.line'::regclass");
        same("SELECT attacl FROM pg_attribute WHERE attrelid = ':s.line'::regclass AND attname = 'note'");
        same("SELECT stxkeys FROM pg_statistic_ext WHERE stxnamespace = ':s'::regnamespace");
        same("SELECT polcmd FROM pg_policy WHERE polrelid = ':s.line'::regclass");
        assert_eq!(live.query_one("SELECT old.count_it()"), "3");
        assert_eq!(
            live.query_one("SELECT proconfig FROM pg_proc WHERE oid = 'old.count_it'::regproc"),
            "{\"search_path=old, pg_temp\"}"
        );
        let before = live.query_one("SELECT last_value FROM ord.q");
        let inserted = "INSERT INTO old.line DEFAULT VALUES RETURNING concat_ws(' ', note, s, t)";
        assert_eq!(live.query_one(inserted), "see ord.line old old.q", "on {major}");
        assert_eq!(live.query_one("SELECT last_value FROM ord.q"), before, "no number of the live sequence is used");
        let published = "SELECT count(*) FROM pg_publication_tables WHERE schemaname = 'old'";
        assert_eq!(live.query_one(published), "0", "on {major}");
    }
}

fn says(ran: &Ran, code: i32, part: &str) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
}

#[test]
fn rows_that_were_asked_for_and_do_not_come_back_are_no_success() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("asked");
        source.psql(
            "CREATE SCHEMA ord; CREATE SCHEMA other; CREATE DOMAIN other.d AS int; CREATE TABLE ord.t (a other.d);
             CREATE TABLE ord.u (a int); INSERT INTO ord.t VALUES (1); INSERT INTO ord.u VALUES (2);
             CREATE VIEW ord.v AS SELECT a FROM ord.t",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let told = "table ord.t needs domain other.d";
        let run = |selection: &[&str], quiet: bool| {
            let target = server.database("asked_copy");
            let url = target.url();
            let more: &[&str] = if quiet { &["-q"] } else { &[] };
            let planned = keeping.run(&[&["restore", "latest", "-d", &url, "--plan"], selection].concat());
            assert!(planned.stdout.contains(told), "{}{}", planned.stdout, planned.stderr);
            says(&keeping.run(&[&["restore", "latest", "-d", &url], selection, more].concat()), 9, told);
            target
        };
        let by_schema = run(&["-n", "ord"], false);
        assert_eq!(by_schema.query_one("SELECT a FROM ord.u"), "2");
        let by_name = run(&["-t", "ord.t", "-t", "ord.u"], false);
        assert_eq!(by_name.query_one("SELECT a FROM ord.u"), "2");
        run(&["-n", "ord"], true);
        let events =
            keeping.run(&["restore", "latest", "-d", &server.database("asked_copy").url(), "-n", "ord", "--json"]);
        assert_eq!(events.code, Some(9), "{}", events.stdout);
        assert!(events.stdout.contains("\"not_restored\":[\"table ord.t needs domain other.d\"]"), "{}", events.stdout);
        let view = keeping.run(&["restore", "latest", "-d", &server.database("asked_copy").url(), "-t", "ord.v"]);
        says(&view, 9, "view ord.v needs ");

        for selection in [["-n", "ord"], ["-t", "ord.t"]] {
            let target = server.database("asked_there");
            target.psql("CREATE SCHEMA other; CREATE DOMAIN other.d AS int");
            keeping.ok(&[&["restore", "latest", "-d", &target.url()][..], &selection].concat());
            assert_eq!(target.query_one("SELECT a FROM ord.t"), "1");
        }
    }
}
