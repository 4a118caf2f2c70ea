//! What a plan tells a role that is no superuser is what then fails, and nothing else.

use std::collections::BTreeSet;

use pgkeep::pg::sql::for_version;

use crate::cli_session::{Keeping, parse};
use crate::harness::{Server, versions};

/// One of each kind that not everybody may create, beside things that everybody may.
const EVERYTHING: &str = "
    CREATE SCHEMA app; CREATE TABLE app.t (a int PRIMARY KEY, b text); CREATE VIEW app.v AS SELECT * FROM app.t;
    CREATE TABLE public.closed (a int); CREATE DOMAIN app.d AS int; CREATE TYPE app.e AS ENUM ('a'); CREATE TYPE app.one AS (a int);
    CREATE FUNCTION app.plain() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PUBLICATION one_table FOR TABLE app.t;
    CREATE FUNCTION app.as_int(app.one) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST (app.one AS int) WITH FUNCTION app.as_int(app.one);
    CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int); CREATE OPERATOR app.### (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
    CREATE FUNCTION app.at_ease() RETURNS int LANGUAGE sql SET work_mem = '1MB' AS 'SELECT 1';

    CREATE PROCEDURE app.tight() LANGUAGE sql SET session_replication_role = 'replica' AS '';
    CREATE FUNCTION app.internal() RETURNS int LANGUAGE internal AS 'pg_backend_pid';
    CREATE FUNCTION app.proof() RETURNS int LEAKPROOF LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE app.gathered(anynonarray) (SFUNC = array_agg_transfn, STYPE = internal, FINALFUNC = array_agg_finalfn, FINALFUNC_EXTRA);
    CREATE FOREIGN DATA WRAPPER w; CREATE PUBLICATION all_tables FOR ALL TABLES; CREATE PUBLICATION of_schema;
    ALTER PUBLICATION of_schema ADD TABLES IN SCHEMA app; --@ 15+
    CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE LANGUAGE mine HANDLER plpgsql_call_handler;
    CREATE TEXT SEARCH TEMPLATE app.template (LEXIZE = dsimple_lexize);
    CREATE TEXT SEARCH PARSER app.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
    CREATE OPERATOR FAMILY app.family USING btree; CREATE OPERATOR CLASS app.class FOR TYPE app.e USING hash AS FUNCTION 1 hashenum(anyenum);
    CREATE CAST (int AS date) WITHOUT FUNCTION;
    CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
    CREATE SUBSCRIPTION far CONNECTION 'dbname=far password=x' PUBLICATION p WITH (connect = false);
    REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8) FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE rights_other GRANT SELECT ON TABLES TO PUBLIC;
    CREATE TYPE app.base; CREATE FUNCTION app.base_in(cstring) RETURNS app.base IMMUTABLE STRICT LANGUAGE internal AS 'boolin';
    CREATE FUNCTION app.base_out(app.base) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'boolout';
    CREATE TYPE app.base (INPUT = app.base_in, OUTPUT = app.base_out, LIKE = bool);
    CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION app.watch();";

