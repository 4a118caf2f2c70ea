//! Extensions: what they bring, what of them is kept, and what needs them where only a part of a database is meant.

use std::sync::OnceLock;

use crate::cli_session::{Keeping, parse};
use crate::harness::{Database, Server, assert_same_data, assert_same_schema, versions};

/// As PgQ: it makes a schema of its own, in which tables of users inherit from its own.
const CONTROL: &str = "comment = 'queues'\ndefault_version = '1.0'\nrelocatable = false\nschema = pg_catalog\n";
const SCRIPT: &str = "
    CREATE SCHEMA queue;
    CREATE TABLE queue.consumer (id int PRIMARY KEY, queue int, note text);
    CREATE TABLE queue.queue (id int PRIMARY KEY, name text);
    ALTER TABLE queue.consumer ADD FOREIGN KEY (queue) REFERENCES queue.queue;
    CREATE TABLE queue.event_template (id int, data text);
    CREATE SEQUENCE queue.ids; CREATE SEQUENCE queue.ticks;
    INSERT INTO queue.queue VALUES (0, 'default');
    SELECT pg_catalog.pg_extension_config_dump('queue.consumer', '');
    SELECT pg_catalog.pg_extension_config_dump('queue.queue', 'WHERE id > 0');
    SELECT pg_catalog.pg_extension_config_dump('queue.event_template', '');
    SELECT pg_catalog.pg_extension_config_dump('queue.ids', '');";

/// A server that offers it.
fn queues(major: u32) -> &'static Server {
    static SERVERS: [OnceLock<Server>; 32] = [const { OnceLock::new() }; 32];
    SERVERS[major as usize].get_or_init(|| Server::with_extension(major, "queues", CONTROL, SCRIPT))
}

/// Events of users, and more consumers than fit into the first block, so that they would be loaded first.
fn filled(server: &Server) -> Database {
    let source = server.database("queues");
    source.psql(
        "CREATE EXTENSION queues; CREATE TABLE queue.event_1 () INHERITS (queue.event_template);
         CREATE TABLE queue.of_user (id int PRIMARY KEY DEFAULT nextval('queue.ids'));
         INSERT INTO queue.event_template VALUES (1, 'in the template');
         INSERT INTO queue.event_1 SELECT n, 'in a child' FROM generate_series(2, 9) n;
         INSERT INTO queue.queue SELECT n, 'q' || n FROM generate_series(1, 5) n;
         INSERT INTO queue.consumer SELECT n, n % 6, repeat('x', 500) FROM generate_series(1, 500) n;
         INSERT INTO queue.of_user SELECT FROM generate_series(1, 7);",
    );
    source
}

