//! `restore --plan`: tells what would happen and changes nothing.

use crate::cli_session::{Keeping, parse};
use crate::harness::{Server, versions};

const SHOP: &str = "CREATE SCHEMA shop; CREATE ROLE \"pgkeep plan\";
    CREATE TABLE shop.big (id int PRIMARY KEY, t text); INSERT INTO shop.big SELECT n, repeat('x', 50) FROM generate_series(1, 2000) n;
    CREATE TABLE shop.small (id int PRIMARY KEY REFERENCES shop.big); INSERT INTO shop.small VALUES (1), (2);
    ALTER TABLE shop.small OWNER TO \"pgkeep plan\";";

#[test]
fn a_plan_lists_what_would_be_done_and_changes_nothing() {
    let server = Server::fresh(18, &[]);
    let source = server.database("plan_source");
    source.psql(SHOP);
    let target = server.database("plan_target");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);

    let said = keeping.ok(&["restore", "latest", "-d", &target.url(), "--plan"]);
    let place = |what: &str| said.find(what).unwrap_or_else(|| panic!("{what} in {said}"));
    assert!(said.contains("2,002 rows in 2 tables"), "{said}");
    assert!(place("schema shop") < place("table shop.big"), "{said}");
    assert!(place("rows loaded:") < place("created after the rows:"), "{said}");
    assert!(place("constraint shop.big.big_pkey") < place("foreign key shop.small"), "{said}");
    assert_eq!(target.query_one("SELECT count(*) FROM pg_namespace WHERE nspname IN ('shop', 'pgkeep_restore')"), "0");

    let events = keeping.events(&["restore", "latest", "-d", &target.url(), "--plan"]);
    let plan = events.last().unwrap();
    assert_eq!((&plan["possible"], &plan["rows"]), (&true.into(), &2002.into()), "{plan}");
    assert_eq!(plan["tables"][0]["table"], "shop.big");
}

#[test]
fn a_plan_tells_everything_that_stands_in_the_way() {
    let server = Server::fresh(18, &[]);
    let source = server.database("plan_source");
    source.psql(SHOP);
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url()]);
    source.psql("DROP TABLE shop.small; DROP ROLE \"pgkeep plan\"");

    let ran = keeping.run(&["restore", "latest", "-d", &source.url(), "--plan"]);
    assert_eq!(ran.code, Some(8), "{}{}", ran.stdout, ran.stderr);
    for part in ["in the way: database plan_source", "is not empty", "role pgkeep plan does not exist", "CREATE ROLE"] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    let ran = keeping.run(&["restore", "latest", "-d", &source.url(), "--plan", "--json"]);
    let events = parse(&ran.stdout);
    let plan = events.iter().find(|event| event["event"] == "summary").unwrap();
    assert_eq!(plan["possible"], false);
    assert_eq!(plan["findings"].as_array().unwrap().iter().filter(|f| f["fatal"] == true).count(), 2, "{plan}");
}

/// Whatever a role that is no superuser will stumble over, all at once.
#[test]
fn a_plan_knows_what_the_role_may_not_do_and_the_target_lacks() {
    for major in versions() {
        let server = Server::fresh(major, &[]);
        let (source, target) = (server.database("plan_able"), server.database("plan_unable"));
        let folder = server.folder().join("data/space").to_string_lossy().into_owned();
        source.psql(&format!("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; mkdir \"{folder}\"'"));
        source.psql(&format!("CREATE TABLESPACE cellar LOCATION '{folder}'"));
        source.psql(
            "CREATE ROLE owner; CREATE ROLE plain LOGIN CONNECTION LIMIT 2; CREATE EXTENSION xml2;
             CREATE COLLATION pg_catalog.\"no such place\" (locale = 'C');
             CREATE TABLE t (a text COLLATE \"no such place\", b text COLLATE \"C\"); ALTER TABLE t OWNER TO owner;
             CREATE TABLE u (a int) TABLESPACE cellar; CREATE TABLE w (a int); CREATE TABLE x (a text)",
        );
        let keeping = Keeping::new();
        keeping.ok(&["dump", "-d", &source.url(), "--exclude-table-data", "x"]);
        // As if the target's machine lacked the locale.
        target.psql(&format!("GRANT ALL ON DATABASE {} TO plain; CREATE TABLE w ()", target.name()));
        let restore =
            ["restore", "latest", "-d", &target.url_as("plain"), "-t", "*", "-e", "xml2", "--no-comments", "--plan"];
        let ran = keeping.run(&restore);
        assert_eq!(ran.code, Some(8), "{}{}", ran.stdout, ran.stderr);
        for words in [
            "may not create extension xml2: it takes a superuser",
            "role plain is no member of role owner and cannot give it table public.t;",
            "GRANT \"owner\" TO \"plain\", or leave owners out with -O",
            "role plain may not create in tablespace cellar",
            "collation no such place, of table public.t, does not exist on the target",
            "table public.w exists",
            "2 connections free, 5 needed",
            "5 connections are needed, and the target has 2 that are free; give a smaller --jobs",
            "as role plain, from PostgreSQL",
            "time: roughly",
            "there already:\n  table public.w",
            "comments: an option says so",
        ] {
            assert!(ran.stdout.contains(words), "on {major}: no {words:?} in {}", ran.stdout);
        }
        let ran = keeping.run(&[&restore[..], &["--json"]].concat());
        let plan = parse(&ran.stdout).into_iter().find(|event| event["event"] == "summary").expect("a plan");
        assert_eq!(plan["exists"], serde_json::json!(["table public.w"]), "{plan}");
        assert_eq!(plan["without"], serde_json::json!(["comments"]), "{plan}");
        assert_eq!(plan["server"]["connections_needed"], 5, "{plan}");
        let number = |name: &str| plan["estimate"][name].as_f64().expect("a number");
        assert!(0.0 < number("seconds_least") && number("seconds_least") < number("seconds"), "{plan}");
        assert!(number("seconds") < number("seconds_most") && number("seconds_most") < 600.0, "{plan}");
        assert!(plan["estimate"]["assumes"].as_str().is_some_and(|text| text.contains("MiB of rows a second")));
    }
}

/// What a dump had to leave out is part of the plan of every restore.
#[test]
fn a_plan_lists_what_the_snapshot_lacks() {
    let server = Server::fresh(18, &[]);
    let (source, target) = (server.database("plan_lack"), server.database("plan_lacks"));
    source.psql("CREATE ROLE teller LOGIN; CREATE TABLE secret (a int); CREATE TABLE known (a int); GRANT SELECT ON known TO teller");
    let keeping = Keeping::new();
    keeping.ok(&["dump", "-d", &source.url_as("teller"), "--skip-unreadable"]);
    let restore = ["restore", "latest", "-d", &target.url(), "--plan"];
    let said = keeping.ok(&restore);
    assert!(said.contains("missing in the snapshot:\n  public.secret: the role has no SELECT privilege"), "{said}");
    let plan = keeping.events(&restore).pop().expect("a plan");
    assert_eq!(plan["missing"].as_array().map(Vec::len), Some(1), "{plan}");
}