#[test]
fn a_plan_tells_a_plain_role_everything_that_then_fails() {
    for major in versions() {
        let server = Server::fresh(major, &[("wal_level", "logical")]);
        let (source, target) = (server.database("rights_source"), server.database("rights_target"));
        source.psql("CREATE ROLE rights_plain LOGIN; CREATE ROLE rights_other");
        source.psql(&for_version(EVERYTHING, major));
        target.psql(&format!(
            "GRANT ALL ON DATABASE {} TO rights_plain; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            target.name()
        ));
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        let url = target.url_as("rights_plain");
        let summary = |more: &[&str]| {
            let ran = keeping.run(&[&["restore", "latest", "-d", &url, "-O", "--json"][..], more].concat());
            let summary = parse(&ran.stdout).into_iter().find(|event| event["event"] == "summary");
            summary.unwrap_or_else(|| panic!("on {major}: {}{}", ran.stdout, ran.stderr))
        };
        let plan = summary(&["--plan"]);
        let told: Vec<&str> =
            plan["findings"].as_array().unwrap().iter().map(|f| f["message"].as_str().unwrap()).collect();
        let restored = summary(&["--keep-going"]);
        let failures: Vec<(&str, &str)> = restored["failures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| (f["object"].as_str().unwrap(), f["error"].as_str().unwrap()))
            .collect();
        let kinds = |roots_only: bool| -> BTreeSet<String> {
            let wanted = failures.iter().filter(|(_, error)| !roots_only || !error.starts_with("not tried"));
            wanted.map(|(object, _)| kind(object)).collect()
        };
        // A kind is told once.
        let named: BTreeSet<String> = told
            .iter()
            .filter_map(|message| {
                let rest = ["may not create ", "cannot set "].iter().find_map(|words| message.split_once(words));
                rest.map(|(_, object)| kind(object.strip_prefix("in schema public, where ").unwrap_or(object)))
            })
            .collect();
        assert!(kinds(true).is_subset(&named), "on {major}:\ntold {told:#?}\nfailed {failures:#?}");
        assert!(named.is_subset(&kinds(false)), "on {major}:\ntold {told:#?}\nfailed {failures:#?}");
        // The server only warns.
        assert!(told.iter().any(|message| message.contains("privileges of function pg_catalog.pg_sleep")), "{told:#?}");
        assert_eq!(target.query_one("SELECT app.plain() + app.at_ease()"), "2", "on {major}");
        assert!(named.len() >= 18, "on {major}: {named:?}");
    }
}

#[test]
fn a_plan_names_settings_subscriptions_and_labels() {
    for major in versions() {
        let server = Server::shared(major);
        let source = server.database("rights_more");
        source.psql(&for_version(
            "CREATE ROLE rights_maker LOGIN CREATEDB;
             GRANT pg_create_subscription TO rights_maker;                          --@ 16+
             CREATE DOMAIN labelled AS int; SET allow_system_table_mods = on;
             INSERT INTO pg_seclabel SELECT oid, tableoid, 0, 'nobody', 'secret' FROM pg_type WHERE typname = 'labelled';
             CREATE SUBSCRIPTION far CONNECTION 'dbname=far password=x' PUBLICATION p WITH (connect = false, slot_name = NONE);
             CREATE SUBSCRIPTION bare CONNECTION 'dbname=far' PUBLICATION p WITH (connect = false, slot_name = NONE);
             ",
            major,
        ));
        let name = source.name();
        source.psql(&format!(
            "ALTER DATABASE {name} SET log_min_messages = 'error'; ALTER DATABASE {name} SET work_mem = '8MB';
             ALTER ROLE postgres IN DATABASE {name} SET work_mem = '9MB'; ALTER ROLE rights_maker IN DATABASE {name} SET work_mem = '9MB'"
        ));
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url()]);
        source.psql("DROP SUBSCRIPTION far; DROP SUBSCRIPTION bare");
        let copy = server.existing(&format!("{name}_copy"));
        let url = copy.url_as("rights_maker");
        let restore = ["restore", "latest", "-C", "-d", &url, "-O"];
        let plan = keeping.run(&[&restore[..], &["--plan"]].concat());
        let said = format!("{}{}", plan.stdout, plan.stderr);
        let setting =
            format!("may not make setting log_min_messages of database {}: it takes a superuser", copy.name());
        let of_role = format!("may not make settings of role postgres in database {}", copy.name());
        for expected in
            [setting.as_str(), &of_role, "security labels of domain public.labelled take", "subscription bare"]
        {
            assert!(said.contains(expected), "on {major}: {said}");
        }
        assert!(!said.contains("work_mem"), "on {major}: {said}");
        assert_eq!(said.contains("subscription bare and"), major < 16, "on {major}: {said}");
        // What was foretold is what fails.
        let ran = keeping.run(&[&restore[..], &["--keep-going", "--no-security-labels"]].concat());
        assert_ne!(ran.code, Some(0), "on {major}: {}", ran.stderr);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains("log_min_messages") && said.contains("subscription bare"), "on {major}: {said}");
        let drop = "ALTER SUBSCRIPTION far SET (slot_name = NONE); DROP SUBSCRIPTION far";
        assert_eq!(copy.try_psql(drop.as_bytes()).status.success(), major >= 16, "on {major}");
        server.existing("postgres").psql(&format!("DROP DATABASE {}", copy.name()));
    }
}

/// `text search parser` of `text search parser app.parser: it takes a superuser`: the words before the name.
fn kind(object: &str) -> String {
    let words =
        object.split(' ').take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()) && !NAMES.contains(word));
    words.collect::<Vec<_>>().join(" ")
}

/// Names without a schema.
const NAMES: [&str; 8] = ["app", "w", "mine", "far", "watch", "all_tables", "heap", "of_schema"];