/// Rows of children once, rows that others refer to first, and the schema by the extension.
#[test]
fn an_extension_with_a_schema_of_its_own_comes_back_with_its_rows() {
    for major in versions() {
        let server = queues(major);
        let source = filled(server);
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let restored = server.database("queues_back");
        keeping.ok(&["restore", "latest", "-d", &restored.url(), "--verify-target"]);
        let in_one = server.database("queues_in_one");
        keeping.ok(&["restore", "latest", "-d", &in_one.url(), "-1"]);
        let by_psql = server.database("queues_by_psql");
        by_psql.psql(&keeping.ok(&["sql", "latest"]));
        for target in [&restored, &in_one, &by_psql] {
            assert_same_schema(&source, target);
            assert_same_data(&source, target);
        }
        // Again beside what is there: the schema belongs to the extension, and so do its tables.
        restored.psql("DROP TABLE queue.event_1, queue.of_user; DELETE FROM queue.event_template");
        let ran = keeping.run(&["restore", "latest", "-d", &restored.url(), "-t", "queue.event_1"]);
        assert_eq!(ran.code, Some(0), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(restored.query_one("SELECT count(*) FROM queue.event_template"), "8", "on {major}");
    }
}

/// A position that comes with the extension is nothing that a dump has to read.
#[test]
fn a_sequence_of_an_extension_needs_no_privilege_unless_it_is_configuration() {
    for major in versions() {
        let server = queues(major);
        let source = filled(server);
        let role = "DO $$ BEGIN CREATE ROLE ticker LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$";
        source.psql(role);
        source.psql(
            "GRANT USAGE ON SCHEMA queue TO ticker; GRANT SELECT ON ALL TABLES IN SCHEMA queue TO ticker;
             GRANT SELECT ON queue.ids TO ticker; GRANT USAGE ON SEQUENCE queue.ticks TO ticker",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url_as("ticker")]);
        let target = server.database("ticks");
        keeping.ok(&["restore", "latest", "-d", &target.url()]);
        assert_same_data(&source, &target);
        source.psql("REVOKE SELECT ON queue.ids FROM ticker");
        let ran = keeping.run(&["dump", "-d", &source.url_as("ticker")]);
        assert_eq!(ran.code, Some(8), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("sequence queue.ids"), "{}", ran.stderr);
    }
}

const APP: &str =
    "CREATE SCHEMA ext; CREATE EXTENSION hstore; CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION pg_trgm;
    CREATE SCHEMA app; CREATE TABLE app.plain (id int PRIMARY KEY, name text); INSERT INTO app.plain VALUES (1, 'one');
    CREATE INDEX by_name ON app.plain USING gin (name gin_trgm_ops); CREATE INDEX by_text ON app.plain (name);
    CREATE TABLE app.tagged (id int, tags hstore DEFAULT ''); INSERT INTO app.tagged VALUES (1, 'a=>b');
    CREATE TABLE app.mail (address ext.citext); INSERT INTO app.mail VALUES ('A@b');
    CREATE VIEW app.tags AS SELECT tags -> 'a' AS a FROM app.tagged;
    CREATE FUNCTION app.first(hstore) RETURNS text LANGUAGE sql AS 'SELECT 1::text';
    CREATE FUNCTION app.second(int) RETURNS int LANGUAGE sql AS 'SELECT 1';";

/// What needs an extension that the target lacks is named, and everything else comes back.
#[test]
fn a_schema_whose_objects_need_extensions_comes_back_as_far_as_the_target_has_them() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("app");
        source.psql(APP);
        let (whole, part) = (Keeping::new(), Keeping::new());
        whole.ok(&["dump", "-d", &source.url()]);
        part.ok(&["dump", "-d", &source.url(), "-n", "app"]);
        for (keeping, more) in [(&whole, &["-n", "app"][..]), (&part, &[])] {
            let bare = server.database("app_bare");
            let url = bare.url();
            let command = [&["restore", "latest", "-d", &url][..], more].concat();
            let planned = keeping.run(&[&command[..], &["--plan"]].concat());
            let ran = keeping.run(&command);
            assert!(matches!(ran.code, Some(0 | 9)), "on {major}: {:?} {}{}", ran.code, ran.stdout, ran.stderr);
            for words in [
                "table app.tagged needs extension hstore",
                "table app.mail needs extension citext",
                "index app.plain.by_name needs extension pg_trgm",
                "function app.first",
                "view app.tags needs",
            ] {
                let (plan, said) = (planned.stdout.clone() + &planned.stderr, ran.stdout.clone() + &ran.stderr);
                assert!(plan.contains(words) && said.contains(words), "on {major}: {words} in {plan} and {said}");
            }
            assert!(planned.stdout.contains("CREATE EXTENSION \"hstore\""), "{}", planned.stdout);
            assert_eq!(bare.query_one("SELECT name FROM app.plain"), "one", "on {major}");
            assert_eq!(bare.query_one("SELECT app.second(2)"), "1", "on {major}");
            assert_eq!(bare.query_one("SELECT to_regclass('app.by_text') IS NOT NULL"), "t", "on {major}");

            let ready = server.database("app_ready");
            ready.psql("CREATE SCHEMA ext; CREATE EXTENSION hstore; CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION pg_trgm");
            let url = ready.url();
            let said = keeping.ok(&["restore", "latest", "-d", &url, "-n", "app"]);
            assert!(!said.contains("needs extension"), "on {major}: {said}");
            assert_same_schema(&source, &ready);
            assert_same_data(&source, &ready);
        }
    }
}

/// What names members of an extension by their schema would fail half-way, or mean something else.
#[test]
fn an_extension_in_another_schema_is_not_the_one_that_is_needed() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("placed");
        source.psql(APP);
        let (whole, part) = (Keeping::new(), Keeping::new());
        whole.ok(&["dump", "-d", &source.url()]);
        part.ok(&["dump", "-d", &source.url(), "-n", "app"]);
        let elsewhere = "CREATE SCHEMA other; CREATE EXTENSION hstore SCHEMA other; CREATE EXTENSION citext; CREATE EXTENSION pg_trgm";
        for keeping in [&whole, &part] {
            let target = server.database("placed_elsewhere");
            target.psql(elsewhere);
            let url = target.url();
            let command = ["restore", "latest", "-d", &url, "-n", "app"];
            let planned = keeping.run(&[&command[..], &["--plan"]].concat());
            let ran = keeping.run(&command);
            assert!(matches!(ran.code, Some(0 | 9)), "on {major}: {:?} {}{}", ran.code, ran.stdout, ran.stderr);
            let (plan, said) = (planned.stdout.clone() + &planned.stderr, ran.stdout.clone() + &ran.stderr);
            for words in [
                "app.tagged needs extension hstore in schema public",
                "app.mail needs extension citext in schema ext",
                "SET SCHEMA \"ext\"",
            ] {
                assert!(plan.contains(words) && said.contains(words), "on {major}: {words} in {plan} and {said}");
            }
            assert_eq!(
                target.query_one("SELECT to_regclass('app.tagged') IS NULL AND to_regclass('app.mail') IS NULL"),
                "t"
            );
            assert_eq!(target.query_one("SELECT to_regclass('app.by_name') IS NOT NULL"), "t", "on {major}: {said}");
        }
        // Where the extension is made, CREATE EXTENSION IF NOT EXISTS would pass it by.
        let target = server.database("placed_whole");
        target.psql("CREATE EXTENSION citext");
        let url = target.url();
        let ran = whole.run(&["restore", "latest", "-d", &url]);
        assert_eq!(ran.code, Some(8), "on {major}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("extension citext is in schema public"), "{}", ran.stderr);
        assert_eq!(target.query_one("SELECT to_regnamespace('app') IS NULL"), "t");
        target.psql("CREATE SCHEMA ext; ALTER EXTENSION citext SET SCHEMA ext; DROP EXTENSION citext; DROP SCHEMA ext");
        whole.ok(&["restore", "latest", "-d", &url]);
        assert_same_schema(&source, &target);
    }
}

/// Versions of extensions are the target's affair, and told.
#[test]
fn an_extension_of_another_version_is_told() {
    let server = Server::shared(18);
    let source = server.database("versioned");
    source.psql("CREATE EXTENSION hstore VERSION '1.4'; CREATE TABLE t (h hstore); INSERT INTO t VALUES ('a=>b')");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let target = server.database("versioned_back");
    let new = source.query_one("SELECT default_version FROM pg_available_extensions WHERE name = 'hstore'");
    let ran = keeping.run(&["restore", "latest", "-d", &target.url()]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(&format!("hstore {new} (was 1.4)")), "{}", ran.stderr);
    target.psql("DROP TABLE t; DROP EXTENSION hstore; CREATE EXTENSION hstore VERSION '1.4'");
    let ran = keeping.run(&["restore", "latest", "-d", &target.url(), "-t", "t"]);
    assert!(ran.code == Some(0) && !ran.stderr.contains("hstore"), "{}{}", ran.stdout, ran.stderr);
}

/// A table that was named goes the same way.
#[test]
fn a_table_that_needs_an_extension_is_left_out_and_named() {
    let server = Server::shared(18);
    let source = server.database("tagged");
    source.psql(APP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    let target = server.database("untagged");
    let url = target.url();
    let command = ["restore", "latest", "-d", &url, "-t", "app.tagged", "-t", "app.plain"];
    let ran = keeping.run(&command);
    assert!(matches!(ran.code, Some(0 | 9)), "{:?} {}{}", ran.code, ran.stdout, ran.stderr);
    assert!((ran.stdout + &ran.stderr).contains("table app.tagged needs extension hstore"));
    assert_eq!(target.query_one("SELECT count(*) FROM app.plain"), "1");
    // With the extension it comes.
    target.psql("DROP SCHEMA app CASCADE");
    keeping.ok(&["restore", "latest", "-d", &url, "-t", "app.tagged", "-e", "hstore"]);
    assert_eq!(target.query_one("SELECT tags -> 'a' FROM app.tagged"), "b");
}

#[test]
fn a_function_is_not_left_out_for_a_transform_that_it_does_not_use() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("transforms");
        source.psql(
            "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
             CREATE SCHEMA app; CREATE FUNCTION app.plus(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1';
             CREATE FUNCTION app.uses(int) RETURNS int TRANSFORM FOR TYPE int LANGUAGE sql AS 'SELECT $1 + 2';",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let target = server.database("no_transforms");
        let events = parse(&keeping.run(&["restore", "latest", "-d", &target.url(), "-n", "app", "--json"]).stdout);
        let left = &events.iter().find(|event| event["event"] == "summary").expect("a summary")["left_out"];
        assert_eq!(target.query_one("SELECT app.plus(1)"), "2", "on {major}");
        assert_eq!(left.as_array().map(Vec::len), Some(1), "on {major}: {left}");
    }
}

/// The default of the target is enough where nobody wants another access method.
#[test]
fn tables_do_without_their_access_method() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("methods");
        source.psql(&pgkeep::pg::sql::for_version(
            "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE SCHEMA app;
             CREATE TABLE app.t (a int) USING heap2; INSERT INTO app.t VALUES (1);
             CREATE MATERIALIZED VIEW app.m USING heap2 AS SELECT * FROM app.t;
             CREATE TABLE app.p (a int) PARTITION BY LIST (a);
             CREATE TABLE app.q (a int) PARTITION BY LIST (a) USING heap2; --@ 17+",
            major,
        ));
        let (whole, part) = (Keeping::new(), Keeping::new());
        whole.ok(&["dump", "-d", &source.url()]);
        part.ok(&["dump", "-d", &source.url(), "-n", "app", "--no-table-access-method"]);
        let with_method = "SELECT count(*) FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE amname = 'heap2'";
        for (keeping, more) in [(&whole, &["-n", "app", "--no-table-access-method"][..]), (&part, &[])] {
            let target = server.database("no_methods");
            keeping.ok(&[&["restore", "latest", "-d", &target.url()][..], more].concat());
            assert_eq!(target.query_one("SELECT count(*) FROM app.m"), "1", "on {major}");
            assert_eq!(target.query_one(with_method), "0", "on {major}");
            let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'app'::regnamespace";
            assert_eq!(target.query_one(tables), source.query_one(tables), "on {major}");
        }
        let there = server.database("has_method");
        there.psql("CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler");
        whole.ok(&["restore", "latest", "-d", &there.url(), "-n", "app"]);
        assert_same_schema(&source, &there);
    }
}
